// What lies in an artifact and is not vouched for by its signature, and what in it can run code.
//
// Specification. Every entry below the artifact is either named by the signature or a gap, with one
// reason: "always-ignored" (.git and the like at the top, which the format never covers),
// "ignored-by-signer" (within an entry of ignore_paths), "empty-under-shards" (a file without a byte
// has no shard), "signature" (the signature file itself), "symbolic-link" and "special-file" (never
// part of an artifact), "unsigned" (what makes a verification fail). Modes, owners, times and empty
// directories are never signed.
// Code is found by the first bytes of a file, not by its name, except for source text, which has no
// mark: pickles (80 02…05), ZIP archives with a pickle in their first 4 KiB (torch), HDF5 (Keras can
// keep functions in it), ELF, scripts (#!), and names that end in .py.

/// The gaps of a signature over an artifact.
package struct ArtifactCoverage: Sendable, Hashable {
    /// Why something is not covered.
    package enum Reason: String, Sendable, Hashable {
        case alwaysIgnored = "always-ignored"
        case ignoredBySigner = "ignored-by-signer"
        case emptyUnderShards = "empty-under-shards"
        case signature = "signature"
        case symbolicLink = "symbolic-link"
        case specialFile = "special-file"
        case unsigned = "unsigned"
    }

    /// Something that is there and not covered.
    package struct Gap: Sendable, Hashable {
        package let path: String
        package let reason: Reason

        package init(path: String, reason: Reason) {
            self.path = path
            self.reason = reason
        }
    }

    /// What sort of code a file can hold.
    package enum CodeKind: String, Sendable, Hashable {
        case pickle = "pickle"
        case archivedPickle = "archived-pickle"
        case hdf5 = "hdf5"
        case program = "program"
        case script = "script"
        case python = "python"
    }

    /// A file that can run code, covered or not.
    package struct Code: Sendable, Hashable {
        package let path: String
        package let kind: CodeKind

        package init(path: String, kind: CodeKind) {
            self.path = path
            self.kind = kind
        }
    }

    /// What is not covered, by path.
    package var gaps: [Gap]
    /// What can run code, by path.
    package var code: [Code]

    package init(gaps: [Gap] = [], code: [Code] = []) {
        self.gaps = gaps
        self.code = code
    }

    /// How many first bytes of a file `code(in:name:)` wants.
    package static let sniffedBytes = 4096

    /// What a file's first bytes and name say about code in it.
    package static func code(in first: [UInt8], name: String) -> CodeKind? {
        if first.count > 1, first[0] == 0x80, (2...5).contains(first[1]) { return .pickle }
        if first.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
            return contains(first, Array(".pkl".utf8)) ? .archivedPickle : nil
        }
        if first.starts(with: [0x89, 0x48, 0x44, 0x46]) { return .hdf5 }
        if first.starts(with: [0x7F, 0x45, 0x4C, 0x46]) { return .program }
        if first.starts(with: "#!".utf8) { return .script }
        return name.hasSuffix(".py") ? .python : nil
    }

    private static func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
        bytes.indices.contains { bytes[$0...].starts(with: part) }
    }

    /// Why a file that is no signature is not covered; nil when the bundle names it.
    package static func reasons(
        bundle bytes: [UInt8], files: [(path: String, size: Int64)], isSingleFile: Bool,
        limits: AttestationLimits = .default
    ) throws(AttestationError) -> [Gap] {
        let payload = try SigstoreBundle(parsing: bytes, limits: limits).envelope.payload
        let statement = try Statement(parsing: payload, limits: limits, openSubjects: true)
        let manifest = try ModelSignature.manifest(of: statement, limits: limits)
        guard !isSingleFile else { return [] }
        var named: Set<ResourcePath> = []
        for resource in manifest.resources {
            switch resource.extent {
            case .file(let path): named.insert(ResourcePath(path))
            case .shard(let shard): named.insert(ResourcePath(shard.path))
            }
        }
        return files.compactMap { file in
            guard !named.contains(ResourcePath(file.path)) else { return nil }
            let reason: Reason =
                if ModelSignature.ignores(file.path, ignored: []) {
                    .alwaysIgnored
                } else if ModelSignature.ignores(file.path, ignored: manifest.ignoredPaths) {
                    .ignoredBySigner
                } else if manifest.shardSize != nil, file.size == 0 {
                    .emptyUnderShards
                } else {
                    .unsigned
                }
            return Gap(path: file.path, reason: reason)
        }
    }
}

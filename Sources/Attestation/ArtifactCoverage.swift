// What lies in an artifact and is not vouched for by its signature.
//
// Specification. Every entry below the artifact is either named by the signature or a gap, with one
// reason: "always-ignored" (.git and the like at the top, which the format never covers),
// "ignored-by-signer" (within an entry of ignore_paths), "empty-under-shards" (a file without a byte
// has no shard), "signature" (the signature file itself), "symbolic-link" and "special-file" (never
// part of an artifact), "unsigned" (what makes a verification fail). Modes, owners, times and empty
// directories are never signed.

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

    /// What is not covered, by path.
    package var gaps: [Gap]

    package init(gaps: [Gap] = []) {
        self.gaps = gaps
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

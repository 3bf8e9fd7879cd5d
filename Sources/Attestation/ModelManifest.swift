// What a model signature says it covers, read strictly from its predicate.
//
// Specification: predicate of OpenSSF Model Signing v1.0; see ModelSignature.swift. When reading:
// - any order of resources, but no name twice; names are checked by ResourcePath before anything
//   touches a disk. "." alone stands for a model that is one file.
// - method "shards": a resource is "path:start:end" (the last two colons count; end exclusive), the
//   shards of a file begin at 0, are contiguous and shard_size long but for the last. Files without
//   a byte have no shard, so nothing shows that one came or went: they are reported as uncovered.
//   The Python signer writes "shard_size": 100000.0 and "algorithm":"sha256-sharded-100000".
// - hash_type is sha256 or blake2b (512 bits); another one (blake3) is named and refused.
// - ignore_paths entries that are unsafe ("../x") have no effect; "." would ignore everything and
//   is refused.

package import CanonicalJSON
import Cryptography

/// A range of bytes of one file.
package struct FileShard: Sendable, Hashable {
    /// The file.
    package let path: String
    /// First byte.
    package let start: Int64
    /// One past the last byte.
    package let end: Int64

    package init(path: String, start: Int64, end: Int64) {
        self.path = path
        self.start = start
        self.end = end
    }

    /// All of a file, however long it is.
    package static func whole(_ path: String) -> FileShard {
        FileShard(path: path, start: 0, end: .max)
    }

    /// Whether this is all of a file.
    package var isWhole: Bool { end == .max }

    /// Byte for byte in the name too.
    package static func == (left: Self, right: Self) -> Bool {
        left.start == right.start && left.end == right.end
            && ResourcePath(left.path) == ResourcePath(right.path)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(ResourcePath(path))
        hasher.combine(start)
    }
}

/// A digest algorithm by its name in the format.
package enum ResourceDigest: String, Sendable, Hashable, CaseIterable {
    case sha256
    /// With 512 bits.
    case blake2b

    /// The length of a digest in bytes.
    package var count: Int { self == .sha256 ? 32 : 64 }
}

/// Digests that a verifier must supply, because no scan has them.
package struct DigestsNeeded: Sendable, Hashable {
    package let algorithm: ResourceDigest
    package let parts: [FileShard]

    package init(algorithm: ResourceDigest, parts: [FileShard]) {
        self.algorithm = algorithm
        self.parts = parts
    }
}

/// The predicate of a model signature.
package struct ModelManifest: Sendable, Hashable {
    /// What one resource names.
    package enum Extent: Sendable, Hashable {
        case file(path: String)
        case shard(FileShard)
    }

    /// One resource.
    package struct Resource: Sendable, Hashable {
        /// What it names.
        package let extent: Extent
        /// The digest of those bytes.
        package let digest: [UInt8]

        /// The same as a part of a file.
        package var part: FileShard {
            switch extent {
            case .file(let path): .whole(path)
            case .shard(let shard): shard
            }
        }
    }

    /// In the order of the statement.
    package let resources: [Resource]
    /// Bytes a shard, when the method is "shards".
    package let shardSize: Int64?
    /// What the signer left out.
    package let ignoredPaths: [String]
    /// Whether it speaks of one file by the name ".".
    package let isSingleFile: Bool
    /// The algorithm of all digests.
    package let algorithm: ResourceDigest

    /// The digests that a verifier must supply; nil when SHA-256 of whole files is enough.
    package var needed: DigestsNeeded? {
        guard shardSize != nil || algorithm != .sha256 else { return nil }
        return DigestsNeeded(algorithm: algorithm, parts: resources.map(\.part))
    }

    init(resources: [Resource], isSingleFile: Bool) {
        self.resources = resources
        self.isSingleFile = isSingleFile
        shardSize = nil
        ignoredPaths = []
        algorithm = .sha256
    }

    /// Reads the predicate; throws every fault found.
    package init(
        predicate: JSON, limits: AttestationLimits = .default
    ) throws(AttestationError) {
        let reader = try MemberReader(
            predicate, "predicate", allowing: ["resources", "serialization"])
        let serialization = try reader.object(
            "serialization",
            allowing: ["method", "hash_type", "allow_symlinks", "shard_size", "ignore_paths"])
        shardSize = try Self.shardSize(serialization)
        let hashType = try serialization.string("hash_type")
        guard let algorithm = ResourceDigest(rawValue: hashType) else {
            throw AttestationError(
                .unsupportedSerialization, "Digests of type '\(hashType.prefix(32))'.")
        }
        self.algorithm = algorithm
        _ = try serialization.bool("allow_symlinks")
        ignoredPaths =
            try serialization.isNullOrAbsent("ignore_paths")
            ? [] : serialization.strings("ignore_paths", atMost: limits.files)
        let elements = try reader.array("resources", atMost: limits.files)
        isSingleFile = Self.isSingleFile(elements, isSharded: shardSize != nil)

        var parser = ResourceParser(
            shardSize: shardSize, isSingleFile: isSingleFile, digest: algorithm, limits: limits)
        for element in elements { try parser.read(element) }
        if ignoredPaths.contains(".") {
            parser.findings.append(
                AttestationFinding(.pathUnsafe, path: ".", "The signature ignores everything."))
        }
        resources = try parser.finish()
    }

    /// Whether all names are ".", with offsets behind when there are shards.
    private static func isSingleFile(_ elements: [JSON], isSharded: Bool) -> Bool {
        guard isSharded else { return elements.count == 1 && elements[0]["name"] == "." }
        return !elements.isEmpty
            && elements.allSatisfy { $0["name"]?.string?.utf8.starts(with: ".:".utf8) ?? false }
    }

    private static func shardSize(_ reader: MemberReader) throws(AttestationError) -> Int64? {
        switch try reader.string("method") {
        case "files":
            guard reader.isNullOrAbsent("shard_size") else {
                throw AttestationError(.malformed, "A shard_size without shards.")
            }
            return nil
        case "shards":
            guard let size = try reader.value("shard_size").double.flatMap(Int64.init(exactly:)),
                size > 0
            else {
                throw AttestationError(.malformed, "The shard_size is no positive integer.")
            }
            return size
        default:
            throw AttestationError(
                .unsupportedSerialization, "The method is neither files nor shards.")
        }
    }
}

/// Collects resources and what is wrong with them.
private struct ResourceParser {
    let shardSize: Int64?
    let isSingleFile: Bool
    let digest: ResourceDigest
    let limits: AttestationLimits
    var findings: [AttestationFinding] = []
    private var resources: [ModelManifest.Resource] = []
    private var files: Set<ResourcePath> = []
    private var shards: [ResourcePath: [FileShard]] = [:]

    init(
        shardSize: Int64?, isSingleFile: Bool, digest: ResourceDigest, limits: AttestationLimits
    ) {
        self.digest = digest
        self.shardSize = shardSize
        self.isSingleFile = isSingleFile
        self.limits = limits
    }

    mutating func read(_ element: JSON) throws(AttestationError) {
        let reader = try MemberReader(element, "resource")
        let name = try reader.string("name")
        let algorithm = try reader.string("algorithm")
        let sharded = shardSize.map { "\(self.digest.rawValue)-sharded-\($0)" }
        guard algorithm == self.digest.rawValue || algorithm == sharded else {
            throw AttestationError(
                .unsupportedSerialization, path: name, "The digest is of another algorithm.")
        }
        // Upper case is tolerated, as the Python verifier does; the schema wants lower case.
        guard let digest = Hex.decode(try reader.string("digest").lowercased()),
            digest.count == self.digest.count
        else {
            throw AttestationError(
                .malformed, path: name,
                "The digest is not \(2 * self.digest.count) hexadecimal digits.")
        }
        guard let extent = extent(of: name) else { return }
        resources.append(ModelManifest.Resource(extent: extent, digest: digest))
    }

    private mutating func extent(of name: String) -> ModelManifest.Extent? {
        guard shardSize != nil else {
            guard isSafe(name) else { return nil }
            if !files.insert(ResourcePath(name)).inserted {
                findings.append(
                    AttestationFinding(
                        .duplicateResource, path: name, "The signature names the file twice."))
            }
            return .file(path: name)
        }
        let parts = name.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count >= 3, let start = natural(parts[parts.count - 2]),
            let end = natural(parts[parts.count - 1]), start < end
        else {
            findings.append(
                AttestationFinding(.malformed, path: name, "The shard is not path:start:end."))
            return nil
        }
        let length = parts.suffix(2).reduce(2) { $0 + $1.count }
        let path = String(decoding: name.utf8.dropLast(length), as: UTF8.self)
        guard isSafe(path) else { return nil }
        let shard = FileShard(path: path, start: start, end: end)
        shards[ResourcePath(path), default: []].append(shard)
        return .shard(shard)
    }

    private func natural(_ digits: Substring.UTF8View) -> Int64? {
        guard let text = String(digits), let number = Int64(text), String(number) == text else {
            return nil
        }
        return number >= 0 ? number : nil
    }

    private mutating func isSafe(_ path: String) -> Bool {
        if isSingleFile, path == "." { return true }
        guard let fault = ResourcePath(path).fault(limits: limits) else { return true }
        findings.append(AttestationFinding(.pathUnsafe, path: path, fault))
        return false
    }

    /// The shards of a file begin at 0, are contiguous, and shard_size long but for the last.
    private mutating func checkCoverage() {
        guard let shardSize else { return }
        for (path, ranges) in shards.sorted(by: { $0.key < $1.key }) {
            let sorted = ranges.sorted { $0.start < $1.start }
            var expected: Int64 = 0
            for (index, shard) in sorted.enumerated() {
                let isLast = index == sorted.count - 1
                let length = shard.end - shard.start
                guard shard.start == expected, length <= shardSize, isLast || length == shardSize
                else {
                    findings.append(
                        AttestationFinding(
                            .shardCoverage, path: path.text,
                            "The shards leave a gap, overlap, or have a wrong length."))
                    break
                }
                expected = shard.end
            }
        }
    }

    mutating func finish() throws(AttestationError) -> [ModelManifest.Resource] {
        checkCoverage()
        if resources.isEmpty, findings.isEmpty {
            findings.append(AttestationFinding(.emptyModel, "The signature covers no file."))
        }
        guard findings.isEmpty else { throw AttestationError(findings) }
        return resources
    }
}

// Signatures over models in the OpenSSF Model Signing format 1.0: making them.
//
// Specification: OpenSSF Model Signing v1.0 (github.com/ossf/model-signing-spec). A sigstore bundle
// around a DSSE envelope around an in-toto Statement v1 with exactly one subject:
//   {"_type":"https://in-toto.io/Statement/v1",
//    "subject":[{"name":<name of the model>,"digest":{"sha256":<root digest>}}],
//    "predicateType":"https://model_signing/signature/v1.0",
//    "predicate":{"resources":[{"name":…,"algorithm":"sha256","digest":…}, …],
//                 "serialization":{"method":"files","hash_type":"sha256","allow_symlinks":false,
//                                  "ignore_paths":[…]}}}
// - resources: one for each file, by the code points of its name. The spec says so, the Go verifier
//   demands it; the Python one accepts any order (and itself writes path components in order).
// - root digest: SHA-256 over the raw resource digests, one after the other. It contains no names,
//   so it is no identity: two models may share it. The artifact digest (ArtifactManifest) is one.
// - ignore_paths: what the signature does not cover, each entry with everything below it. Always
//   .git, .gitattributes, .github, .gitignore at the top. The signature file is never covered.
// - A model that is one file has one resource named ".": the spec wants the file's name, but every
//   Python release writes and demands ".". We write ".", and read both.
// - The envelope's keyid is empty; the bundle's hint is the SHA-256 of the key's PEM text.
//
// Example: a-b/y = "y\n", a/x = "x\n", config.json = {"arch":"tiny"}, empty.txt = "", 模型.bin = "1"
// have in this order the root digest
// 02aa579ebdaed047088fe53d39886b32c3e80ed4fa43c7fe0923510ede51af5d.

import CanonicalJSON
package import Cryptography

/// OpenSSF Model Signing: `statement` and `sign` make, `verify` checks (ModelSignature+Verify.swift).
package enum ModelSignature {
    /// The predicate type of version 1.0.
    package static let predicateType = "https://model_signing/signature/v1.0"

    /// What no model signature covers, at the top of the model.
    package static let alwaysIgnored = [".git", ".gitattributes", ".github", ".gitignore"]

    /// Whether `path` is one of `ignored`, or below one, or below what is never covered.
    package static func ignores(_ path: String, ignored: [String]) -> Bool {
        let path = ResourcePath(path)
        return (alwaysIgnored + ignored).contains { path.isWithin(ResourcePath($0)) }
    }

    /// SHA-256 over the raw digests in their order.
    package static func rootDigest(_ digests: [SHA256Digest]) -> SHA256Digest {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digests.count * 32)
        for digest in digests { bytes.append(contentsOf: digest.bytes) }
        return SHA256.hash(bytes)
    }

    /// The statement that names every file but the ignored ones.
    ///
    /// `files`: every file of the model except signature files. `ignoredPaths`: what the signer
    /// leaves out, relative to the model, beside what is always left out. Throws when nothing would
    /// be covered, or when a path is unsafe or repeated.
    package static func statement(
        name: String,
        files: [FileRecord],
        isSingleFile: Bool = false,
        ignoredPaths: [String] = [],
        serialization: Serialization = .files,
        limits: AttestationLimits = .default
    ) throws(AttestationError) -> Statement {
        guard !name.isEmpty else {
            throw AttestationError(.malformed, "The model has no name.")
        }
        for path in ignoredPaths {
            if let fault = ResourcePath(path).fault(limits: limits) {
                throw AttestationError(.pathUnsafe, path: path, "Cannot be ignored: \(fault)")
            }
        }
        let all = try ArtifactManifest(files: files, limits: limits).files
        let covered = isSingleFile ? all : all.filter { !ignores($0.path, ignored: ignoredPaths) }
        guard !covered.isEmpty, !isSingleFile || covered.count == 1 else {
            throw AttestationError(
                .emptyModel, "The signature would cover \(covered.count) files.")
        }
        let ignored = Set((alwaysIgnored + ignoredPaths).map(ResourcePath.init)).sorted()
        let resources = try serialization.resources(covered, isSingleFile: isSingleFile)
        var method: [String: JSON] = [
            "method": serialization.shardSize == nil ? "files" : "shards",
            "hash_type": .string(serialization.algorithm.rawValue),
            "allow_symlinks": false,
            "ignore_paths": .array(ignored.map { .string($0.text) }),
        ]
        if let size = serialization.shardSize { method["shard_size"] = .integer(size) }
        return Statement(
            subjects: [.init(name: name, sha256: SHA256.hash(resources.flatMap(\.digest)))],
            predicateType: predicateType,
            predicate: [
                "resources": .array(
                    resources.map { resource in
                        [
                            "name": .string(resource.name),
                            "algorithm": .string(serialization.algorithm.rawValue),
                            "digest": .string(Hex.encode(resource.digest)),
                        ]
                    }),
                "serialization": .object(method),
            ])
    }

    /// How a model is cut into pieces with digests.
    package struct Serialization: Sendable {
        /// Bytes a shard; nil takes whole files.
        package let shardSize: Int64?
        /// The digest.
        package let algorithm: ResourceDigest
        private let digests: [FileShard: [UInt8]]

        /// Whole files by SHA-256, which a scan has.
        package static let files = Serialization(
            shardSize: nil, algorithm: .sha256, digests: [:])

        /// `digests`: one for each of `parts(of:isSingleFile:shardSize:)`.
        package init(
            shardSize: Int64?, algorithm: ResourceDigest, digests: [FileShard: [UInt8]]
        ) {
            self.shardSize = shardSize
            self.algorithm = algorithm
            self.digests = digests
        }

        /// The pieces of a file; none of an empty file when there are shards.
        package static func parts(
            of file: FileRecord, isSingleFile: Bool, shardSize: Int64?
        ) -> [FileShard] {
            let path = isSingleFile ? "." : file.path
            guard let shardSize else { return [.whole(path)] }
            return stride(from: 0, to: file.size, by: Int64.Stride(shardSize)).map { start in
                FileShard(path: path, start: start, end: min(file.size, start + shardSize))
            }
        }

        /// Names and digests in the order of the names' bytes.
        fileprivate func resources(
            _ files: [FileRecord], isSingleFile: Bool
        ) throws(AttestationError) -> [(name: String, digest: [UInt8])] {
            var resources: [(name: String, digest: [UInt8])] = []
            for file in files {
                let parts = Self.parts(
                    of: file, isSingleFile: isSingleFile, shardSize: shardSize)
                for part in parts {
                    let known = shardSize == nil && algorithm == .sha256
                    guard let digest = known ? file.sha256.bytes : digests[part] else {
                        throw AttestationError(
                            .shardsNeedDigests, path: file.path, "It has not been hashed.")
                    }
                    let range = part.isWhole ? "" : ":\(part.start):\(part.end)"
                    resources.append((part.path + range, digest))
                }
            }
            guard !resources.isEmpty else {
                throw AttestationError(.emptyModel, "The signature would cover no byte.")
            }
            return resources.sorted { ResourcePath($0.name) < ResourcePath($1.name) }
        }
    }

    /// Signs the statement; the answer is the bytes of the signature file.
    ///
    /// The format requires verifiers to know ECDSA P-256, P-384 and P-521 only: with another key the
    /// bundle verifies here, but `model-signing` refuses it.
    package static func sign(
        _ statement: Statement, with key: PrivateKey
    ) throws(CryptographyError) -> [UInt8] {
        try sign(
            statement, with: key,
            material: .publicKey(hint: SigstoreBundle.hint(for: key.publicKey), rawBytes: nil))
    }

    /// Signs by certificate: the leaf that certifies the key, then its issuers but for the root.
    ///
    /// Throws `badInput` when the leaf certifies another key.
    package static func sign(
        _ statement: Statement, with key: PrivateKey, certificates: [Certificate]
    ) throws(CryptographyError) -> [UInt8] {
        guard let leaf = certificates.first, leaf.publicKey == key.publicKey else {
            throw CryptographyError(.badInput, "The certificate is of another key.")
        }
        return try sign(
            statement, with: key, material: .certificateChain(certificates.map(\.der)))
    }

    private static func sign(
        _ statement: Statement, with key: PrivateKey, material: SigstoreBundle.Material
    ) throws(CryptographyError) -> [UInt8] {
        let payload = statement.payload
        let message = Envelope.preAuthenticationEncoding(
            type: Statement.payloadType, body: payload)
        let signature = Envelope.Signature(keyID: "", bytes: try key.sign(message))
        let envelope = Envelope(
            payloadType: Statement.payloadType, payload: payload, signatures: [signature])
        return SigstoreBundle(envelope: envelope, material: material).bytes
    }
}

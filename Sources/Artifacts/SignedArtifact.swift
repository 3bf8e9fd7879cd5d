// Signing a model on disk and verifying one, in one call each.

package import Attestation
package import Cryptography

extension ArtifactScan {
    /// Signs every file but the ignored ones in the OpenSSF Model Signing format.
    ///
    /// `ignoredPaths` are relative to the artifact. The answer is the contents of the signature
    /// file. Throws `AttestationError` or `CryptographyError`.
    /// With certificates (leaf first, without the root) the method is "certificate", otherwise "key".
    package func sign(
        with key: PrivateKey, certificates: [Certificate] = [], ignoredPaths: [String] = [],
        shardSize: Int64? = nil, digest: ResourceDigest = .sha256,
        limits: ArtifactLimits = .default
    ) throws -> [UInt8] {
        var serialization = ModelSignature.Serialization.files
        if shardSize != nil || digest != .sha256 {
            let parts = manifest.files.flatMap {
                ModelSignature.Serialization.parts(
                    of: $0, isSingleFile: isSingleFile, shardSize: shardSize)
            }
            serialization = .init(
                shardSize: shardSize, algorithm: digest,
                digests: try digests(DigestsNeeded(algorithm: digest, parts: parts), limits))
        }
        let statement = try ModelSignature.statement(
            name: name, files: manifest.files, isSingleFile: isSingleFile,
            ignoredPaths: ignoredPaths + signatureFiles, serialization: serialization)
        guard certificates.isEmpty else {
            return try ModelSignature.sign(statement, with: key, certificates: certificates)
        }
        return try ModelSignature.sign(statement, with: key)
    }

    /// Checks a signature file's contents with the trusted key against these files.
    package func verify(
        bundle: [UInt8], key: PublicKey, limits: ArtifactLimits = .default
    ) throws(ArtifactError) -> ModelSignatureVerdict {
        try verify(bundle: bundle, trust: .key(key), limits: limits)
    }

    /// Checks a signature file's contents, by whom the caller trusts, against these files.
    ///
    /// `uncovered` in the answer names what is there and not vouched for. Throws only when files
    /// cannot be read (for signatures by shards, which need a second reading).
    package func verify(
        bundle: [UInt8], trust: SignerTrust, ignoredPaths: [String] = [],
        allowsUnsigned: Bool = false, limits: ArtifactLimits = .default
    ) throws(ArtifactError) -> ModelSignatureVerdict {
        var supplied: [FileShard: [UInt8]]?
        if let needed = ModelSignature.digestsNeeded(by: bundle) {
            supplied = try digests(needed, limits)
        }
        var model = ObservedModel(
            files: manifest.files, isSingleFile: isSingleFile, digests: supplied)
        model.ignoredPaths = ignoredPaths
        model.allowsUnsigned = allowsUnsigned
        return ModelSignature.verify(bundle: bundle, trust: trust, model: model)
    }

    /// Reads the files a second time; what changed since the first is an error.
    private func digests(
        _ needed: DigestsNeeded, _ limits: ArtifactLimits
    ) throws(ArtifactError) -> [FileShard: [UInt8]] {
        let digests = try hash(needed, limits: limits)
        // The second reading must have seen the same files as the first.
        let again = try Self.scan(
            path, signatureFiles: signatureFiles.map { "\(path)/\($0)" }, limits: limits)
        guard again.digest == digest else {
            throw ArtifactError(.changedWhileReading, path: path, "It changed while it was read.")
        }
        return digests
    }
}

// Signing a model on disk.

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

    /// Reads the files a second time, which must be those of the scan, before and after.
    private func digests(
        _ needed: DigestsNeeded, _ limits: ArtifactLimits
    ) throws(ArtifactError) -> [FileShard: [UInt8]] {
        let root = try ArtifactRoot.open(path)
        let digests = try listing.hash(needed, in: root, limits: limits)
        try listing.checkUnchanged(root, limits: limits)
        return digests
    }
}

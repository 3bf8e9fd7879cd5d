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
        with key: PrivateKey, certificates: [Certificate] = [], ignoredPaths: [String] = []
    ) throws -> [UInt8] {
        let statement = try ModelSignature.statement(
            name: name, files: manifest.files, isSingleFile: isSingleFile,
            ignoredPaths: ignoredPaths + signatureFiles)
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
        bundle: [UInt8], trust: SignerTrust, limits: ArtifactLimits = .default
    ) throws(ArtifactError) -> ModelSignatureVerdict {
        let wanted = ModelSignature.shards(of: bundle)
        guard !wanted.isEmpty else {
            return ModelSignature.verify(bundle: bundle, trust: trust, model: observed)
        }
        let digests = try hash(shards: wanted, limits: limits)
        // The second reading must have seen the same files as the first.
        let again = try Self.scan(
            path, signatureFiles: signatureFiles.map { "\(path)/\($0)" }, limits: limits)
        guard again.digest == digest else {
            throw ArtifactError(.changedWhileReading, path: path, "It changed while it was read.")
        }
        return ModelSignature.verify(
            bundle: bundle, trust: trust,
            model: ObservedModel(
                files: manifest.files, isSingleFile: isSingleFile, shards: digests))
    }
}

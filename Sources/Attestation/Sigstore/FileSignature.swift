// A bundle beside any file, against whomever the caller trusts.
//
// Specification: SigstoreFile.swift, by key and by certificate as well. Of the file its digest suffices
// where the signature is made over a SHA-256: then nobody has to have the bytes.

package import Cryptography

/// Verifies sigstore bundles beside single files.
package enum FileSignature {
    /// A file, or what is known of it.
    package enum File: Sendable {
        case bytes([UInt8])
        case digest(SHA256Digest)

        /// Its digest.
        package var digest: SHA256Digest {
            switch self {
            case .bytes(let bytes): SHA256.hash(bytes)
            case .digest(let digest): digest
            }
        }

        var content: SignedContent {
            switch self {
            case .bytes(let bytes): .file(bytes)
            case .digest(let digest): .digest(digest)
            }
        }

        func isSigned(_ signature: [UInt8], by key: PublicKey) -> Bool {
            switch self {
            case .bytes(let bytes): key.verify(signature, over: bytes)
            case .digest(let digest): key.verify(signature, ofSHA256: digest)
            }
        }
    }

    /// The answer.
    package struct Verdict: Sendable, Hashable {
        /// All reasons why not; empty when the signature holds.
        package let findings: [AttestationFinding]
        /// The signer's key; nil when there is a finding.
        package let key: KeyID?
        /// Who that is, when a certificate says so.
        package let certified: CertifiedSigner?

        init(_ findings: [AttestationFinding], _ examination: SignerExamination? = nil) {
            var findings = findings
            if findings.isEmpty, examination?.key == nil {
                findings.append(AttestationFinding(.signatureInvalid, "Nobody has signed it."))
            }
            self.findings = findings
            key = findings.isEmpty ? examination?.key?.id : nil
            certified = findings.isEmpty ? examination?.signer : nil
        }
    }

    /// Whether whom the caller trusts signed this file.
    package static func verify(
        bundle bytes: [UInt8], file: File, trust: SignerTrust, limits: AttestationLimits = .default
    ) -> Verdict {
        do throws(AttestationError) {
            let reader = try MemberReader(
                parseJSON(bytes, "bundle", limits), "bundle",
                allowing: [
                    "mediaType", "verificationMaterial", "dsseEnvelope", "messageSignature",
                ])
            guard reader.isNullOrAbsent("messageSignature") else {
                return try message(reader, file, trust, limits)
            }
            let bundle = try SigstoreBundle(parsing: bytes, limits: limits)
            let examination = ModelSigner.examine(bundle, trust)
            let statement = try Statement(foreign: bundle.envelope.payload, limits: limits)
            var findings = examination.findings
            if !statement.subjects.contains(where: { $0.sha256 == file.digest }) {
                findings.append(
                    AttestationFinding(.artifactMismatch, "The statement is about another file."))
            }
            return Verdict(findings, examination)
        } catch {
            return Verdict(error.findings)
        }
    }

    private static func message(
        _ reader: MemberReader, _ file: File, _ trust: SignerTrust, _ limits: AttestationLimits
    ) throws(AttestationError) -> Verdict {
        guard reader.isNullOrAbsent("dsseEnvelope") else {
            throw AttestationError(.malformed, "The bundle has two kinds of content.")
        }
        let parts = try SigstoreBundle.Parts(reader, limits: limits)
        let message = try reader.object("messageSignature")
        let signature = try message.base64("signature")
        var findings: [AttestationFinding] = []
        if !message.isNullOrAbsent("messageDigest") {
            let digest = try message.object("messageDigest")
            let (algorithm, hash) = (try digest.string("algorithm"), try digest.base64("digest"))
            if algorithm != "SHA2_256" || hash != file.digest.bytes {
                findings.append(
                    AttestationFinding(.artifactMismatch, "The bundle is of another file."))
            }
        }
        let examination = examine(parts, signature, file.content, trust, limits)
        findings += examination.findings
        if let key = examination.key, !file.isSigned(signature, by: key) {
            findings.append(
                AttestationFinding(.signatureInvalid, "The signature is not that of the key."))
        }
        return Verdict(findings, examination)
    }

    private static func examine(
        _ parts: SigstoreBundle.Parts, _ signature: [UInt8], _ content: SignedContent,
        _ trust: SignerTrust, _ limits: AttestationLimits
    ) -> SignerExamination {
        switch trust {
        case .sigstore(let trust):
            return trust.examine(parts, signature: signature, content: content, limits: limits)
        case .key(let key): return ModelSigner.examine(parts.material, key)
        case .certificate(let trust):
            guard case .certificateChain(let chain) = parts.material else { break }
            return trust.examine(
                chain: chain, signature: signature, timestamps: parts.timestamps)
        case .judgedElsewhere: break
        }
        var examination = SignerExamination()
        examination.refuse(.methodMismatch, "The bundle is signed in another way than is trusted.")
        return examination
    }
}

// A bundle beside any file: the general sigstore verification, of which signed models are one case.
//
// Specification: as SigstoreBundle.swift, with "messageSignature" {"messageDigest": {"algorithm",
// "digest"}, "signature"} in place of an envelope, or an in-toto envelope one of whose subjects is
// the file by its SHA-256. The digest in a bundle is a hint; a wrong one is refused all the same.

import Cryptography

extension SigstoreTrust {
    /// Every reason why the bundle does not show that the trusted signer signed this file.
    package func findings(
        bundle bytes: [UInt8], artifact: [UInt8], limits: AttestationLimits = .default
    ) -> [AttestationFinding] {
        do throws(AttestationError) {
            let reader = try MemberReader(parseJSON(bytes, "bundle", limits), "bundle")
            guard !reader.isNullOrAbsent("messageSignature") else {
                return findings(
                    try SigstoreBundle(parsing: bytes, limits: limits), artifact, limits)
            }
            let parts = try SigstoreBundle.Parts(reader, limits: limits)
            let message = try reader.object("messageSignature")
            let signature = try message.base64("signature")
            var findings: [AttestationFinding] = []
            if !message.isNullOrAbsent("messageDigest") {
                let digest = try message.object("messageDigest")
                let algorithm = try digest.string("algorithm")
                let hash = try digest.base64("digest")
                if algorithm != "SHA2_256" || hash != SHA256.hash(artifact).bytes {
                    findings.append(
                        AttestationFinding(.artifactMismatch, "The bundle is of another file."))
                }
            }
            let examination = examine(
                parts, signature: signature, content: .file(artifact), limits: limits)
            if let key = examination.key, !key.verify(signature, over: artifact) {
                findings.append(
                    AttestationFinding(
                        .signatureInvalid, "The signature is not that of the certified key."))
            }
            return findings + examination.findings
        } catch {
            return error.findings
        }
    }

    private func findings(
        _ bundle: SigstoreBundle, _ artifact: [UInt8], _ limits: AttestationLimits
    ) -> [AttestationFinding] {
        var findings = ModelSigner.examine(bundle, .sigstore(self)).findings
        do throws(AttestationError) {
            let statement = try Statement(
                parsing: bundle.envelope.payload, limits: limits, openSubjects: true)
            let digest = SHA256.hash(artifact)
            if !statement.subjects.contains(where: { $0.sha256 == digest }) {
                findings.append(
                    AttestationFinding(.artifactMismatch, "The statement is about another file."))
            }
        } catch {
            findings += error.findings
        }
        return findings
    }

    /// Examines the signer who presents himself by these parts of a bundle.
    func examine(
        _ parts: SigstoreBundle.Parts, signature: [UInt8], content: SignedContent,
        limits: AttestationLimits
    ) -> SignerExamination {
        let chain: [[UInt8]]
        switch parts.material {
        case .certificate(let leaf): chain = [leaf]
        case .certificateChain(let certificates): chain = certificates
        case .publicKey:
            var examination = SignerExamination()
            examination.refuse(.methodMismatch, "The bundle is signed by a key, not keyless.")
            return examination
        }
        return examine(
            KeylessSignature(
                chain: chain, logEntries: parts.logEntries, timestamps: parts.timestamps,
                signature: signature, content: content),
            limits: limits)
    }
}

// A bundle beside any file, against whomever the caller trusts.
//
// Specification: as SigstoreBundle.swift, with "messageSignature" {"messageDigest": {"algorithm",
// "digest"}, "signature"} in place of an envelope, or an in-toto envelope one of whose subjects is the
// file by its SHA-256. The digest in a bundle is a hint; a wrong one is refused all the same. Of the file
// its digest suffices where the signature is made over a SHA-256: then nobody has to have the bytes.
//
// A statement about a file is no signature of it: who says that it has a flaw has named it too. So the
// caller says what counts: a bare signature, or statements of one type.

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

    /// What counts as signed.
    package enum Wanted: Sendable, Hashable {
        /// A signature over the file.
        case signature
        /// A statement about the file, with this predicate type.
        case statement(String)
        /// Either, whatever a statement says: for those who look at it themselves.
        case any

        func findings(on predicateType: String) -> [AttestationFinding] {
            let why: String
            switch self {
            case .any: return []
            case .signature:
                guard !predicateType.isEmpty else { return [] }
                why = "It is a statement of type \(predicateType), no signature of the file."
            case .statement(let wanted):
                guard predicateType != wanted else { return [] }
                why =
                    predicateType.isEmpty
                    ? "It is a signature of the file, no statement."
                    : "The statement is of type \(predicateType)."
            }
            return [AttestationFinding(.predicateTypeMismatch, why)]
        }
    }

    /// The answer.
    package struct Verdict: Sendable, Hashable {
        /// All reasons why not; empty when the signature holds.
        package let findings: [AttestationFinding]
        /// The type of the statement; empty for a bare signature.
        package let predicateType: String
        /// Whether nothing but the missing bytes stands against it: the key signs no SHA-256.
        package let needsFile: Bool
        /// The signer's key; nil when there is a finding.
        package let key: KeyID?
        /// Who that is, when a certificate says so.
        package let certified: CertifiedSigner?

        init(
            _ findings: [AttestationFinding], _ examination: SignerExamination? = nil,
            predicateType: String = "", needsFile: Bool = false
        ) {
            var findings = findings
            self.predicateType = predicateType
            self.needsFile = needsFile && findings.isEmpty
            if self.needsFile {
                findings.append(
                    AttestationFinding(
                        .unsupportedMethod, "The key signs no SHA-256: the file itself is needed."))
            } else if findings.isEmpty, examination?.key == nil {
                findings.append(AttestationFinding(.signatureInvalid, "Nobody has signed it."))
            }
            self.findings = findings
            key = findings.isEmpty ? examination?.key?.id : nil
            certified = findings.isEmpty ? examination?.signer : nil
        }
    }

    /// Whether whom the caller trusts signed this file.
    package static func verify(
        bundle bytes: [UInt8], file: File, trust: SignerTrust, wanted: Wanted,
        limits: AttestationLimits = .default
    ) -> Verdict {
        do throws(AttestationError) {
            let reader = try MemberReader(
                parseJSON(bytes, "bundle", limits), "bundle",
                allowing: [
                    "mediaType", "verificationMaterial", "dsseEnvelope", "messageSignature",
                ])
            guard reader.isNullOrAbsent("messageSignature") else {
                return try message(reader, file, trust, wanted, limits)
            }
            let bundle = try SigstoreBundle(parsing: bytes, limits: limits)
            let examination = ModelSigner.examine(bundle, trust)
            let statement = try Statement(foreign: bundle.envelope.payload, limits: limits)
            let type = statement.predicateType
            var findings = examination.findings + wanted.findings(on: type)
            if !statement.subjects.contains(where: { $0.sha256 == file.digest }) {
                findings.append(
                    AttestationFinding(.artifactMismatch, "The statement is about another file."))
            }
            return Verdict(findings, examination, predicateType: type)
        } catch {
            return Verdict(error.findings)
        }
    }

    private static func message(
        _ reader: MemberReader, _ file: File, _ trust: SignerTrust, _ wanted: Wanted,
        _ limits: AttestationLimits
    ) throws(AttestationError) -> Verdict {
        guard reader.isNullOrAbsent("dsseEnvelope") else {
            throw AttestationError(.malformed, "The bundle has two kinds of content.")
        }
        let parts = try SigstoreBundle.Parts(reader, limits: limits)
        let message = try reader.object("messageSignature")
        let signature = try message.base64("signature")
        var findings = wanted.findings(on: "")
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
        guard let key = examination.key else { return Verdict(findings, examination) }
        if case .digest = file, !key.signsSHA256 {
            return Verdict(findings, examination, needsFile: true)
        }
        if !file.isSigned(signature, by: key) {
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

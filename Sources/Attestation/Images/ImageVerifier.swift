// Whether somebody who is trusted has signed an image, or said something about it.
//
// Specification. A signature counts for the image with the digest D (of its manifest) when
// 1. what was signed names D: the payload of cosign (SimpleSigning.swift), a subject of an in-toto
//    statement, or, for a bundle with a bare signature, the manifest's own bytes, whose hash is D;
// 2. it is the signature of whom the caller trusts, over exactly the bytes that were read: by key, by
//    certificate, or keyless with a log entry about this very signature;
// 3. it is of the kind that was asked for: an image signature (cosign's payload, a bare signature, or the
//    predicate https://sigstore.dev/cosign/sign/v1), or an attestation with the predicate type asked for.
//    An attestation is no image signature: who says how an image was built has not released it.
// Where an image was when it was signed proves nothing. Each piece of evidence is judged by itself: what
// others put beside a good signature does not take it away, and is shown with what is wrong with it.

package import Cryptography

/// One thing that may be a signature of an image, with where it was found.
package struct ImageEvidence: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        /// A payload of cosign with its signature.
        case simple(payload: [UInt8], signature: [UInt8], CosignMaterial)
        /// An envelope with what cosign stores beside it.
        case envelope([UInt8], CosignMaterial)
        /// A sigstore bundle.
        case bundle([UInt8])
        /// Something that cannot be read, with why.
        case unreadable([AttestationFinding])
    }

    /// A file, or a blob by its digest.
    package let place: String
    package let content: Content

    package init(place: String, content: Content) {
        self.place = place
        self.content = content
    }

    /// A payload in a layer whose annotations hold the rest.
    package init(
        payload: [UInt8], layer: OCIDescriptor, limits: AttestationLimits = .default
    ) throws(AttestationError) {
        guard let text = layer.annotations[CosignMaterial.signature],
            let signature = Base64.decodeLenient(text), !signature.isEmpty
        else {
            throw AttestationError(.malformed, "The layer has no signature in its annotations.")
        }
        self.init(
            place: layer.digest?.oci ?? "",
            content: .simple(
                payload: payload, signature: signature,
                try CosignMaterial(annotations: layer.annotations, limits: limits)))
    }

    /// An envelope in a layer.
    package init(
        envelope: [UInt8], layer: OCIDescriptor, limits: AttestationLimits = .default
    ) throws(AttestationError) {
        self.init(
            place: layer.digest?.oci ?? "",
            content: .envelope(
                envelope, try CosignMaterial(annotations: layer.annotations, limits: limits)))
    }
}

/// What one piece of evidence is worth.
package struct ImageVerdict: Sendable, Hashable {
    package let place: String
    /// The predicate type of an attestation; empty for an image signature.
    package let predicateType: String
    /// Who signed, by key; nil when that is not known.
    package let key: KeyID?
    /// Who that is, when a certificate says so.
    package let certified: CertifiedSigner?
    /// Where the signer found the image, when he says so; proves nothing.
    package let reference: String
    /// How it was built, when the statement says so and holds.
    package let provenance: Provenance?
    /// All reasons why it counts for nothing.
    package let findings: [AttestationFinding]

    package var isValid: Bool { findings.isEmpty && key != nil }
}

/// Judges evidence about one image.
package struct ImageVerifier: Sendable {
    /// The predicate type by which newer versions of cosign sign an image.
    package static let signPredicate = "https://sigstore.dev/cosign/sign/v1"

    package let image: SHA256Digest
    package let trust: SignerTrust
    /// The predicate type asked for; nil for an image signature.
    package let predicateType: String?
    /// The image's manifest, if it is at hand.
    package let manifest: [UInt8]?
    package let limits: AttestationLimits

    package init(
        image: SHA256Digest, trust: SignerTrust, predicateType: String? = nil,
        manifest: [UInt8]? = nil, limits: AttestationLimits = .default
    ) {
        self.image = image
        self.trust = trust
        self.predicateType = predicateType
        // Bytes with another hash are another image's manifest.
        self.manifest = manifest.flatMap { SHA256.hash($0) == image ? $0 : nil }
        self.limits = limits
    }

    package func judge(_ evidence: ImageEvidence) -> ImageVerdict {
        var judging = Judging(self)
        do throws(AttestationError) {
            switch evidence.content {
            case .simple(let payload, let signature, let material):
                try judging.simple(payload, signature, material)
            case .envelope(let bytes, let material): try judging.envelope(bytes, material)
            case .bundle(let bytes): try judging.bundle(bytes)
            case .unreadable(let findings): judging.findings += findings
            }
        } catch {
            judging.findings += error.findings
        }
        return judging.verdict(at: evidence.place)
    }
}

/// The judging of one piece of evidence.
private struct Judging {
    let verifier: ImageVerifier
    var findings: [AttestationFinding] = []
    private var predicateType = ""
    private var reference = ""
    private var key: KeyID?
    private var certified: CertifiedSigner?
    private var provenance: Provenance?

    init(_ verifier: ImageVerifier) {
        self.verifier = verifier
    }

    func verdict(at place: String) -> ImageVerdict {
        var findings = findings
        if findings.isEmpty, key == nil {
            findings.append(AttestationFinding(.signatureInvalid, "Nobody has signed it."))
        }
        return ImageVerdict(
            place: place, predicateType: predicateType, key: findings.isEmpty ? key : nil,
            certified: findings.isEmpty ? certified : nil, reference: reference,
            provenance: findings.isEmpty ? provenance : nil, findings: findings)
    }

    private mutating func find(_ code: AttestationFinding.Code, _ message: String) {
        findings.append(AttestationFinding(code, message))
    }

    private mutating func take(_ examination: SignerExamination) {
        findings += examination.findings
        key = examination.key?.id
        certified = examination.signer
    }

    // MARK: kinds of evidence

    mutating func simple(
        _ payload: [UInt8], _ signature: [UInt8], _ material: CosignMaterial
    ) throws(AttestationError) {
        let signed = try SimpleSigning(parsing: payload, limits: verifier.limits)
        reference = signed.reference
        if signed.image != verifier.image {
            find(.artifactMismatch, "It is of another image, \(signed.image.oci).")
        }
        requireSignature()
        let examination = examine(material, signature, .file(payload))
        take(examination)
        if let key = examination.key, !key.verify(signature, over: payload) {
            find(.signatureInvalid, "The signature is not that of the trusted key.")
        }
    }

    mutating func envelope(
        _ bytes: [UInt8], _ material: CosignMaterial
    ) throws(AttestationError) {
        let envelope = try Envelope(parsing: bytes, limits: verifier.limits)
        try statement(envelope)
        guard envelope.signatures.count == 1, let signature = envelope.signatures.first?.bytes
        else {
            return find(
                .signatureCount, "\(envelope.signatures.count) signatures, not exactly one.")
        }
        let examination = examine(material, signature, .envelope(envelope))
        take(examination)
        if let key = examination.key, envelope.verify(with: [key]).isEmpty {
            find(.signatureInvalid, "The signature is not that of the trusted key.")
        }
    }

    mutating func bundle(_ bytes: [UInt8]) throws(AttestationError) {
        let bare = try MemberReader(parseJSON(bytes, "bundle", verifier.limits), "bundle")
        guard bare.isNullOrAbsent("messageSignature") else {
            requireSignature()
            guard let manifest = verifier.manifest else {
                return find(
                    .fileMissing, "The bundle is of the manifest's bytes, which are not at hand.")
            }
            let verdict = FileSignature.verify(
                bundle: bytes, file: .bytes(manifest), trust: verifier.trust, wanted: .signature,
                limits: verifier.limits)
            findings += verdict.findings
            key = verdict.key
            certified = verdict.certified
            return
        }
        let bundle = try SigstoreBundle(parsing: bytes, limits: verifier.limits)
        take(ModelSigner.examine(bundle, verifier.trust))
        try statement(bundle.envelope)
    }

    // MARK: what is said

    private mutating func statement(_ envelope: Envelope) throws(AttestationError) {
        if envelope.payloadType != Statement.payloadType {
            find(.payloadTypeMismatch, "The payload is no in-toto statement.")
        }
        let statement = try Statement(foreign: envelope.payload, limits: verifier.limits)
        if !statement.subjects.contains(where: { $0.sha256 == verifier.image }) {
            find(.artifactMismatch, "The statement is about something else than the image.")
        }
        if statement.predicateType == ImageVerifier.signPredicate {
            return requireSignature()
        }
        predicateType = statement.predicateType
        if verifier.predicateType != predicateType {
            find(
                .predicateTypeMismatch,
                verifier.predicateType == nil
                    ? "It is an attestation, no signature of the image."
                    : "The statement is of another type.")
        }
        provenance = try Provenance(statement)
    }

    /// It is an image signature: is that asked for?
    private mutating func requireSignature() {
        guard verifier.predicateType != nil else { return }
        find(.predicateTypeMismatch, "It is a signature of the image, no attestation.")
    }

    // MARK: who signed

    private func examine(
        _ material: CosignMaterial, _ signature: [UInt8], _ content: SignedContent
    ) -> SignerExamination {
        var examination = SignerExamination()
        switch verifier.trust {
        case .key(let key): examination.key = key
        case .judgedElsewhere:
            examination.refuse(.unsupportedMethod, "Nobody is named who may sign.")
        case .certificate(let trust):
            guard !material.chain.isEmpty else {
                examination.refuse(.methodMismatch, "It was signed by a key, not by certificate.")
                return examination
            }
            // cosign stores the chain with its root; that it is there says nothing, and the path ends
            // at the caller's own copy.
            let chain =
                material.chain.prefix(1)
                + material.chain.dropFirst().filter { der in
                    !trust.anchors.contains { $0.der == der }
                }
            examination = trust.examine(
                chain: Array(chain), signature: signature, timestamps: material.timestamps)
        case .sigstore(let trust):
            guard let leaf = material.chain.first else {
                examination.refuse(.methodMismatch, "It was signed by a key, not keyless.")
                return examination
            }
            // The authorities beside it are the trusted root's business; only the leaf counts.
            examination = trust.examine(
                KeylessSignature(
                    chain: [leaf], logEntries: [material.logEntry].compactMap(\.self),
                    timestamps: material.timestamps, signature: signature, content: content,
                    promiseSuffices: true),
                limits: verifier.limits)
        }
        return examination
    }
}

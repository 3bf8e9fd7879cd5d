// Who signed a model: never what the envelope claims, only what the caller's trust confirms.

import Cryptography

/// Examines the signature of a bundle, whatever it is about.
enum ModelSigner {
    /// The signer's key, or every reason why it is not believed.
    static func examine(_ bundle: SigstoreBundle, _ trust: SignerTrust) -> SignerExamination {
        let envelope = bundle.envelope
        var examination =
            switch trust {
            case .key(let key): examine(bundle.material, key)
            case .certificate(let trust): examine(bundle, trust)
            case .sigstore(let trust): examine(bundle, trust)
            case .judgedElsewhere(let key): examine(bundle.material, presenting: key)
            }
        if envelope.payloadType != Statement.payloadType {
            examination.refuse(.payloadTypeMismatch, "The payload is no in-toto statement.")
        }
        // protobuf-specs, sigstore_bundle.proto: "verifiers MUST reject … if there is not exactly
        // one signature".
        if envelope.signatures.count != 1 {
            examination.refuse(
                .signatureCount, "\(envelope.signatures.count) signatures, not exactly one.")
        }
        if let key = examination.key,
            envelope.signatures.count != 1 || envelope.verify(with: [key]).isEmpty,
            !LegacySignature.isLegacy(envelope, limits: .default)
                || !LegacySignature.isSigned(envelope, by: key)
        {
            examination.refuse(
                .signatureInvalid, "The signature is not that of the trusted key.")
        }
        return examination
    }

    private static func examine(
        _ material: SigstoreBundle.Material, presenting id: KeyID
    ) -> SignerExamination {
        var examination = SignerExamination()
        let leaf: [UInt8]? =
            switch material {
            case .publicKey: nil
            case .certificate(let leaf): leaf
            case .certificateChain(let chain): chain.first
            }
        guard let key = leaf.flatMap({ try? Certificate(der: $0) })?.publicKey, key.id == id else {
            examination.refuse(.keyMismatch, "No certificate for the key \(id) leads the bundle.")
            return examination
        }
        examination.key = key
        return examination
    }

    private static func examine(
        _ bundle: SigstoreBundle, _ trust: CertificateTrust
    ) -> SignerExamination {
        let signature = bundle.envelope.signatures.first?.bytes ?? []
        guard case .certificateChain(let chain) = bundle.material else {
            var examination = SignerExamination()
            examination.refuse(
                .methodMismatch, "The bundle is not signed by a chain of certificates.")
            return examination
        }
        return trust.examine(chain: chain, signature: signature, timestamps: bundle.timestamps)
    }

    private static func examine(
        _ bundle: SigstoreBundle, _ trust: SigstoreTrust
    ) -> SignerExamination {
        trust.examine(
            bundle.parts, signature: bundle.envelope.signatures.first?.bytes ?? [],
            content: .envelope(bundle.envelope), limits: .default)
    }

    static func examine(
        _ material: SigstoreBundle.Material, _ key: PublicKey
    ) -> SignerExamination {
        var examination = SignerExamination()
        guard case .publicKey(let hint, let rawBytes) = material else {
            examination.refuse(
                .unsupportedMethod, "Signed by certificate; a key says nothing about that.")
            return examination
        }
        // The third spelling is that of sigstore's own clients.
        let hints = [SigstoreBundle.hint(for: key), key.id.hex, Base64.encode(key.id.digest.bytes)]
        if let hint, !hints.contains(hint) {
            examination.refuse(.keyMismatch, "The bundle names another key by its hint.")
        }
        if let rawBytes, !isSpelling(rawBytes, of: key) {
            examination.refuse(.keyMismatch, "The bundle carries another key.")
        }
        examination.key = key
        return examination
    }

    /// Old bundles carry the key as PEM text or as DER; both are only compared, never used.
    private static func isSpelling(_ bytes: [UInt8], of key: PublicKey) -> Bool {
        if bytes == key.spki || bytes == Array(key.pem.utf8) { return true }
        guard let parsed = try? PublicKey(pem: bytes) else { return false }
        return parsed.id == key.id
    }
}

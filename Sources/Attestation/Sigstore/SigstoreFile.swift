// The keyless signer as the parts of a bundle present him, whatever was signed.

extension SigstoreTrust {
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

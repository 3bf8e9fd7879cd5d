// What an artifact's signature is worth: by a key that is registered here, or by a certificate that the
// pack accepts.

internal import Attestation
internal import Cryptography
internal import Governance

extension Examiner {
    /// The signature of a submitted version, checked against the file list.
    func signature(
        _ bundle: [UInt8]?, _ manifest: ArtifactManifest?, _ row: VersionRow
    ) -> SignatureFact {
        guard let bundle, let manifest else {
            return SignatureFact(verified: false, findings: ["document-missing"])
        }
        let namespace = row.reference.model.namespace
        guard !ArtifactSigners.isCertified(bundle) else {
            let certified = certified(
                bundle, manifest, in: namespace, recordedAt: row.submittedAt)
            guard certified.fact.verified, certified.key != row.signatureKey else {
                return certified.fact
            }
            return SignatureFact(verified: false, findings: ["key-mismatch"])
        }
        guard let key = identities.publicKeys[row.signatureKey] else {
            return SignatureFact(verified: false, findings: ["key-unknown"])
        }
        guard let recordedAt = fold.recordedAt(row.card) else {
            return SignatureFact(verified: false, findings: ["not-in-log"])
        }
        return signature(bundle, manifest, key, in: namespace, at: recordedAt)
    }

    /// A signature by a known key over a file list.
    func signature(
        _ bundle: [UInt8], _ manifest: ArtifactManifest, _ key: PublicKey, in namespace: Namespace,
        at time: Timestamp
    ) -> SignatureFact {
        let holder = chain.holder(of: key.id, at: time)
        var findings = cache.findings(of: bundle, by: key, over: manifest)
        if holder == nil { findings.append("key-not-held") }
        return SignatureFact(
            verified: findings.isEmpty, signer: holder?.principal,
            signerRoles: holder.map { roles(of: $0.principal, in: namespace, at: time) } ?? [],
            findings: findings)
    }

    /// A signature by certificate over a file list, and the certified key.
    ///
    /// - Parameter recordedAt: when the log took it; nil while it is only about to be recorded.
    func certified(
        _ bundle: [UInt8], _ manifest: ArtifactManifest, in namespace: Namespace,
        recordedAt: Timestamp?
    ) -> (fact: SignatureFact, key: KeyID?) {
        let judgement = pack.signers.judge(
            bundle, files: manifest.files, recordedAt: recordedAt, now: now)
        guard let signer = judgement.signer else {
            return (SignatureFact(verified: false, findings: judgement.findings), nil)
        }
        // A certified key can be revoked like a registered one, from a moment on.
        let findings = chain.isRevoked(signer.key, at: signer.signedAt) ? ["key-revoked"] : []
        var fact = SignatureFact(
            verified: findings.isEmpty, signer: signer.principal,
            signerRoles: roles(of: signer.principal, in: namespace, at: recordedAt ?? now),
            findings: findings)
        fact.source = signer.source
        fact.signedAt = signer.signedAt
        return (fact, signer.key)
    }

    private func roles(
        of principal: PrincipalID, in namespace: Namespace, at time: Timestamp
    ) -> [Role] {
        Set(chain.roles(of: principal, in: namespace, at: time).map(\.role)).sorted()
    }
}

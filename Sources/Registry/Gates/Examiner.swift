// Turns documents into facts: what each is worth by its signatures, under the keys and roles of the log.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Fairness
internal import Governance
internal import Schema

/// Examines the documents of one version at one moment.
struct Examiner {
    let root: TrustRoot
    let identities: IdentityBook
    let cache: DocumentCache
    let chain: TrustChain
    let schema: JSONSchema
    let pack: PolicyPack
    /// When the log took which statement.
    let fold: RestrictiveFold
    let now: Timestamp
    /// What the pack that the version was submitted under says of delegations; nil where it allows none.
    var delegation: DelegationRules?
    /// The tier that somebody put the version into; nil for what follows from the card alone.
    var determined: Tier?

    /// The artifact's file list, if it is the one of that digest.
    func manifest(_ document: StoredDocument, digest: SHA256Digest) -> ArtifactManifest? {
        guard let manifest = cache.manifest(document), manifest.digest == digest else { return nil }
        return manifest
    }

    /// The signed card: its gaps for its tier, and what is wrong with its signature.
    func card(_ document: StoredDocument?, _ row: VersionRow) -> CardFact? {
        guard let document, let reading = cache.card(document, schema),
            reading.digest == row.card
        else { return nil }
        let card = reading.card
        var findings: [String] = []
        if card.origin != root.origin { findings.append("wrong-origin") }
        if card.model != row.reference.model { findings.append("wrong-model") }
        if card.artifact != row.artifact { findings.append("wrong-artifact") }
        guard let recordedAt = fold.recordedAt(row.card) else {
            return CardFact(digest: row.card, missing: [], findings: findings + ["not-in-log"])
        }
        let signers = cache.signers(
            of: reading.envelope, document: document.digest, identities)
        if !contains(signers, .owner, in: row.reference.model.namespace, at: recordedAt) {
            findings.append("not-signed-by-owner")
        }
        return CardFact(
            digest: row.card,
            missing: pack.missingCardFields(
                in: card.card.json,
                tier: max(pack.tier(of: card.card.json).tier, determined ?? .minimal)),
            findings: findings, fairness: DeclaredFairness(card.card.json))
    }

    /// Whether one of these keys is that of somebody who holds the role.
    private func contains(
        _ signers: Set<KeyID>, _ role: Role, in namespace: Namespace, at time: Timestamp
    ) -> Bool {
        signers.contains { key in
            guard let holder = chain.holder(of: key, at: time) else { return false }
            return chain.roles(of: holder.principal, in: namespace, at: time).contains {
                $0.role == role
            }
        }
    }

    /// An approval statement; nil when it is not one of this version's present request.
    func approval(
        _ document: StoredDocument, _ row: VersionRow
    ) -> (fact: ApprovalFact, keys: Set<KeyID>)? {
        guard let reading = cache.approval(document),
            reading.approval.version == row.reference, reading.approval.request == row.request
        else { return nil }
        let (envelope, approval) = (reading.envelope, reading.approval)
        let recordedAt = fold.recordedAt(reading.digest)
        let signers = cache.signers(of: envelope, document: document.digest, identities)
        var (problems, person) = entitlement(
            of: approval, in: determined ?? row.tier, signers: signers, at: recordedAt ?? now)
        if recordedAt == nil { problems.append("not-in-log") }
        var fact = ApprovalFact(
            digest: reading.digest, principal: approval.signer.principal, person: person,
            role: approval.signer.role, meaning: approval.meaning,
            environments: approval.environments, uses: approval.uses, digests: approval.digests,
            signedAt: approval.signedAt, expiresAt: approval.expiresAt, valid: problems.isEmpty,
            problems: problems,
            changes: approval.meaning == .requestChanges ? approval.comment : nil,
            delegation: chain.delegation(of: approval))
        fact.factor = approval.factor
        return (fact, signers)
    }

    /// Whether the statement counts as its signer's word, and whose it is: the signer must be entitled
    /// both when the log took it and at the time that it claims.
    ///
    /// - Parameter tier: the version's.
    func entitlement(
        of approval: ApprovalStatement, in tier: Tier, signers: Set<KeyID>, at time: Timestamp
    ) -> (problems: [String], person: PrincipalID) {
        func ask(at time: Timestamp) -> TrustChain.Entitlement {
            chain.entitlement(of: approval, signers: signers, at: time)
        }
        let entitlement = ask(at: time)
        var problems = Set(entitlement.problems + ask(at: approval.signedAt).problems)
            .sorted().map(\.rawValue)
        if let digest = approval.signer.delegation, let accepted = chain.delegation(digest) {
            problems += accepted.delegation.problems(under: delegation, tier: tier)
                .map(\.rawValue)
        }
        if approval.origin != root.origin { problems.append(TrustProblem.wrongOrigin.rawValue) }
        if !approval.signer.role.mayApprove { problems.append("role-cannot-approve") }
        return (problems, entitlement.person)
    }

    /// An evaluation that the rows list: it counts only if the log has it.
    ///
    /// - Parameter authors: whose own evaluations do not count.
    func recordedEvaluation(
        _ document: StoredDocument, _ row: VersionRow, by authors: Set<PrincipalID>
    ) -> EvaluationFact? {
        guard let reading = cache.evaluation(document),
            let recordedAt = fold.recordedAt(reading.digest)
        else { return nil }
        return evaluation(document, row, recordedAt: recordedAt, authors: authors)
    }

    /// An evaluation statement, with every rate computed again from its counts.
    ///
    /// - Parameter recordedAt: when the log took it; nil while it is only about to be recorded.
    func evaluation(
        _ document: StoredDocument, _ row: VersionRow, recordedAt: Timestamp?,
        authors: Set<PrincipalID>
    ) -> EvaluationFact? {
        guard let reading = cache.evaluation(document) else { return nil }
        let (envelope, evaluation) = (reading.envelope, reading.predicate)
        var problems = reading.problems
        if let evaluation, evaluation.origin != root.origin { problems.append("wrong-origin") }
        let time = recordedAt ?? now
        let signers = cache.signers(of: envelope, document: document.digest, identities)
        let signer = signers.sorted().compactMap {
            chain.holder(of: $0, at: time)?.principal
        }.first { principal in
            authors.isDisjoint(with: chain.linked(to: principal))
                && chain.roles(of: principal, in: row.reference.model.namespace, at: time)
                    .contains { $0.role.mayEvaluate }
        }
        if signer == nil { problems.append("not-signed-by-evaluator") }
        return EvaluationFact(
            digest: reading.digest,
            verified: signer != nil && evaluation?.origin == root.origin,
            recomputed: evaluation != nil, artifactDigest: reading.subject,
            dataset: evaluation?.dataset, columns: evaluation?.columns,
            measures: evaluation.map { cache.measures(document, $0, pack, determined ?? row.tier) }
                ?? [],
            evaluatedAt: evaluation?.evaluatedAt ?? .earliest, signer: signer, problems: problems)
    }
}

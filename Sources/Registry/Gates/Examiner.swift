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
    let signatures: SignatureCache
    let chain: TrustChain
    let schema: JSONSchema
    let pack: PolicyPack
    /// When the log took which statement.
    let fold: RestrictiveFold
    let now: Timestamp

    private func signers(of envelope: Envelope) -> Set<KeyID> {
        signatures.signers(
            of: envelope, document: SHA256.hash(envelope.canonicalBytes), identities)
    }

    /// The artifact's file list, if it is the one of that digest.
    func manifest(_ document: [UInt8], digest: SHA256Digest) -> ArtifactManifest? {
        guard let json = try? JSON(parsing: document),
            let manifest = try? ArtifactManifest(json: json), manifest.digest == digest
        else { return nil }
        return manifest
    }

    /// The signed card: its gaps for its tier, and what is wrong with its signature.
    func card(_ document: [UInt8]?, _ row: VersionRow) -> CardFact? {
        guard let document, let envelope = try? Envelope(parsing: document),
            envelope.payloadDigest == row.card,
            let statement = try? Statement(parsing: envelope.payload),
            let card = try? CardStatement(reading: statement, schema: schema)
        else { return nil }
        var findings: [String] = []
        if card.origin != root.origin { findings.append("wrong-origin") }
        if card.model != row.reference.model { findings.append("wrong-model") }
        if card.artifact != row.artifact { findings.append("wrong-artifact") }
        guard let recordedAt = fold.recordedAt(row.card) else {
            return CardFact(digest: row.card, missing: [], findings: findings + ["not-in-log"])
        }
        if !isSigned(envelope, byRole: .owner, in: row.reference.model.namespace, at: recordedAt) {
            findings.append("not-signed-by-owner")
        }
        return CardFact(
            digest: row.card,
            missing: pack.missingCardFields(
                in: card.card.json, tier: pack.tier(of: card.card.json).tier),
            findings: findings, fairness: DeclaredFairness(card.card.json))
    }

    /// Whether a key of somebody who holds the role has signed.
    private func isSigned(
        _ envelope: Envelope, byRole role: Role, in namespace: Namespace, at time: Timestamp
    ) -> Bool {
        signers(of: envelope).contains { key in
            guard let holder = chain.holder(of: key, at: time) else { return false }
            return chain.roles(of: holder.principal, in: namespace, at: time).contains {
                $0.role == role
            }
        }
    }

    /// An approval statement; nil when it is not one of this version's present request.
    func approval(_ document: [UInt8], _ row: VersionRow) -> ApprovalFact? {
        guard let envelope = try? Envelope(parsing: document),
            let statement = try? Statement(parsing: envelope.payload),
            let approval = try? ApprovalStatement(reading: statement),
            approval.version == row.reference, approval.request == row.request
        else { return nil }
        let recordedAt = fold.recordedAt(envelope.payloadDigest)
        var (problems, person) = entitlement(of: approval, in: envelope, at: recordedAt ?? now)
        if recordedAt == nil { problems.append("not-in-log") }
        return ApprovalFact(
            digest: envelope.payloadDigest, principal: approval.signer.principal, person: person,
            role: approval.signer.role, meaning: approval.meaning,
            environments: approval.environments, uses: approval.uses, digests: approval.digests,
            signedAt: approval.signedAt, expiresAt: approval.expiresAt, valid: problems.isEmpty,
            problems: problems)
    }

    /// Whether the statement counts as its signer's word, and whose it is: the signer must be entitled
    /// both when the log took it and at the time that it claims.
    func entitlement(
        of approval: ApprovalStatement, in envelope: Envelope, at time: Timestamp
    ) -> (problems: [String], person: PrincipalID) {
        let signers = signers(of: envelope)
        func ask(at time: Timestamp) -> TrustChain.Entitlement {
            chain.entitlement(
                of: approval.signer.principal, signers: signers, role: approval.signer.role,
                namespace: approval.version.model.namespace,
                assignment: approval.signer.assignment, at: time)
        }
        let entitlement = ask(at: time)
        var problems = Set(entitlement.problems + ask(at: approval.signedAt).problems)
            .sorted().map(\.rawValue)
        if approval.origin != root.origin { problems.append(TrustProblem.wrongOrigin.rawValue) }
        if !approval.signer.role.mayApprove { problems.append("role-cannot-approve") }
        return (problems, entitlement.person)
    }

    /// An evaluation that the rows list: it counts only if the log has it.
    ///
    /// - Parameter authors: whose own evaluations do not count.
    func recordedEvaluation(
        _ document: [UInt8], _ row: VersionRow, by authors: Set<PrincipalID>
    ) -> EvaluationFact? {
        guard let envelope = try? Envelope(parsing: document),
            let recordedAt = fold.recordedAt(envelope.payloadDigest)
        else { return nil }
        return evaluation(document, row, recordedAt: recordedAt, authors: authors)
    }

    /// An evaluation statement, with every rate computed again from its counts.
    ///
    /// - Parameter recordedAt: when the log took it; nil while it is only about to be recorded.
    func evaluation(
        _ document: [UInt8], _ row: VersionRow, recordedAt: Timestamp?, authors: Set<PrincipalID>
    ) -> EvaluationFact? {
        guard let envelope = try? Envelope(parsing: document),
            let statement = try? Statement(parsing: envelope.payload),
            statement.predicateType == FairnessPredicate.type,
            let subject = statement.subjects.first?.sha256
        else { return nil }
        var problems: [String] = []
        let evaluation: FairnessPredicate?
        do throws(JSONFindings) {
            evaluation = try FairnessPredicate(recomputing: statement.predicate)
        } catch {
            evaluation = nil
            problems += error.findings.map { "\($0.code):\($0.pointer)" }
        }
        if let evaluation, evaluation.origin != root.origin { problems.append("wrong-origin") }
        let time = recordedAt ?? now
        let signer = signers(of: envelope).sorted().compactMap {
            chain.holder(of: $0, at: time)?.principal
        }.first { principal in
            authors.isDisjoint(with: chain.linked(to: principal))
                && chain.roles(of: principal, in: row.reference.model.namespace, at: time)
                    .contains { Self.evaluatorRoles.contains($0.role) }
        }
        if signer == nil { problems.append("not-signed-by-evaluator") }
        let demands = pack.fairness(in: row.tier)
        return EvaluationFact(
            digest: envelope.payloadDigest,
            verified: signer != nil && evaluation?.origin == root.origin,
            recomputed: evaluation != nil, artifactDigest: subject,
            dataset: evaluation?.dataset, columns: evaluation?.columns,
            measures: evaluation.map { MeasureFact.facts(of: $0.evaluation, for: demands) } ?? [],
            evaluatedAt: evaluation?.evaluatedAt ?? .earliest, signer: signer, problems: problems)
    }

    /// Who may sign evaluations.
    static let evaluatorRoles: Set<Role> = [.fairnessReviewer, .validator]
}

// Everything that a gate needs to know of a version, loaded once and checked against what was signed.
//
// Rows say where to look. What counts in favour of a version is read from signed statements, verified
// with the keys and roles that follow from the verified log; what counts against it is the union of
// rows and fold (I6). A document that is missing or changed is as if it had never been there.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Governance

/// A version with its evidence, verified.
struct Dossier {
    let row: VersionRow
    /// What the log says at this moment.
    let snapshot: Follower.Snapshot
    /// Keys and roles, including revocations that only rows show.
    let chain: TrustChain
    let pack: SignedPack
    /// The pack that the version was submitted under.
    let requestPack: SignedPack?
    let card: CardFact?
    let manifest: ArtifactManifest?
    let signature: SignatureFact
    let approvals: [ApprovalFact]
    let evaluations: [EvaluationFact]
    let restrictions: [RestrictionFact]
    let deployments: [DeploymentFact]
    let now: Timestamp

    /// The digest of the evidence set: SHA-256 of the RFC 8785 list of statement digests, ascending.
    var evidence: SHA256Digest {
        Self.evidenceDigest(evaluations.filter(\.verified).map(\.digest))
    }

    static func evidenceDigest(_ digests: [SHA256Digest]) -> SHA256Digest {
        SHA256.hash(JSON.array(digests.sorted().map { .string($0.hex) }).canonicalBytes)
    }

    /// What an approval has to name.
    var digests: SignedDigests {
        SignedDigests(card: row.card, artifact: row.artifact, evidence: evidence, policy: row.policy)
    }

    var submitter: SubmitterFact {
        SubmitterFact(
            principal: row.submitter, person: chain.person(of: row.person),
            linked: chain.linked(to: row.person))
    }

    var policyFact: PolicyFact {
        PolicyFact(
            digest: pack.pack.digest, activeDigest: snapshot.fold.policy ?? pack.pack.digest,
            requestDigest: row.policy, signed: pack.isSigned && requestPack?.isSigned == true)
    }
}

extension Registry {
    /// How long the fold may lag behind before it does not count as healthy, in milliseconds.
    static let foldBoundMilliseconds: Int64 = 10_000

    /// Loads and checks everything about a version; the caller holds its locks.
    func dossier(
        of reference: VersionReference, _ db: borrowing Connection, now: Timestamp
    ) throws -> Dossier {
        let row = try VersionRow.require(reference, db)
        let snapshot = follower.snapshot
        guard let pack = try packs.active(db) else {
            throw Refusal(.conflict, "policy-missing", "No policy pack is in force that can be read.")
        }
        let name = reference.description
        let (approvals, evaluations, restrictions, deployments, revocations) = try db.pipeline(
            Ask.all(
                "SELECT document FROM registry.approval WHERE version = \(name) ORDER BY statement",
                as: [UInt8].self),
            Ask.all(
                "SELECT document FROM registry.evaluation WHERE version = \(name) ORDER BY statement",
                as: [UInt8].self),
            Ask.all(
                """
                SELECT id, kind, reason FROM registry.restriction WHERE version = \(name)
                UNION ALL SELECT encode(certificate, 'hex'), 'retirement', reason
                FROM registry.retirement WHERE version = \(name) ORDER BY 1
                """, as: RestrictionRow.self),
            Ask.all(
                """
                SELECT id, environment FROM registry.deployment
                WHERE version = \(name) AND state = 'active' ORDER BY id
                """, as: DeploymentRow.self),
            Ask.all(
                """
                SELECT key_id, NULL::bytea, revoked_at FROM registry.credential
                WHERE revoked_at IS NOT NULL
                UNION ALL SELECT NULL, statement, revoked_at FROM registry.assignment
                WHERE revoked_at IS NOT NULL
                """, as: RevocationRow.self))
        let chain = Self.chain(snapshot, revocations)
        let digests = (approvals + evaluations).compactMap { SHA256Digest(bytes: $0) }
        let wanted = digests + [row.cardDocument, row.manifestDocument, row.signatureDocument]
        let documents = try Documents.load(wanted, db)
        let examiner = Examiner(
            root: root, identities: snapshot.identities, signatures: signatures,
                chain: chain, schema: schema,
            pack: pack.pack, fold: snapshot.fold, now: now)
        let manifest = documents[row.manifestDocument].flatMap {
            examiner.manifest($0, digest: row.artifact)
        }
        return Dossier(
            row: row, snapshot: snapshot, chain: chain, pack: pack,
            requestPack: try packs.pack(row.policy, db),
            card: examiner.card(documents[row.cardDocument], row), manifest: manifest,
            signature: examiner.signature(documents[row.signatureDocument], manifest, row),
            approvals: approvals.compactMap { SHA256Digest(bytes: $0) }
                .compactMap { documents[$0] }.compactMap { examiner.approval($0, row) },
            evaluations: evaluations.compactMap { SHA256Digest(bytes: $0) }
                .compactMap { documents[$0] }
                .compactMap { examiner.recordedEvaluation($0, row) },
            restrictions: Self.union(restrictions, snapshot.fold.restrictions(of: reference)),
            deployments: Self.union(deployments, snapshot.fold.activeDeployments(of: reference)),
            now: now)
    }

    /// The identities with revocations that only the rows show: what either shows restricts.
    private static func chain(
        _ snapshot: Follower.Snapshot, _ rows: [RevocationRow]
    ) -> TrustChain {
        let fold = snapshot.fold
        let others = rows.compactMap { row -> TrustRevocation? in
            if let key = row.key {
                return fold.revokedKeys[key] == nil
                    ? TrustRevocation(.key(key), effectiveFrom: row.at) : nil
            }
            guard let assignment = row.assignment, fold.revokedAssignments[assignment] == nil else {
                return nil
            }
            return TrustRevocation(.assignment(assignment), effectiveFrom: row.at)
        }
        guard !others.isEmpty else { return snapshot.identities.chain }
        return snapshot.identities.chain(with: others)
    }

    private static func union(
        _ rows: [RestrictionRow], _ fold: [RestrictiveFold.Restriction]
    ) -> [RestrictionFact] {
        var facts: [String: RestrictionFact] = [:]
        for row in rows {
            facts[row.id] = RestrictionFact(
                kind: RestrictionFact.Kind(rawValue: row.kind) ?? .hold, id: row.id, source: .rows,
                reason: row.reason)
        }
        for restriction in fold {
            let kind = RestrictionFact.Kind(rawValue: restriction.kind.rawValue) ?? .hold
            facts[restriction.id] = RestrictionFact(
                kind: kind, id: restriction.id,
                source: facts[restriction.id] == nil ? .log : .both, reason: restriction.reason)
        }
        return facts.values.sorted { $0.id < $1.id }
    }

    private static func union(
        _ rows: [DeploymentRow], _ fold: [RestrictiveFold.Deployment]
    ) -> [DeploymentFact] {
        var facts: [String: DeploymentFact] = [:]
        for row in rows { facts[row.id] = DeploymentFact(id: row.id, environment: row.environment) }
        for deployment in fold {
            facts[deployment.id] = DeploymentFact(
                id: deployment.id, environment: deployment.environment)
        }
        return facts.values.sorted { $0.id < $1.id }
    }

    /// How far the gate's own reading of the log is behind.
    func foldFact(_ snapshot: Follower.Snapshot, _ db: borrowing Connection, now: Timestamp) throws
        -> FoldFact
    {
        let size = try db.one(
            "SELECT size + (SELECT count(*) FROM audit.pending) FROM audit.head", as: Int64.self)
        let isLevel = snapshot.levelAt.map {
            now.milliseconds(since: $0) <= Self.foldBoundMilliseconds
        }
        return FoldFact(
            healthy: isLevel == true && halt.reason == nil && snapshot.identities.missing.isEmpty,
            lagEntries: max(0, size - snapshot.fold.size))
    }

    /// Who asks, with the roles held in the model's namespace by signed assignments.
    func holder(
        _ caller: Caller, in namespace: Namespace, _ chain: TrustChain, at now: Timestamp
    ) -> HolderFact {
        HolderFact(
            principal: caller.principal, person: chain.person(of: caller.person),
            roles: Set(chain.roles(of: caller.principal, in: namespace, at: now).map(\.role)).sorted())
    }
}

private struct RestrictionRow: RowDecodable, Sendable {
    let id: String
    let kind: String
    let reason: String

    init(row: inout Row) throws(DatabaseError) {
        id = try row.next()
        kind = try row.next()
        reason = try row.next()
    }
}

private struct DeploymentRow: RowDecodable, Sendable {
    let id: String
    let environment: EnvironmentName

    init(row: inout Row) throws(DatabaseError) {
        id = try row.next()
        guard let environment = EnvironmentName(try row.next() as String) else {
            throw DatabaseError(.decoding, "a row of registry.deployment is malformed")
        }
        self.environment = environment
    }
}

private struct RevocationRow: RowDecodable, Sendable {
    let key: KeyID?
    let assignment: SHA256Digest?
    let at: Timestamp

    init(row: inout Row) throws(DatabaseError) {
        key = try row.nextOptional(String.self).flatMap { KeyID(hex: $0) }
        assignment = try row.nextOptional([UInt8].self).flatMap { SHA256Digest(bytes: $0) }
        at = Timestamp(try row.next() as SQLTimestamp)
    }
}

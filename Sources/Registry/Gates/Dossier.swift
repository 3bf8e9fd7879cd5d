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
internal import TransparencyLog

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
    /// Whose keys signed which approval.
    let approvalKeys: [SHA256Digest: Set<KeyID>]
    /// What has happened that may call for another look.
    let reviews: ReviewHistory
    /// What the log says of the version's tier.
    let tiers: DeterminedTiers
    let evaluations: [EvaluationFact]
    let restrictions: [RestrictionFact]
    /// Findings that nobody entitled has closed.
    let findings: [FindingFact]
    /// Who is not to judge the version, with all who are the same person.
    let recused: Set<PrincipalID>
    /// Statements that set rules aside, each with what it is worth.
    let waivers: [WaiverFact]
    /// When the glass was broken for the version, with what came of it.
    let emergencies: [Emergency]
    let deployments: [DeploymentFact]
    /// What agents last said of environments, as far as it was asked for.
    let seen: [SeenEnvironment]
    /// Where these bytes came in as legacy, by statements that count.
    let legacy: [RestrictiveFold.Legacy]
    let now: Timestamp

    /// The digest of the evidence set: SHA-256 of the RFC 8785 list of statement digests, ascending.
    ///
    /// Every evaluation that the log holds is in it, whatever its signature is worth by now: otherwise
    /// evidence could be made to vanish without voiding the approvals given over it.
    var evidence: SHA256Digest {
        let recorded = snapshot.record.evaluations(of: row.reference)
        return Self.evidenceDigest(recorded.map(\.statement))
    }

    static func evidenceDigest(_ digests: [SHA256Digest]) -> SHA256Digest {
        SHA256.hash(JSON.array(digests.sorted().map { .string($0.hex) }).canonicalBytes)
    }

    /// What an approval has to name.
    var digests: SignedDigests {
        SignedDigests(
            card: row.card, artifact: row.artifact, evidence: evidence, policy: row.policy)
    }

    var submitter: SubmitterFact {
        SubmitterFact(
            principal: row.submitter, person: chain.person(of: row.person),
            linked: authors.sorted())
    }

    /// Everybody who made the version, with all who are the same person.
    var authors: Set<PrincipalID> { Self.authors(row, chain, signature.signer) }

    /// Everybody who made the version, with all who are the same person: none of them may judge it.
    static func authors(
        _ row: VersionRow, _ chain: TrustChain, _ signer: PrincipalID?
    ) -> Set<PrincipalID> {
        let ids = [row.submitter, row.person] + (signer.map { [$0] } ?? [])
        return Set(ids.flatMap { chain.linked(to: $0) })
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

    /// What the log says of people now, with everything that restricts them: in the log, committed but
    /// not read yet, or in rows alone. The caller holds the locks of those it asks about.
    func identities(
        _ db: borrowing Connection
    ) throws -> (snapshot: Follower.Snapshot, chain: TrustChain) {
        let snapshot = try upToDate(follower.snapshot, db)
        let revocations = try db.all(Self.revocations, as: RevocationRow.self)
        return (snapshot, Self.chain(snapshot, revocations))
    }

    private static let revocations: SQL = """
        SELECT key_id, NULL::bytea, revoked_at FROM registry.credential
        WHERE revoked_at IS NOT NULL
        UNION ALL SELECT NULL, statement, revoked_at FROM registry.assignment
        WHERE revoked_at IS NOT NULL
        UNION ALL SELECT NULL, statement, revoked_at FROM registry.delegation
        WHERE revoked_at IS NOT NULL
        """

    /// Loads and checks everything about a version; the caller holds its locks.
    ///
    /// - Parameters:
    ///   - since: what was over by then is left out; now unless stated.
    ///   - observing: which environments to learn about.
    func dossier(
        of reference: VersionReference, _ db: borrowing Connection, now: Timestamp,
        since: Timestamp? = nil,
        observing: (RestrictiveFold) -> [RestrictiveFold.Observation] = { _ in [] }
    ) throws -> Dossier {
        let stored = try VersionRow.require(reference, db)
        let snapshot = try upToDate(follower.snapshot, db)
        let row = try believed(stored, snapshot)
        guard let pack = try packs.active(db) else {
            throw Refusal(
                .conflict, "policy-missing", "No policy pack is in force that can be read.")
        }
        let name = reference.description
        let (approvals, restrictions, findings, recused, deployments, revocations) =
            try db.pipeline(
                Ask.all(
                    "SELECT document FROM registry.approval WHERE version = \(name) ORDER BY statement",
                    as: [UInt8].self),
                Ask.all(
                    """
                    SELECT id, kind, reason FROM registry.restriction
                    WHERE version = \(name) AND lifted_at IS NULL
                    UNION ALL SELECT encode(certificate, 'hex'), 'retirement', reason
                    FROM registry.retirement WHERE version = \(name) ORDER BY 1
                    """, as: RestrictionRow.self),
                Ask.all(FindingRow.open(of: name), as: FindingRow.self),
                Ask.all(
                    "SELECT principal FROM registry.abstention WHERE version = \(name) AND meaning <> 'abstain'",
                    as: String.self),
                Ask.all(
                    """
                    SELECT id, environment FROM registry.deployment
                    WHERE version = \(name) AND (state = 'active'
                        OR (state = 'permitted' AND not_after > \(SQLTimestamp(now)))
                        OR (state = 'ended' AND run_until > \(SQLTimestamp(now)))) ORDER BY id
                    """, as: DeploymentRow.self),
                Ask.all(Self.revocations, as: RevocationRow.self))
        let chain = Self.chain(snapshot, revocations)
        let statements = approvals.compactMap { SHA256Digest(bytes: $0) }
        let observations = observing(snapshot.fold)
        let documents = try documentCache.load(
            DossierSources.documents(
                of: row, approvals: statements, in: snapshot, at: since ?? now)
                + observations.map(\.event.document), db)
        let sources = DossierSources(
            root: root, schema: schema, cache: documentCache, row: row, snapshot: snapshot,
            chain: chain, pack: pack, requestPack: try packs.pack(row.policy, db),
            approvals: statements, documents: documents, restrictions: restrictions,
            findings: findings, recused: recused.compactMap { PrincipalID($0) },
            holds: try holdFacts(on: reference, snapshot, db),
            deployments: Self.union(
                deployments, snapshot.fold.activeDeployments(of: reference, at: now)),
            observations: observations,
            packs: try history(of: snapshot.fold.packs, for: pack.pack, db), now: now,
            since: since)
        return Dossier(sources, stored: stored)
    }

    /// The version as the log has it; a row alone is nothing.
    func believed(
        _ stored: VersionRow, _ snapshot: Follower.Snapshot
    ) throws(Refusal) -> VersionRow {
        guard let submission = snapshot.record.submission(of: stored.reference),
            let row = VersionRow(submission, state: stored.state)
        else {
            throw Refusal(
                .conflict, "version-not-in-log",
                "The log does not know \(stored.reference), or not yet.",
                hint: "Try again in a moment; if it stays so, run `imprimatur audit replay`.")
        }
        return row
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
    func foldFact(_ snapshot: Follower.Snapshot, now: Timestamp) -> FoldFact {
        let isLevel = snapshot.levelAt.map {
            now.milliseconds(since: $0) <= Self.foldBoundMilliseconds
        }
        let healthy =
            isLevel == true && snapshot.isWhole && snapshot.overdue.isEmpty && halt.reason == nil
            && snapshot.identities.missing.isEmpty
        return FoldFact(healthy: healthy, lagEntries: snapshot.unread)
    }

    /// Who asks, with the roles held in the model's namespace by signed assignments.
    func holder(
        _ caller: Caller, in namespace: Namespace, _ chain: TrustChain, at now: Timestamp
    ) -> HolderFact {
        HolderFact(
            principal: caller.principal, person: chain.person(of: caller.person),
            roles: Set(chain.roles(of: caller.principal, in: namespace, at: now).map(\.role))
                .sorted())
    }
}

struct RestrictionRow: RowDecodable, Sendable {
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

// What readers see of versions and people: projections, with what is still missing computed when asked.

package import Attestation
package import CanonicalJSON
internal import Cryptography
internal import Database
package import Governance

extension Registry {
    /// The status document of a version: its digests, its evidence, and what it still lacks.
    package func status(of reference: VersionReference) async throws -> JSON {
        try await database.read { db in try status(of: reference, db) }
    }

    private func status(of reference: VersionReference, _ db: borrowing Connection) throws -> JSON {
        let now = clock()
        let dossier = try dossier(of: reference, db, now: now) { $0.observations(about: reference) }
        let row = dossier.row
        let digests = dossier.digests
        return [
            "version": .text(reference), "label": .string(row.label),
            "tier": .string("\(dossier.tier.rawValue)"), "state": .string(row.state),
            "tierDetermination": dossier.tiers.fact.json,
            "submittedAt": .text(row.submittedAt), "submitter": .text(row.submitter),
            "digests": [
                "card": .digest(digests.card), "artifact": .digest(digests.artifact),
                "evidence": .digest(digests.evidence), "policy": .digest(digests.policy),
            ],
            "activePolicy": .digest(dossier.pack.pack.digest),
            "request": [
                "id": .string(row.request.id), "nonce": .string(row.request.nonce),
                "open": .bool(dossier.isOpen),
            ],
            "approvals": .array(dossier.approvalsAnywhere.map(\.json)),
            "alerts": .array(
                dossier.snapshot.fold.alerts[reference].map { alert in
                    .object(alert.event.members.merging(["at": .text(alert.at)]) { old, _ in old })
                }),
            "evaluations": .array(dossier.evaluations.map(\.json)),
            "restrictions": .array((dossier.restrictions + dossier.halts()).map(\.json)),
            "findings": .array(dossier.findings.map(\.json)),
            "abstentions": .array(
                dossier.snapshot.fold.abstentions(of: reference).map { .object($0.members) }),
            "provenance": .array(Self.provenance(of: dossier)),
            "waivers": .array(dossier.waivers.map(\.json)),
            "breakGlass": .array(dossier.emergencies.map { $0.status(at: now) }),
            "deployments": .array(try Self.deployments(of: reference, db)),
            "legacy": .array(dossier.legacyStatus),
            "snapshots": .array(dossier.seen.map { dossier.status(of: $0) }),
            "disposals": .array(try Self.disposed(of: reference, db)),
            "missing": .array(missing(dossier, now)),
            "files": dossier.manifest?.json ?? .null,
            "development": .bool(root.development),
        ]
    }

    /// What stands between a version and its deployment, leaving aside who asks for it and where.
    private func missing(_ dossier: Dossier, _ now: Timestamp) -> [JSON] {
        // Any environment and requester do: their own rules are left out below.
        guard let environment = EnvironmentName("production") else { return [] }
        let facts = dossier.deployFacts(
            presented: dossier.row.artifact, environment: environment, target: "", use: nil,
            requester: HolderFact(
                principal: dossier.row.submitter, person: dossier.row.person,
                roles: Role.allCases), fold: FoldFact(healthy: true, lagEntries: 0))
        let decision = dossier.pack.pack.decide(
            gate: .deploy, subject: .version(dossier.row.reference), facts: facts.json, now: now)
        let reasons = decision.denials.map { rule -> JSON in
            ["kind": "rule", "id": .string(rule.id), "detail": .string(rule.reason ?? rule.title)]
        }
        return decision.missing.map(\.json) + reasons
    }

    private static func deployments(
        of reference: VersionReference, _ db: borrowing Connection
    ) throws -> [JSON] {
        try db.all(
            """
            SELECT id, environment, target, state, not_after FROM registry.deployment
            WHERE version = \(reference.description) ORDER BY permitted_at, id
            """, as: (String, String, String, String, SQLTimestamp).self
        ).map { id, environment, target, state, notAfter in
            [
                "id": .string(id), "environment": .string(environment), "target": .string(target),
                "state": .string(state), "notAfter": .text(Timestamp(notAfter)),
            ]
        }
    }

    /// A version's signed card, for anybody with a role in its namespace; people are commitments in it.
    ///
    /// The log says which card it is, as for the gate; a row says only that there is a version.
    package func card(
        of reference: VersionReference, for caller: Caller
    ) async throws -> Envelope {
        try require(Set(Role.allCases), of: caller, in: reference.model.namespace)
        let log = follower.snapshot
        let (row, bytes) = try await database.read { db in
            let row = try believed(VersionRow.require(reference, db), log)
            return (row, try Documents.load([row.cardDocument], db)[row.cardDocument])
        }
        guard let bytes, let envelope = try? Envelope(parsing: bytes),
            envelope.payloadDigest == row.card
        else {
            throw Refusal(
                .notFound, "card-gone", "The card of \(reference) is not there any more.")
        }
        return envelope
    }

    /// The versions of a model, newest last.
    package func versions(of model: ModelName) async throws -> JSON {
        let rows = try await database.read { db in
            try db.all(
                """
                SELECT name, label, tier, state, submitted_at FROM registry.version
                WHERE model = \(model.description) ORDER BY number
                """, as: (String, String, String, String, SQLTimestamp).self)
        }
        let legacy = follower.snapshot.fold.legacy(of: model)
        guard !rows.isEmpty || !legacy.isEmpty else {
            throw Refusal(.notFound, "model-unknown", "There is no model \(model).")
        }
        let now = clock()
        return [
            "model": .text(model), "legacy": .array(legacy.map { $0.status(at: now) }),
            "versions": .array(
                rows.map { name, label, tier, state, submittedAt in
                    [
                        "version": .string(name), "label": .string(label), "tier": .string(tier),
                        "state": .string(state), "submittedAt": .text(Timestamp(submittedAt)),
                    ]
                }),
        ]
    }

    /// Names of models after `cursor`, in order, at most `limit`.
    package func models(after cursor: String, limit: Int) async throws -> [(
        name: String, versions: Int64
    )] {
        try await database.read { db in
            try db.all(
                """
                SELECT name, versions FROM registry.model WHERE name > \(cursor)
                ORDER BY name LIMIT \(limit)
                """, as: (String, Int64).self)
        }.map { (name: $0.0, versions: $0.1) }
    }

    /// Who a caller is, with the roles that signed assignments give now.
    package func whoami(_ caller: Caller) -> JSON {
        [
            "principal": .text(caller.principal), "person": .text(caller.person),
            "kind": .string(caller.kind.rawValue), "origin": .string(root.origin),
            "development": .bool(root.development),
            "roles": .array(roleList(of: caller.principal)),
            "delegations": .array(delegationList(of: caller.principal)),
        ]
    }

    private func roleList(of principal: PrincipalID) -> [JSON] {
        let now = clock()
        return follower.snapshot.identities.chain.assignments(of: principal, at: now).map { held in
            [
                "role": .text(held.assignment.role), "namespace": .text(held.assignment.namespace),
                "assignment": .digest(held.digest),
            ]
        }
    }

    /// A principal with its keys and role assignments.
    package func principal(_ id: PrincipalID) async throws -> JSON {
        let name = id.description
        let (principal, keys, roles) = try await database.read { db in
            try db.pipeline(
                Ask.oneOrNil(
                    "SELECT kind, person FROM registry.principal WHERE id = \(name)",
                    as: PrincipalRow.self),
                Ask.all(
                    """
                    SELECT key_id, encode(statement, 'hex'), NULL, valid_from, valid_until, revoked_at
                    FROM registry.credential WHERE principal = \(name) ORDER BY valid_from, key_id
                    """, as: ValidityRow.self),
                Ask.all(
                    """
                    SELECT role, encode(statement, 'hex'), namespace, valid_from, valid_until, revoked_at
                    FROM registry.assignment WHERE principal = \(name) ORDER BY valid_from, statement
                    """, as: ValidityRow.self))
        }
        guard let principal else {
            throw Refusal(.notFound, "principal-unknown", "\(id) is not registered.")
        }
        return [
            "principal": .text(id), "kind": .string(principal.kind),
            "person": .string(principal.person),
            "keys": .array(keys.map { $0.json(as: "key") }),
            "roles": .array(roles.map { $0.json(as: "role") }),
            "delegations": .array(delegationList(of: id)),
        ]
    }
}

private struct PrincipalRow: RowDecodable, Sendable {
    let kind: String
    let person: String

    init(row: inout Row) throws(DatabaseError) {
        kind = try row.next()
        person = try row.next()
    }
}

private struct ValidityRow: RowDecodable, Sendable {
    let name: String
    let statement: String
    let namespace: String?
    let from: Timestamp
    let until: Timestamp
    let revokedAt: Timestamp?

    init(row: inout Row) throws(DatabaseError) {
        name = try row.next()
        statement = try row.next()
        namespace = try row.nextOptional()
        from = Timestamp(try row.next() as SQLTimestamp)
        until = Timestamp(try row.next() as SQLTimestamp)
        revokedAt = try row.nextOptional(SQLTimestamp.self).map { Timestamp($0) }
    }

    func json(as label: String) -> JSON {
        var members: [String: JSON] = [
            label: .string(name), "statement": .string(statement), "validFrom": .text(from),
            "validUntil": .text(until), "revokedAt": revokedAt.map { .text($0) } ?? .null,
        ]
        if let namespace { members["namespace"] = .string(namespace) }
        return .object(members)
    }
}

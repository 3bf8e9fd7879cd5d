// Places holds and releases them.
//
// To place one is restrictive: one compliance officer suffices. To release one is permissive: it counts
// only as a statement that two people signed, one of them from outside the namespace, and it is judged
// again from that statement whenever somebody asks, so that no row and no entry alone ends a hold (I6).

package import Attestation
package import CanonicalJSON
internal import Cryptography
internal import Database
package import Governance

extension Registry {
    /// Places a hold: nothing about the subject may be erased or disposed of until it is released.
    package func placeHold(
        on scope: HoldScope, for namespace: Namespace, reason: String, _ request: Request
    ) async throws -> Outcome {
        let caller = try caller(of: request)
        if case .version(let version) = scope, version.model.namespace != namespace {
            throw Refusal(
                .unprocessable, "namespace-mismatch",
                "\(version) is in the namespace \(version.model.namespace).")
        }
        try require([.complianceOfficer], of: caller, in: namespace)
        guard (1...Self.longestReason).contains(reason.unicodeScalars.count) else {
            throw Refusal(
                .unprocessable, "reason-missing",
                "A reason of 1 to \(Self.longestReason) characters is needed.")
        }
        let id = Self.makeID("h-")
        return try await record(
            request,
            Subjects(
                written: [scope.description], read: [Subjects.principal(caller.principal)])
        ) { db, _ in
            switch scope {
            case .version(let version): _ = try VersionRow.require(version, db)
            case .principal(let principal): try Self.requirePrincipal(principal, db)
            }
            return Act(
                .holdPlaced(
                    HoldPlaced(hold: id, scope: scope, namespace: namespace, reason: reason)))
        }
    }

    static func requirePrincipal(
        _ principal: PrincipalID, _ db: borrowing Connection
    ) throws {
        let exists = try db.one(
            "SELECT EXISTS (SELECT FROM registry.principal WHERE id = \(principal.description))",
            as: Bool.self)
        guard exists else {
            throw Refusal(.notFound, "principal-unknown", "\(principal) is not registered.")
        }
    }

    /// Releases a hold by a statement that two people signed.
    package func releaseHold(
        _ id: String, _ envelope: Envelope, _ request: Request
    ) async throws -> Outcome {
        let caller = try caller(of: request)
        let release = try readRelease(envelope)
        guard release.hold == id else {
            throw Refusal(
                .unprocessable, "hold-mismatch", "The statement is about the hold \(release.hold).")
        }
        let document = envelope.canonicalBytes
        let subjects = Subjects(
            written: [release.scope.description],
            read: Set(
                [caller.principal, release.inside.principal, release.outside.principal]
                    .map(Subjects.principal)))
        return try await record(request, subjects) { db, now in
            let snapshot = try upToDate(follower.snapshot, db)
            guard let hold = snapshot.fold.personal.holds[id] else {
                throw Refusal(.notFound, "hold-unknown", "There is no hold \(id).")
            }
            guard try inForce(hold, snapshot, db) else {
                throw Refusal(.conflict, "hold-released", "The hold \(id) is released already.")
            }
            let problems = release.problems(
                of: hold.placed, signers: snapshot.identities.signers(of: envelope),
                chain: snapshot.identities.chain, people: Self.people(of: hold.placed, snapshot),
                origin: root.origin, at: now)
            guard problems.isEmpty else {
                throw Refusal(
                    .unprocessable, "release-not-entitled",
                    "The statement does not end the hold: "
                        + problems.map(\.code).joined(separator: ", ") + ".",
                    findings: problems,
                    hint:
                        "A compliance officer of \(hold.placed.namespace) and somebody from outside "
                        + "of it sign together.")
            }
            return Act(
                .holdReleased(
                    HoldReleased(
                        hold: id, scope: release.scope, reason: release.reason,
                        statement: envelope.payloadDigest, document: SHA256.hash(document))),
                documents: [document])
        }
    }

    private func readRelease(_ envelope: Envelope) throws(Refusal) -> HoldRelease {
        try Refusal.reading("release-malformed", "The statement is no release of a hold.") {
            try HoldRelease(reading: Statement(parsing: envelope.payload))
        }
    }

    /// Whom a hold concerns: none of them may release it.
    private static func people(
        of hold: HoldPlaced, _ snapshot: Follower.Snapshot
    ) -> Set<PrincipalID> {
        switch hold.scope {
        case .principal(let principal): [principal]
        case .version: []
        }
    }

    /// Whether a hold is in force: it is, unless a release that the log holds counts by what was signed.
    func inForce(
        _ hold: PersonalFold.Hold, _ snapshot: Follower.Snapshot, _ db: borrowing Connection
    ) throws -> Bool {
        guard !hold.releases.isEmpty else { return true }
        return Self.inForce(
            hold, snapshot, root: root,
            documents: try Documents.load(hold.releases.map(\.event.document), db))
    }

    /// The same, with the documents of the releases at hand.
    static func inForce(
        _ hold: PersonalFold.Hold, _ snapshot: Follower.Snapshot, root: TrustRoot,
        documents: [SHA256Digest: [UInt8]]
    ) -> Bool {
        !hold.releases.contains { release in
            guard let bytes = documents[release.event.document],
                let envelope = try? Envelope(parsing: bytes),
                envelope.payloadType == Statement.payloadType,
                envelope.payloadDigest == release.event.statement,
                let statement = try? Statement(parsing: envelope.payload),
                let signed = try? HoldRelease(reading: statement)
            else { return false }
            return signed.problems(
                of: hold.placed, signers: snapshot.identities.signers(of: envelope),
                chain: snapshot.identities.chain, people: Self.people(of: hold.placed, snapshot),
                origin: root.origin, at: release.at
            ).isEmpty
        }
    }

    /// A hold in force, and which of rows and log shows it.
    struct ForcedHold: Sendable {
        let placed: HoldPlaced
        let source: RestrictionFact.Source
    }

    /// Every hold that rows or log show to be in force, in order of id.
    func holdsInForce(
        _ snapshot: Follower.Snapshot, _ db: borrowing Connection
    ) throws -> [ForcedHold] {
        let rows = try db.all(
            """
            SELECT id, scope, namespace, reason FROM registry.hold WHERE released_at IS NULL
            """, as: (String, String, String, String).self)
        var found: [String: ForcedHold] = [:]
        for (id, scope, namespace, reason) in rows {
            guard let scope = HoldScope(scope), let namespace = Namespace(namespace) else {
                throw DatabaseError(.decoding, "a row of registry.hold is malformed")
            }
            let placed = HoldPlaced(hold: id, scope: scope, namespace: namespace, reason: reason)
            found[id] = ForcedHold(placed: placed, source: .rows)
        }
        for (id, hold) in snapshot.fold.personal.holds where try inForce(hold, snapshot, db) {
            found[id] = ForcedHold(placed: hold.placed, source: found[id] == nil ? .log : .both)
        }
        return found.values.sorted { $0.placed.hold < $1.placed.hold }
    }

    /// The holds on one version, as gates see them.
    func holdFacts(
        on version: VersionReference, _ snapshot: Follower.Snapshot, _ db: borrowing Connection
    ) throws -> [RestrictionFact] {
        let isNamed = snapshot.fold.personal.holds.values.contains {
            $0.placed.scope == .version(version)
        }
        let rows = try db.one(
            """
            SELECT EXISTS (SELECT FROM registry.hold
                           WHERE scope = \(HoldScope.version(version).description))
            """, as: Bool.self)
        guard isNamed || rows else { return [] }
        return try holdsInForce(snapshot, db).filter { $0.placed.scope == .version(version) }
            .map {
                RestrictionFact(
                    kind: .hold, id: $0.placed.hold, source: $0.source, reason: $0.placed.reason)
            }
    }

    /// Every hold, released ones included, newest first.
    package func holds() async throws -> JSON {
        let rows = try await database.read { db in
            try db.all(
                """
                SELECT id, scope, namespace, reason, actor, placed_at, released_at, release_reason
                FROM registry.hold ORDER BY placed_at DESC, id LIMIT 1000
                """, as: HoldRow.self)
        }
        return ["holds": .array(rows.map(\.json))]
    }
}

/// One row of registry.hold, for readers.
private struct HoldRow: RowDecodable, Sendable {
    let json: JSON

    init(row: inout Row) throws(DatabaseError) {
        let id: String = try row.next()
        let scope: String = try row.next()
        let namespace: String = try row.next()
        let reason: String = try row.next()
        let actor: String = try row.next()
        let placedAt = Timestamp(try row.next() as SQLTimestamp)
        let releasedAt = try row.nextOptional(SQLTimestamp.self).map { Timestamp($0) }
        let releaseReason = try row.nextOptional(String.self)
        json = [
            "hold": .string(id), "scope": .string(scope), "namespace": .string(namespace),
            "reason": .string(reason), "placedBy": .string(actor), "placedAt": .text(placedAt),
            "releasedAt": releasedAt.map { .text($0) } ?? .null,
            "releaseReason": releaseReason.map(JSON.string) ?? .null,
        ]
    }
}

// The answer to "was this version validly deployed at that time?", from the record.
//
// Valid means: a deployment was permitted or ran then; nothing restricted the version then; and what
// permitted it holds by what is known now (Hindsight.swift). Rows say when what happened; they are compared
// with what the gate's fold of the log knows, and where they differ there is no answer.

package import CanonicalJSON
internal import Cryptography
internal import Database
package import Governance

extension Registry {
    /// Whether a version was validly deployed at a time; the document says `null` where it cannot tell.
    ///
    /// - Parameter environment: only deployments there count; nil for any.
    package func validity(
        of reference: VersionReference, at time: Timestamp, in environment: EnvironmentName?
    ) async throws -> JSON {
        let now = clock()
        guard time <= now else {
            throw Refusal(
                .unprocessable, "time-in-future", "Nobody knows yet what will be at \(time).")
        }
        return try await database.read { db in
            let dossier = try dossier(of: reference, db, now: now, since: time)
            let restrictions = try restrictions(of: reference, db)
            let all = try db.all(
                """
                SELECT id, environment, target, permitted_at, not_after, confirmed_at, ended_at,
                       run_until
                FROM registry.deployment WHERE version = \(reference.description)
                ORDER BY permitted_at, id
                """, as: DeploymentLine.self)
            let known = Set(dossier.deployments.map(\.id))
            let unknown = known.subtracting(all.map(\.id)).sorted()
            var deployments: [JSON] = []
            var stood = false
            var unjudged: [String] = []
            for line in all where environment == nil || line.environment == environment?.description
            {
                let again = try judgeAgain(line.id, dossier, at: time, db)
                let state = line.state(at: time)
                if state.isCovered, again?.verdict == .allow { stood = true }
                if state.isCovered, again == nil { unjudged.append(line.id) }
                deployments.append(line.json(state, again))
            }
            let standing = restrictions.filter { $0.holds(at: time) }
            let missing = Set(dossier.restrictions.filter { $0.source == .log }.map(\.id))
                .union(unknown)
            var reasons = standing.map { "\($0.kind) \($0.id) since \($0.from): \($0.reason)" }
            if !stood, unjudged.isEmpty {
                reasons.append("no deployment that holds by what is known now covered that time")
            }
            for id in stood ? [] : unjudged {
                reasons.append("\(id) covered that time, and its pack or facts cannot be read now")
            }
            for id in missing.sorted() {
                reasons.append("\(id) is in the log and not in the tables: run `audit replay`")
            }
            let valid: Bool? =
                if !missing.isEmpty {
                    nil
                } else if stood || !standing.isEmpty {
                    stood && standing.isEmpty
                } else {
                    unjudged.isEmpty ? false : nil
                }
            return [
                "version": .text(reference), "at": .text(time), "now": .text(now),
                "environment": environment.map(JSON.text) ?? .null,
                "valid": valid.map(JSON.bool) ?? .null,
                "reasons": .array(reasons.map(JSON.string)),
                "deployments": .array(deployments),
                "restrictions": .array(standing.map(\.json)),
            ]
        }
    }

    private func restrictions(
        of reference: VersionReference, _ db: borrowing Connection
    ) throws -> [RestrictionLine] {
        let name = reference.description
        return try db.all(
            """
            SELECT id, kind, reason, at, lifted_at FROM registry.restriction
            WHERE version = \(name)
            UNION ALL SELECT encode(certificate, 'hex'), 'retirement', reason, at, NULL
            FROM registry.retirement WHERE version = \(name)
            UNION ALL SELECT id, 'hold', reason, placed_at, released_at
            FROM registry.hold WHERE scope = \(HoldScope.version(reference).description)
            UNION ALL SELECT encode(statement, 'hex'), 'finding', summary,
                             CASE WHEN blocking THEN raised_at ELSE due_at END, closed_at
            FROM registry.finding WHERE version = \(name)
                AND (blocking OR closed_at IS NULL OR due_at < closed_at)
            ORDER BY 4, 1
            """, as: RestrictionLine.self)
    }
}

/// What was held against a version, from when until when.
private struct RestrictionLine: RowDecodable, Sendable {
    let id: String
    let kind: String
    let reason: String
    let from: Timestamp
    let until: Timestamp?

    init(row: inout Row) throws(DatabaseError) {
        id = try row.next()
        kind = try row.next()
        reason = try row.next()
        from = Timestamp(try row.next() as SQLTimestamp)
        until = try row.nextOptional(SQLTimestamp.self).map { Timestamp($0) }
    }

    func holds(at time: Timestamp) -> Bool { from <= time && until.map { time < $0 } ?? true }

    var json: JSON {
        [
            "id": .string(id), "kind": .string(kind), "reason": .string(reason),
            "since": .text(from), "until": until.map { .text($0) } ?? .null,
        ]
    }
}

/// A deployment with its times.
private struct DeploymentLine: RowDecodable, Sendable {
    let id: String
    let environment: String
    let target: String
    let permittedAt: Timestamp
    let notAfter: Timestamp
    let confirmedAt: Timestamp?
    let endedAt: Timestamp?
    let runUntil: Timestamp?

    init(row: inout Row) throws(DatabaseError) {
        id = try row.next()
        environment = try row.next()
        target = try row.next()
        permittedAt = Timestamp(try row.next() as SQLTimestamp)
        notAfter = Timestamp(try row.next() as SQLTimestamp)
        confirmedAt = try row.nextOptional(SQLTimestamp.self).map { Timestamp($0) }
        endedAt = try row.nextOptional(SQLTimestamp.self).map { Timestamp($0) }
        runUntil = try row.nextOptional(SQLTimestamp.self).map { Timestamp($0) }
    }

    enum State: String {
        case future = "not yet permitted"
        case permitted
        case running
        case ended
        case expired

        var isCovered: Bool { self == .permitted || self == .running }
    }

    func state(at time: Timestamp) -> State {
        if time < permittedAt { return .future }
        if let endedAt, endedAt <= time { return .ended }
        if let confirmedAt, confirmedAt <= time { return .running }
        return time < notAfter ? .permitted : .expired
    }

    func json(_ state: State, _ again: Decision?) -> JSON {
        [
            "id": .string(id), "environment": .string(environment), "target": .string(target),
            "state": .string(state.rawValue), "permittedAt": .text(permittedAt),
            "notAfter": .text(notAfter), "confirmedAt": confirmedAt.map { .text($0) } ?? .null,
            "endedAt": endedAt.map { .text($0) } ?? .null,
            "runUntil": runUntil.map { .text($0) } ?? .null,
            "hindsight": again.map { decision in
                [
                    "verdict": .string(decision.verdict.rawValue),
                    "denials": .array(
                        decision.denials.map { rule in
                            [
                                "id": .string(rule.id),
                                "reason": .string(rule.reason ?? rule.title),
                            ]
                        }),
                ]
            } ?? .null,
        ]
    }
}

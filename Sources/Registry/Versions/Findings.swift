// What reviewers find about a version: put on record by one of them, closed by one who may (I6).
//
// A finding restricts whatever becomes of the one who signed it. That it was closed is the log's word as an
// index only: at each gate the closing statement is read again, and counts only if its signer might close
// this finding when the log took it. Where it does not count, or where rows do not show it, the finding
// stands.

package import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Governance

extension Registry {
    /// Most findings that a version can have, so that a gate's work is bounded.
    private static let mostFindings = 500

    /// Puts a reviewer's finding on record.
    package func raiseFinding(_ envelope: Envelope, _ request: Request) async throws -> Outcome {
        try await recordStatement(
            ValidationFinding.self, envelope, request,
            named: ("finding", "The statement is no finding.")
        ) { asked in
            let (finding, dossier) = (asked.statement, asked.dossier)
            let reference = finding.version
            guard dossier.row.state != "retired" else {
                throw Refusal(.conflict, "version-closed", "\(reference) is retired.")
            }
            let known = dossier.snapshot.fold.findings(of: reference)
            guard !known.contains(where: { $0.statement == asked.id }) else {
                throw Refusal(
                    .conflict, "finding-known", "The finding \(asked.id) is on record already.")
            }
            guard known.count < Self.mostFindings else {
                throw Refusal(
                    .conflict, "findings-too-many",
                    "\(reference) has \(Self.mostFindings) findings: no more can be recorded.",
                    hint: "Suspend the version instead.")
            }
            guard dossier.snapshot.record.principals[finding.owner] != nil else {
                throw Refusal(
                    .unprocessable, "owner-unknown",
                    "Nobody is registered as \(finding.owner), who shall see to the finding.")
            }
            try asked.require(
                finding.problems(in: asked.scene), or: "finding-not-entitled",
                "The statement does not count",
                hint: "Whoever may approve in the model's namespace signs a finding.")
            return Act(
                .findingRaised(
                    FindingRaised(finding, statement: asked.id, document: asked.documentDigest)),
                documents: [asked.document])
        }
    }

    /// Closes a finding by a reviewer's statement.
    package func closeFinding(_ envelope: Envelope, _ request: Request) async throws -> Outcome {
        try await recordStatement(
            FindingClosure.self, envelope, request,
            named: ("closure", "The statement closes no finding.")
        ) { asked in
            let (closure, dossier) = (asked.statement, asked.dossier)
            let raised = dossier.snapshot.fold.findings(of: closure.version).first {
                $0.statement == closure.finding
            }
            guard let raised, dossier.findings.contains(where: { $0.id == closure.finding.hex })
            else {
                throw Refusal(
                    .conflict, "finding-unknown",
                    "\(closure.version) has no open finding \(closure.finding).")
            }
            try asked.requireNobodyRecused()
            try asked.require(
                closure.problems(
                    closing: raised, digests: dossier.digests, authors: dossier.authors,
                    in: asked.scene),
                or: "closure-not-entitled", "The statement does not close the finding",
                hint: "Neither who made the version nor who had to see to it closes a finding.")
            return Act(
                .findingClosed(
                    FindingClosed(
                        version: closure.version, finding: closure.finding, statement: asked.id,
                        document: asked.documentDigest, resolution: closure.resolution,
                        reason: closure.reason)),
                documents: [asked.document])
        }
    }
}

/// A finding that a row shows as open.
struct FindingRow: RowDecodable, Sendable {
    let fact: FindingFact
    let isCondition: Bool
    let summary: String

    init(row: inout Row) throws(DatabaseError) {
        let id: String = try row.next()
        let severity: String = try row.next()
        let blocking: Bool = try row.next()
        summary = try row.next()
        let owner: String = try row.next()
        let dueAt = Timestamp(try row.next() as SQLTimestamp)
        isCondition = try row.next()
        let role: String = try row.next()
        // What cannot be read restricts as the worst that it may be.
        guard let owner = PrincipalID(owner) else {
            throw DatabaseError(.decoding, "a row of registry.finding is malformed")
        }
        let known = (FindingSeverity(rawValue: severity), Role(rawValue: role))
        fact = FindingFact(
            id: id, severity: known.0 ?? .critical,
            blocking: blocking || known.0 == nil || known.1 == nil, role: known.1 ?? .riskOfficer,
            owner: owner, dueAt: dueAt, source: .rows)
    }

    /// The question for those of a version.
    static func open(of version: String) -> SQL {
        """
        SELECT encode(statement, 'hex'), severity, blocking, summary, owner, due_at,
               approval IS NOT NULL, role
        FROM registry.finding WHERE version = \(version) AND closed_at IS NULL ORDER BY statement
        """
    }
}

/// A finding that stands, and why.
struct OpenFinding {
    let fact: FindingFact
    let isCondition: Bool
    let summary: String

    /// What the finding restricts at a time; nil when it does not, or not yet.
    func restriction(at now: Timestamp) -> RestrictionFact? {
        guard fact.blocking || fact.dueAt <= now else { return nil }
        let what = isCondition ? "condition" : "\(fact.severity.rawValue) finding"
        let late = fact.blocking ? "" : " not met by \(fact.dueAt)"
        return RestrictionFact(
            kind: .finding, id: fact.id, source: fact.source, reason: "\(what)\(late): \(summary)")
    }
}

extension DossierSources {
    /// The union of what rows show as open and what the log shows as raised and not closed by anybody
    /// entitled.
    func openFindings(_ authors: Set<PrincipalID>) -> [OpenFinding] {
        var open: [String: OpenFinding] = [:]
        for row in findings {
            open[row.fact.id] = OpenFinding(
                fact: row.fact, isCondition: row.isCondition, summary: row.summary)
        }
        let closures = snapshot.fold.closures(of: row.reference)
        for raised in snapshot.fold.findings(of: row.reference)
        where !closures.contains(where: { closes($0, raised, authors) }) {
            let id = raised.statement.hex
            open[id] = OpenFinding(
                fact: FindingFact(
                    id: id, severity: raised.severity, blocking: raised.blocking, role: raised.role,
                    owner: raised.owner, dueAt: raised.dueAt,
                    source: open[id] == nil ? .log : .both),
                isCondition: raised.approval != nil, summary: raised.summary)
        }
        return open.values.sorted { $0.fact.id < $1.fact.id }
    }

    /// Whether a closure that the log has is a word that counts.
    private func closes(
        _ closure: RestrictiveFold.Closure, _ raised: FindingRaised, _ authors: Set<PrincipalID>
    ) -> Bool {
        guard closure.event.finding == raised.statement,
            let (signed, scene) = signed(
                FindingClosure.self, closure.event.statement, in: closure.event.document,
                at: closure.at)
        else { return false }
        return signed.problems(
            closing: raised, digests: digests(asIn: signed.digests), authors: authors, in: scene
        ).isEmpty
    }
}

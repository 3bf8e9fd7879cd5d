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
        let caller = try caller(of: request)
        let finding = try read(envelope, "finding-malformed", "The statement is no finding.") {
            (statement: Statement) throws(JSONFindings) in
            try ValidationFinding(reading: statement)
        }
        let document = envelope.canonicalBytes
        let reference = finding.version
        let subjects = Subjects(
            written: [Subjects.version(reference)],
            read: [
                Subjects.principal(caller.principal), Subjects.principal(finding.signer.principal),
            ])
        return try await record(request, subjects, alone: true) { db, now in
            let dossier = try dossier(of: reference, db, now: now)
            guard dossier.row.state != "retired" else {
                throw Refusal(.conflict, "version-closed", "\(reference) is retired.")
            }
            let known = dossier.snapshot.fold.findings(of: reference)
            guard !known.contains(where: { $0.statement == envelope.payloadDigest }) else {
                throw Refusal(
                    .conflict, "finding-known",
                    "The finding \(envelope.payloadDigest) is on record already.")
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
            let problems = finding.problems(
                origin: root.origin, artifact: dossier.row.artifact,
                keys: dossier.snapshot.identities.signers(of: envelope), chain: dossier.chain,
                at: now)
            guard problems.isEmpty else {
                throw Refusal(
                    .unprocessable, "finding-not-entitled",
                    "The statement does not count: "
                        + problems.map(\.message).joined(separator: " "),
                    findings: problems,
                    hint: "Whoever may approve in the model's namespace signs a finding.",
                    offence: .statementInvalid)
            }
            return Act(
                .findingRaised(
                    FindingRaised(
                        finding, statement: envelope.payloadDigest,
                        document: SHA256.hash(document))),
                documents: [document])
        }
    }

    /// Closes a finding by a reviewer's statement.
    package func closeFinding(_ envelope: Envelope, _ request: Request) async throws -> Outcome {
        let caller = try caller(of: request)
        let closure = try read(
            envelope, "closure-malformed", "The statement closes no finding."
        ) { (statement: Statement) throws(JSONFindings) in
            try FindingClosure(reading: statement)
        }
        let document = envelope.canonicalBytes
        let reference = closure.version
        let subjects = Subjects(
            written: [Subjects.version(reference)],
            read: [
                Subjects.principal(caller.principal), Subjects.principal(closure.signer.principal),
            ])
        return try await record(request, subjects, alone: true) { db, now in
            let dossier = try dossier(of: reference, db, now: now)
            let raised = dossier.snapshot.fold.findings(of: reference).first {
                $0.statement == closure.finding
            }
            guard let raised, dossier.findings.contains(where: { $0.id == closure.finding.hex })
            else {
                throw Refusal(
                    .conflict, "finding-unknown",
                    "\(reference) has no open finding \(closure.finding).")
            }
            guard !dossier.isRecused(closure.signer.principal) else {
                throw Refusal(
                    .unprocessable, "signer-recused",
                    "\(closure.signer.principal) is not to judge the version.")
            }
            let problems = closure.problems(
                closing: raised, origin: root.origin, digests: dossier.digests,
                authors: Dossier.authors(dossier.row, dossier.chain, dossier.signature.signer),
                keys: dossier.snapshot.identities.signers(of: envelope), chain: dossier.chain,
                at: now)
            guard problems.isEmpty else {
                throw Refusal(
                    .unprocessable, "closure-not-entitled",
                    "The statement does not close the finding: "
                        + problems.map(\.message).joined(separator: " "),
                    findings: problems,
                    hint: "Neither who made the version nor who had to see to it closes a finding.",
                    offence: .statementInvalid)
            }
            return Act(
                .findingClosed(
                    FindingClosed(
                        version: reference, finding: closure.finding,
                        statement: envelope.payloadDigest, document: SHA256.hash(document),
                        resolution: closure.resolution, reason: closure.reason)),
                documents: [document])
        }
    }

    /// Reads a statement of a kind, or refuses it with everything that is wrong.
    func read<T>(
        _ envelope: Envelope, _ code: String, _ message: String,
        _ body: (Statement) throws(JSONFindings) -> T
    ) throws(Refusal) -> T {
        let findings: [JSONFinding]
        do {
            return try body(Statement(parsing: envelope.payload))
        } catch let error as JSONFindings {
            findings = error.findings
        } catch let error as AttestationError {
            findings = error.findings.map { JSONFinding(.root, $0.code.rawValue, $0.message) }
        } catch {
            findings = []
        }
        throw Refusal(.unprocessable, code, message, findings: findings)
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
            let bytes = documents[closure.event.document],
            let envelope = try? Envelope(parsing: bytes),
            envelope.payloadType == Statement.payloadType,
            envelope.payloadDigest == closure.event.statement,
            let statement = try? Statement(parsing: envelope.payload),
            let signed = try? FindingClosure(reading: statement)
        else { return false }
        // Evidence that came later voids approvals, but opens no finding again.
        let digests = SignedDigests(
            card: row.card, artifact: row.artifact, evidence: signed.digests.evidence,
            policy: row.policy)
        return signed.problems(
            closing: raised, origin: root.origin, digests: digests, authors: authors,
            keys: snapshot.identities.signers(of: envelope), chain: chain, at: closure.at
        ).isEmpty
    }
}

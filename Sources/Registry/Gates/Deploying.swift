// "May these exact bytes go there, now?" The gate decides, records the decision, and signs the permit.
//
// The permit is signed before the commit and its digest is in the entry; it is handed out only with the
// receipt, which travels beside the signature. A denial is an answer, and an entry, like an allowance.

package import Attestation
package import CanonicalJSON
package import Cryptography
internal import Database
package import Governance

extension Registry {
    /// What deploy tooling asks.
    package struct DeployQuestion: Sendable {
        package let version: VersionReference
        package let environment: EnvironmentName
        /// What it is deployed to, as the caller names it; may be empty.
        package let target: String
        /// Digest of the bytes on the caller's disk.
        package let artifact: SHA256Digest
        package let use: UseName?
        /// What the caller's verifier found beside the bytes that no signature covers; nil when it says
        /// nothing of it.
        package let uncovered: [UncoveredFact]?
        /// What the card and the headers of these bytes say differently, as the caller found it; nil when it
        /// did not look.
        package let contradictions: [ContradictionFact]?
        /// Whether only the answer is wanted: nothing is permitted, only the asking is recorded.
        package let dryRun: Bool

        package init(
            version: VersionReference, environment: EnvironmentName, target: String,
            artifact: SHA256Digest, use: UseName?, uncovered: [UncoveredFact]? = nil,
            contradictions: [ContradictionFact]? = nil, dryRun: Bool
        ) {
            self.version = version
            self.environment = environment
            self.target = target
            self.artifact = artifact
            self.use = use
            self.uncovered = uncovered
            self.contradictions = contradictions
            self.dryRun = dryRun
        }
    }

    /// What the gate answered.
    package struct GateAnswer: Sendable {
        /// The decision document.
        package let decision: JSON
        /// The permit's or certificate's envelope; nil when denied or asked for a dry run.
        package let document: Envelope?
        package let outcome: Outcome
    }

    /// Decides whether a version may be deployed.
    package func deploy(_ question: DeployQuestion, _ request: Request) async throws -> GateAnswer {
        let caller = try caller(of: request)
        guard Permit.isName(question.target) else {
            throw Refusal(
                .unprocessable, "target-malformed",
                "A target has at most 512 printable ASCII characters, no space, quote or backslash."
            )
        }
        let subjects = Subjects(
            written: [Subjects.version(question.version)],
            read: [Subjects.principal(caller.principal), Subjects.policy])
        guard !question.dryRun else { return try await ask(question, caller, request, subjects) }
        let outcome = try await record(request, subjects, alone: true) { db, now in
            let (dossier, decision, facts) = try decide(question, caller, db, now)
            return try act(on: decision, facts, dossier, question, now)
        }
        return try await answer(outcome)
    }

    /// Decides without locks, for nothing is permitted, and records that it was asked and what the answer
    /// was: not the facts. Asking again is another question, so a retry key means nothing here.
    private func ask(
        _ question: DeployQuestion, _ caller: Caller, _ request: Request, _ subjects: Subjects
    ) async throws -> GateAnswer {
        try halt.check()
        let decision = try await database.read { db in
            try decide(question, caller, db, clock()).decision
        }
        let document = decision.document
        let asked = GateAsked(
            gate: .deploy, version: question.version, environment: question.environment,
            target: question.target, use: question.use, verdict: decision.verdict,
            artifact: question.artifact, decision: SHA256.hash(document.canonicalBytes),
            facts: decision.factsDigest)
        let recorded = try await commit(request.withoutRetry, subjects) { db, _ in
            guard try packs.active(db)?.pack.digest == decision.policyDigest else {
                throw Refusal(
                    .conflict, "policy-changed", "Another policy pack came into force meanwhile.",
                    hint: "Ask again.")
            }
            return Act(.gateAsked(asked), policy: decision.policyDigest)
        }
        return GateAnswer(
            decision: document, document: nil, outcome: Outcome(recorded: recorded, receipt: nil))
    }

    private func decide(
        _ question: DeployQuestion, _ caller: Caller, _ db: borrowing Connection, _ now: Timestamp
    ) throws -> (dossier: Dossier, decision: Decision, facts: JSON) {
        let namespace = question.version.model.namespace
        let dossier = try dossier(of: question.version, db, now: now) { fold in
            fold.observation(of: question.environment, in: namespace).map { [$0] } ?? []
        }
        let facts = dossier.deployFacts(
            presented: question.artifact, environment: question.environment,
            target: question.target, use: question.use,
            requester: holder(caller, in: namespace, dossier.chain, at: now),
            fold: foldFact(dossier.snapshot, now: now), uncovered: question.uncovered,
            contradictions: question.contradictions
        ).json
        let decision = dossier.pack.pack.decide(
            gate: .deploy, subject: .version(question.version), facts: facts, now: now)
        return (dossier, decision, facts)
    }

    private func act(
        on decision: Decision, _ facts: JSON, _ dossier: Dossier, _ question: DeployQuestion,
        _ now: Timestamp
    ) throws -> Act {
        var documents = [decision.document.canonicalBytes, facts.canonicalBytes]
        var given: Given?
        if decision.verdict == .allow {
            let signed = try permit(for: question, dossier, decision, now)
            documents.append(signed.envelope.canonicalBytes)
            given = signed
        }
        let event = DeploymentDecided(
            version: question.version, environment: question.environment, target: question.target,
            use: question.use, verdict: decision.verdict, artifact: question.artifact,
            decision: SHA256.hash(documents[0]), facts: SHA256.hash(documents[1]),
            trustRoot: root.digest, trustRootVersion: root.version,
            deployment: given?.deployment ?? "", permit: given?.envelope.payloadDigest,
            permitDocument: given.map { SHA256.hash($0.envelope.canonicalBytes) },
            notAfter: given?.notAfter)
        return Act(
            .deploymentDecided(event), documents: documents, policy: decision.policyDigest)
    }

    /// A permit that was signed, with what the entry says of it.
    private struct Given {
        let envelope: Envelope
        let deployment: String
        let notAfter: Timestamp
    }

    private func permit(
        for question: DeployQuestion, _ dossier: Dossier, _ decision: Decision, _ now: Timestamp
    ) throws -> Given {
        let lifetime = dossier.pack.pack.permitLifetimeMinutes * 60
        let terms = PermitTerms(
            kind: .deploy, version: question.version, environment: question.environment,
            target: question.target, use: question.use, deployment: Self.makeID("d-"),
            notAfter: decision.permitEnd(afterSeconds: lifetime))
        return Given(
            envelope: try sign(terms, dossier, decision, now), deployment: terms.deployment,
            notAfter: terms.notAfter)
    }

    /// The answer that an entry stands for: also for a retry that finds the entry of its first try.
    func answer(_ outcome: Outcome) async throws -> GateAnswer {
        let event = outcome.recorded.entry.event
        guard let decision = event.decision?.decision else {
            throw Refusal(.conflict, "not-a-decision", "The entry is not a gate's decision.")
        }
        let document: SHA256Digest? =
            switch event {
            case .deploymentDecided(let event): event.permitDocument
            case .runDecided(let event): event.decided.permitDocument
            case .retirementDecided(let event): event.certificateDocument
            default: nil
            }
        let wanted = [decision] + (document.map { [$0] } ?? [])
        let documents = try await afterCommit {
            try await database.read { try Documents.load(wanted, $0) }
        }
        guard let record = documents[decision] else {
            throw Refusal(.conflict, "document-missing", "The decision's document is missing.")
        }
        let envelope = try document.flatMap { documents[$0] }.map { try Envelope(parsing: $0) }
        return GateAnswer(decision: try JSON(parsing: record), document: envelope, outcome: outcome)
    }

    // MARK: what runs

    /// Records that a permitted deployment runs; a permit is activated once, while it is valid.
    package func confirmDeployment(_ id: String, _ request: Request) async throws -> Outcome {
        try await change(id, request) { row, now in
            guard row.state == "permitted" else {
                throw Refusal(
                    .conflict, "deployment-\(row.state)", "Deployment \(id) is \(row.state).")
            }
            guard now <= row.notAfter else {
                throw Refusal(
                    .conflict, "permit-expired", "The permit ended at \(row.notAfter).",
                    hint: "Ask the gate again.")
            }
            return .deploymentConfirmed(
                DeploymentConfirmed(
                    deployment: id, version: row.version, environment: row.environment))
        }
    }

    /// Records that a deployment no longer runs.
    package func endDeployment(
        _ id: String, reason: String, _ request: Request
    ) async throws -> Outcome {
        try await change(id, request) { row, _ in
            guard row.state == "active" else {
                throw Refusal(
                    .conflict, "deployment-\(row.state)", "Deployment \(id) is \(row.state).")
            }
            return .deploymentEnded(
                DeploymentEnded(
                    deployment: id, version: row.version, environment: row.environment,
                    reason: reason))
        }
    }

    private func change(
        _ id: String, _ request: Request,
        _ event: @escaping @Sendable (DeploymentRow, Timestamp) throws -> Event
    ) async throws -> Outcome {
        let caller = try caller(of: request)
        let row = try await database.read { db in try DeploymentRow.load(id, db) }
        guard let found = row else {
            throw Refusal(.notFound, "deployment-unknown", "There is no deployment \(id).")
        }
        try require([.deployer], of: caller, in: found.version.model.namespace)
        let subjects = Subjects(
            written: [Subjects.version(found.version)], read: [Subjects.principal(caller.principal)]
        )
        return try await record(request, subjects) { db, now in
            try require([.deployer], of: caller, in: found.version.model.namespace, at: now, db)
            guard let row = try DeploymentRow.load(id, db), row.version == found.version else {
                throw Refusal(.notFound, "deployment-unknown", "There is no deployment \(id).")
            }
            return Act(try event(row, now))
        }
    }
}

/// One row of registry.deployment.
private struct DeploymentRow: RowDecodable, Sendable {
    let version: VersionReference
    let environment: EnvironmentName
    let state: String
    let notAfter: Timestamp

    init(row: inout Row) throws(DatabaseError) {
        let version: String = try row.next()
        let environment: String = try row.next()
        state = try row.next()
        notAfter = Timestamp(try row.next() as SQLTimestamp)
        guard let version = VersionReference(version),
            let environment = EnvironmentName(environment)
        else { throw DatabaseError(.decoding, "a row of registry.deployment is malformed") }
        self.version = version
        self.environment = environment
    }

    static func load(_ id: String, _ db: borrowing Connection) throws -> DeploymentRow? {
        try db.oneOrNil(
            "SELECT version, environment, state, not_after FROM registry.deployment WHERE id = \(id)",
            as: DeploymentRow.self)
    }
}

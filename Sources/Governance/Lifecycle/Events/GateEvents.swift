// What gates answered that changes nothing: dry runs, and refusals to record.

package import CanonicalJSON
package import Cryptography

/// A gate was asked without commitment (dry run); the answer binds nobody.
package struct GateAsked: EventPayload {
    package static let kind = "gate.asked"
    package let gate: Gate
    package let version: VersionReference
    package let environment: EnvironmentName
    /// As the caller named it; empty for none.
    package let target: String
    /// What it would be used for; null when the caller named no use.
    package let use: UseName?
    package let verdict: Verdict
    /// The digest that the caller presented.
    package let artifact: SHA256Digest
    /// The decision document.
    package let decision: SHA256Digest
    /// The facts it was decided on.
    package let facts: SHA256Digest

    package init(
        gate: Gate, version: VersionReference, environment: EnvironmentName, target: String,
        use: UseName?, verdict: Verdict, artifact: SHA256Digest, decision: SHA256Digest,
        facts: SHA256Digest
    ) {
        self.gate = gate
        self.version = version
        self.environment = environment
        self.target = target
        self.use = use
        self.verdict = verdict
        self.artifact = artifact
        self.decision = decision
        self.facts = facts
    }

    package init?(_ reader: inout EventReader) {
        guard let gate = reader.value("gate", { $0.string.flatMap { Gate(rawValue: $0) } }),
            let version = reader.version("version"),
            let environment = reader.environment("environment"),
            let target = reader.string("target"),
            let use = reader.nullable("use", { $0.string.flatMap { UseName($0) } }),
            let verdict = reader.value("verdict", { $0.string.flatMap { Verdict(rawValue: $0) } }),
            let artifact = reader.digest("artifact"),
            let decision = reader.digest("decision"),
            let facts = reader.digest("facts")
        else { return nil }
        self.init(
            gate: gate, version: version, environment: environment, target: target, use: use,
            verdict: verdict, artifact: artifact, decision: decision, facts: facts)
    }

    package var members: [String: JSON] {
        [
            "gate": .string(gate.rawValue), "version": .text(version),
            "environment": .text(environment), "target": .string(target),
            "use": use.map { .text($0) } ?? .null, "verdict": .string(verdict.rawValue),
            "artifact": .digest(artifact), "decision": .digest(decision), "facts": .digest(facts),
        ]
    }
}

/// The submit or the approve gate refused what would have been recorded.
package struct GateDenied: EventPayload {
    package static let kind = "gate.denied"
    package let gate: Gate
    /// The model of a submission, the version of an approval.
    package let subject: DecisionSubject
    /// Digest of the payload of the card or approval that was refused; it is not kept.
    package let statement: SHA256Digest
    /// The decision document.
    package let decision: SHA256Digest
    /// The facts it was decided on.
    package let facts: SHA256Digest

    package init(
        gate: Gate, subject: DecisionSubject, statement: SHA256Digest, decision: SHA256Digest,
        facts: SHA256Digest
    ) {
        self.gate = gate
        self.subject = subject
        self.statement = statement
        self.decision = decision
        self.facts = facts
    }

    package init?(_ reader: inout EventReader) {
        guard let gate = reader.value("gate", { $0.string.flatMap { Gate(rawValue: $0) } }),
            let subject = reader.value(
                "subject", { $0.string.flatMap { DecisionSubject($0) } }),
            let statement = reader.digest("statement"),
            let decision = reader.digest("decision"),
            let facts = reader.digest("facts")
        else { return nil }
        self.init(
            gate: gate, subject: subject, statement: statement, decision: decision, facts: facts)
    }

    package var members: [String: JSON] {
        [
            "gate": .string(gate.rawValue), "subject": .text(subject),
            "statement": .digest(statement), "decision": .digest(decision),
            "facts": .digest(facts),
        ]
    }
}

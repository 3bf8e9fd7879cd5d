// The decision that an entry records, whatever its kind, and whether it can be made again (I9).

internal import CanonicalJSON
package import Cryptography

/// What an entry says of a decision.
package struct RecordedDecision: Sendable, Hashable {
    package let gate: Gate
    package let subject: DecisionSubject
    package let verdict: Verdict
    /// The decision document.
    package let decision: SHA256Digest
    /// The facts it was decided on.
    package let facts: SHA256Digest

    package init(
        gate: Gate, subject: DecisionSubject, verdict: Verdict, decision: SHA256Digest,
        facts: SHA256Digest
    ) {
        self.gate = gate
        self.subject = subject
        self.verdict = verdict
        self.decision = decision
        self.facts = facts
    }
}

extension Event {
    /// The decision that is recorded by this event; nil when none is.
    package var decision: RecordedDecision? {
        switch self {
        case .versionSubmitted(let event):
            RecordedDecision(
                gate: .submit, subject: .model(event.version.model), verdict: .allow,
                decision: event.decision, facts: event.facts)
        case .approvalRecorded(let event):
            event.decision.flatMap { decision in
                event.facts.map { facts in
                    RecordedDecision(
                        gate: .approve, subject: .version(event.version), verdict: .allow,
                        decision: decision, facts: facts)
                }
            }
        case .gateDenied(let event):
            RecordedDecision(
                gate: event.gate, subject: event.subject, verdict: .deny,
                decision: event.decision, facts: event.facts)
        case .gateAsked(let event):
            RecordedDecision(
                gate: event.gate, subject: .version(event.version), verdict: event.verdict,
                decision: event.decision, facts: event.facts)
        case .deploymentDecided(let event):
            RecordedDecision(
                gate: .deploy, subject: .version(event.version), verdict: event.verdict,
                decision: event.decision, facts: event.facts)
        case .runDecided(let event):
            RecordedDecision(
                gate: .deploy, subject: .version(event.decided.version),
                verdict: event.decided.verdict, decision: event.decided.decision,
                facts: event.decided.facts)
        case .retirementDecided(let event):
            RecordedDecision(
                gate: .retire, subject: .version(event.version), verdict: event.verdict,
                decision: event.decision, facts: event.facts)
        default: nil
        }
    }
}

extension Event {
    /// What speaks against how long the permit lasts that this event gave; nil when nothing does.
    ///
    /// No verdict says until when: a permit that outlives what it rests on is found by its end alone.
    package func permitProblem(
        _ decision: Decision, tier: Tier?, under pack: PolicyPack
    ) -> String? {
        let (end, seconds): (Timestamp?, Int64?) =
            switch self {
            case .deploymentDecided(let event): (event.notAfter, pack.permitLifetimeMinutes * 60)
            case .runDecided(let event):
                (
                    event.decided.notAfter,
                    tier.flatMap { pack.runLifetimeHours[$0] }.map { $0 * 3_600 }
                )
            default: (nil, nil)
            }
        guard let end else { return nil }
        guard let seconds else { return "The policy pack gives no permits to run." }
        let latest = decision.permitEnd(afterSeconds: seconds)
        return latest < end ? "The permit lasts until \(end), and may until \(latest)." : nil
    }
}

extension Entry {
    /// The decision that this entry records with its facts; nil when it records none. A question that was
    /// only asked names the answer and keeps no documents, so nobody makes it again.
    package var decision: RecordedDecision? {
        guard let decision = event.decision else { return nil }
        if case .gateAsked = event, !documents.contains(decision.decision) { return nil }
        return decision
    }
}

extension RecordedDecision {
    /// The pack that a decision's document names; nil when it names none.
    package static func policy(of document: [UInt8]) -> SHA256Digest? {
        (try? JSON(parsing: document))?["policy"]?["digest"]?.string.flatMap {
            SHA256Digest(hex: $0)
        }
    }

    /// What speaks against the record: it is about something else than the entry, comes out
    /// otherwise when it is made again from its facts and its pack, or gave a permit for longer than that.
    package func problems(
        document: [UInt8], facts: [UInt8], pack: PolicyPack?, in entry: Entry
    ) -> [String] {
        guard let document = try? JSON(parsing: document), let facts = try? JSON(parsing: facts)
        else { return ["Decision or facts are not JSON."] }
        guard document["verdict"]?.string == verdict.rawValue,
            document["gate"]?.string == gate.rawValue,
            document["subject"]?.string == subject.description,
            document["now"]?.string == entry.time.description,
            document["policy"]?["digest"]?.string == entry.policy?.hex
        else { return ["The decision is about something else than the entry."] }
        guard let pack, pack.digest == entry.policy else {
            return ["The policy pack of the decision cannot be had."]
        }
        let (again, differences) = Decision.remake(document: document, facts: facts, pack: pack)
        let tier = facts["tier"].flatMap { Tier(json: $0) }
        let late = again.flatMap { entry.event.permitProblem($0, tier: tier, under: pack) }
        return differences.map { "Made again, the decision differs at \($0)" }
            + [late].compactMap(\.self)
    }
}

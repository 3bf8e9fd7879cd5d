// A gate's answer, as a value that explains itself and can be computed again.
//
// Evaluating a pack over facts is total: every rule answers pass, fail, not-applicable or error,
// and the verdict is deny when an enforced rule fails or any rule, in whatever mode, could not be
// evaluated. A failed rule that somebody entitled has waived answers `waived`, one that an emergency
// overrides `overridden`. The document, canonical by RFC 8785, is
//
//     {"type":"imprimatur.dev/decision/v1","gate":"deploy","subject":"credit/scorecard@3","now":…,
//      "policy":{"name":…,"version":1,"digest":…},"factsDigest":…,"verdict":"deny",
//      "rules":[{"id":"DEP-001","title":…,"mode":"enforce","result":"fail","values":{…},
//                "reason":"the bytes presented are …"}, …],
//      "missing":[{"kind":"approval","detail":{"role":"validator"}}, …]}
//
// `title` and `reason` are prose for people; everything else is compared on replay, byte by byte.

package import CanonicalJSON
package import Cryptography

/// How one rule came out, on what values.
package struct RuleOutcome: Sendable, Hashable {
    package let id: String
    package let title: String
    package let mode: RuleMode
    package let result: RuleResult
    /// The facts, parameters and derived values that decided, by name.
    package let values: [String: JSON]
    /// Why the rule did not pass, and who waived or overrode it; nil when it passed or did not apply.
    package let reason: String?

    /// The same, as a warning.
    var asWarning: RuleOutcome {
        RuleOutcome(
            id: id, title: title, mode: .warn, result: result, values: values, reason: reason)
    }

    /// Whether this outcome alone denies.
    package var denies: Bool {
        switch result {
        case .pass, .notApplicable, .waived, .overridden: false
        case .fail: mode == .enforce
        case .error: true
        }
    }
}

/// What a gate decided.
package struct Decision: Sendable, Hashable {
    package let gate: Gate
    package let subject: DecisionSubject
    /// The time that the decision was made for.
    package let now: Timestamp
    package let policyName: String
    package let policyVersion: Int64
    package let policyDigest: SHA256Digest
    /// SHA-256 of the canonical facts.
    package let factsDigest: SHA256Digest
    /// In the order of the pack, after the check on the facts themselves.
    package let rules: [RuleOutcome]
    /// What would help, without repetitions, in the order of the rules.
    package let missing: [Need]

    /// Allow only when no outcome denies.
    package var verdict: Verdict { rules.contains(where: \.denies) ? .deny : .allow }

    /// The outcomes that deny.
    package var denials: [RuleOutcome] { rules.filter(\.denies) }

    /// Failed rules that do not deny, for the caller to see.
    package var warnings: [RuleOutcome] {
        rules.filter { $0.mode == .warn && $0.result == .fail }
    }

    /// The type member of every decision document.
    package static let type = "imprimatur.dev/decision/v1"

    /// The document, to be stored as its `canonicalBytes`.
    package var document: JSON {
        [
            "type": .string(Self.type), "gate": .string(gate.rawValue), "subject": .text(subject),
            "now": .text(now),
            "policy": [
                "name": .string(policyName), "version": .integer(policyVersion),
                "digest": .hex(policyDigest),
            ],
            "factsDigest": .hex(factsDigest), "verdict": .string(verdict.rawValue),
            "rules": .array(
                rules.map { rule in
                    [
                        "id": .string(rule.id), "title": .string(rule.title),
                        "mode": .string(rule.mode.rawValue),
                        "result": .string(rule.result.rawValue), "values": .object(rule.values),
                        "reason": rule.reason.map(JSON.string) ?? .null,
                    ]
                }),
            "missing": .array(missing.map(\.json)),
        ]
    }
}

extension PolicyPack {
    /// Decides; total, and the same for the same arguments.
    ///
    /// - Parameter tolerating: the moment for which what came in as legacy must still be tolerated, and
    ///   neither an emergency nor a waiver be over; now unless stated.
    package func decide(
        gate: Gate, subject: DecisionSubject, facts: JSON, now: Timestamp,
        tolerating: Timestamp? = nil
    ) -> Decision {
        let (outcomes, missing) = outcomes(
            gate: gate, subject: subject, facts: facts, now: now, tolerating: tolerating ?? now)
        return Decision(
            gate: gate, subject: subject, now: now, policyName: name, policyVersion: version,
            policyDigest: digest, factsDigest: SHA256.hash(facts.canonicalBytes), rules: outcomes,
            missing: missing)
    }

    /// The verdict of `decide`, sooner: the first outcome that denies is enough.
    package func verdict(
        gate: Gate, subject: DecisionSubject, facts: JSON, now: Timestamp
    ) -> Verdict {
        let (outcomes, _) = outcomes(
            gate: gate, subject: subject, facts: facts, now: now, tolerating: now,
            untilDenied: true)
        return outcomes.contains(where: \.denies) ? .deny : .allow
    }

    /// How each rule comes out, in order, or each up to the first that denies; and what would help.
    private func outcomes(
        gate: Gate, subject: DecisionSubject, facts: JSON, now: Timestamp, tolerating: Timestamp,
        untilDenied: Bool = false
    ) -> ([RuleOutcome], missing: [Need]) {
        let list = rules[gate] ?? []
        let enforced = Set(list.filter { $0.mode == .enforce }.flatMap(\.made))
        let binding =
            list.contains(where: \.hasExpression)
            ? GateEnvironment.bind(
                facts, of: gate, pack: self, now: now,
                only: list.reduce(into: []) { $0.formUnion($1.variables) }) : nil
        let reader = FactReader(facts)
        let measures = TrustedMeasures(reader)
        let funnel = ApprovalFunnel()
        var outcomes = [Self.judgeFacts(facts, gate: gate, subject: subject)]
        var missing: [Need] = []
        var tolerance = LegacyTolerance(facts, gate: gate, pack: self, at: tolerating)
        var glass = BreakGlassOverride(facts, gate: gate, pack: self, at: tolerating)
        for rule in list {
            if untilDenied, outcomes.last?.denies == true { break }
            var context = CheckContext(
                facts: reader, parameters: rule.condition.parameters, pack: self, now: now,
                enforced: enforced, binding: binding, measures: measures,
                funnel: funnel)
            var (outcome, needs) = Self.judge(rule, &context)
            if outcome.denies, let waived = waived(outcome, rule, facts, now, tolerating) {
                (outcome, needs) = (waived, [])
            }
            // What is tolerated anyway needs no emergency; what an emergency overrides needs no tolerance.
            if tolerance?.isStanding == true, tolerance?.softens(rule, outcome) == true {
                outcomes.append(outcome.asWarning)
                continue
            }
            if outcome.denies, let overridden = glass?.overriding(rule, outcome) {
                outcomes.append(overridden)
                continue
            }
            // A tolerance that is over notes what it does not tolerate any more.
            _ = tolerance?.softens(rule, outcome)
            outcomes.append(outcome)
            for need in needs where !missing.contains(need) { missing.append(need) }
        }
        if let tolerance { outcomes.append(tolerance.outcome) }
        if let glass { outcomes.append(glass.outcome) }
        return (outcomes, missing)
    }

    /// A failed rule that is set aside, with who did so and until when among its values.
    private func waived(
        _ outcome: RuleOutcome, _ rule: Rule, _ facts: JSON, _ now: Timestamp, _ end: Timestamp
    ) -> RuleOutcome? {
        guard outcome.result == .fail,
            let waiver = waiver(of: rule, in: facts, at: now, lasting: end)
        else { return nil }
        let by = "\(waiver["principal"]?.string ?? "") as \(waiver["role"]?.string ?? "")"
        let until = waiver["until"]?.string ?? ""
        return RuleOutcome(
            id: outcome.id, title: outcome.title, mode: outcome.mode, result: .waived,
            values: outcome.values.merging(["waiver": waiver]) { _, new in new },
            reason: "waived by \(by) until \(until): \(outcome.reason ?? outcome.title)")
    }

    private static func judge(
        _ rule: Rule, _ context: inout CheckContext
    ) -> (outcome: RuleOutcome, needs: [Need]) {
        var result: RuleResult
        var reason: String?
        var needs: [Need] = []
        do {
            switch try rule.evaluate(&context) {
            case .pass: result = .pass
            case .notApplicable: result = .notApplicable
            case .fail:
                result = .fail
                reason = rule.reason(&context)
                if rule.mode == .enforce { needs = context.needs + rule.needs(context) }
            }
        } catch {
            result = .error
            reason = error.cause ?? "unknown fact \(error.name)"
            needs = error.cause == nil ? [Need("fact", .string(error.name))] : []
        }
        let outcome = RuleOutcome(
            id: rule.id, title: rule.title, mode: rule.mode, result: result,
            values: context.values, reason: reason)
        return (outcome, needs)
    }

    /// The rule that no pack states and every decision begins with.
    package static let factsRule = "FCT-000"

    private static func judgeFacts(
        _ facts: JSON, gate: Gate, subject: DecisionSubject
    ) -> RuleOutcome {
        let unknown = FactShape.facts(of: gate).unknown(in: facts)
        let stated: String? = facts["model"]?.string.flatMap { model in
            switch subject {
            case .model: model
            case .version: facts["version"]?.integer.map { "\(model)@\($0)" }
            }
        }
        var reasons = unknown.map { "no rule knows the fact \($0)" }
        if stated != subject.description {
            reasons.append("the facts are about \(stated ?? "something unnamed")")
        }
        return RuleOutcome(
            id: factsRule, title: "The facts are about the subject, and all of them are known",
            mode: .enforce, result: reasons.isEmpty ? .pass : .error,
            values: [
                "unknown": .array(unknown.map(JSON.string)),
                "stated": stated.map(JSON.string) ?? .null,
            ], reason: reasons.isEmpty ? nil : reasons.joined(separator: "; "))
    }
}

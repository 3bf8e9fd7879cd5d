// Conditions written in CEL beside the checks of a pack.

import CanonicalJSON
import Expressions
import Testing

@testable import Governance

@Suite struct ConditionTests {
    /// The shipped pack with one more rule at the deploy gate.
    private func pack(
        _ condition: String, mode: String = "enforce", reason: String = "tier {tier}"
    ) throws -> PolicyPack {
        let rule: JSON = [
            "id": "DEP-901", "title": "A condition", "mode": .string(mode),
            "condition": .string(condition), "reason": .string(reason), "waivable": false,
        ]
        return try PolicyPack.parse(
            ShippedPack.files("gates/deploy.yaml", "/rules/-") { _ in rule })
    }

    private func decide(_ pack: PolicyPack) throws -> (Decision, RuleOutcome) {
        let decision = `A decision`.decide(.deploy, `A decision`.facts(.deploy, pack), pack)
        return (decision, try #require(decision.rules.first { $0.id == "DEP-901" }))
    }

    @Test func `a condition that holds passes and names the facts it read`() throws {
        let pack = try pack(
            """
            tier >= 1 && approvals.exists(a, a.role == "validator" && a.valid
              && now - a.signedAt < duration("2160h"))
            """)
        let (decision, outcome) = try decide(pack)
        #expect(outcome.result == .pass)
        #expect(decision.verdict == .allow)
        #expect(outcome.values.keys.contains("tier"))
        #expect(outcome.values.keys.contains("size(approvals)"))
        #expect(outcome.values.keys.contains("now"))
        #expect(
            Decision.replay(
                document: decision.document, facts: `A decision`.facts(.deploy, pack), pack: pack)
                == [])
    }

    @Test func `a condition that does not hold denies with its reason`() throws {
        let (decision, outcome) = try decide(
            pack("tier > 3", reason: "tier {tier} for {environment} by {requester.person}"))
        #expect(outcome.result == .fail)
        #expect(decision.verdict == .deny)
        let tier = try #require(outcome.values["tier"])
        let words = String(decoding: tier.canonicalBytes, as: UTF8.self)
        let person = SampleFacts.requester.person
        #expect(outcome.reason == "tier \(words) for production by \(person)")
    }

    @Test(arguments: ["enforce", "warn", "audit"])
    func `a condition without a value denies in every mode`(_ mode: String) throws {
        let (decision, outcome) = try decide(pack("1 / (tier - tier) > 0", mode: mode))
        #expect(outcome.result == .error)
        #expect(decision.verdict == .deny)
        #expect(outcome.reason == "1:3: This divides by nought.")
    }

    @Test func `facts that fit no condition deny, and the checks decide as ever`() throws {
        let pack = try pack("true")
        var facts = try #require(`A decision`.facts(.deploy, pack).object)
        facts["tier"] = "prohibited"
        let decision = `A decision`.decide(.deploy, .object(facts), pack)
        let outcome = try #require(decision.rules.first { $0.id == "DEP-901" })
        #expect(outcome.result == .error)
        #expect(outcome.reason == "the fact tier fits no condition")
    }

    @Test(
        arguments: [
            ("teir > 1", "name"), ("tier > '1'", "type"), ("tier", "type"), ("tier >", "syntax"),
            ("statement.verified", "name"), ("now > timestamp('today')", "value"),
        ])
    func `a pack with a faulty condition is refused with the place`(
        _ condition: String, _ code: String
    ) throws {
        let error = #expect(throws: PackFindings.self) { try pack(condition) }
        let finding = try #require(error?.findings.first)
        #expect(finding.file == "gates/deploy.yaml")
        #expect(finding.finding.code == code)
        #expect(finding.finding.message.hasPrefix("1:"))
    }

    @Test func `a rule has a check or a condition, and a reason names facts`() throws {
        #expect(throws: PackFindings.self) { try pack("true", reason: "{approvals.unfilled}") }
        let both = try ShippedPack.files("gates/deploy.yaml", "/rules/0/condition") { _ in "true" }
        #expect(throws: PackFindings.self) { try PolicyPack.parse(both) }
    }

    @Test func `a condition is no floor`() throws {
        let files = try ShippedPack.files("gates/deploy.yaml", "/rules/0") { rule in
            guard var members = rule?.object else { return rule }
            members["check"] = nil
            members["condition"] = "true"
            members["reason"] = "no"
            return .object(members)
        }
        let error = #expect(throws: PackFindings.self) { try PolicyPack.parse(files) }
        #expect(error?.findings.contains { $0.finding.message.contains("artifact-bytes") } == true)
    }

    @Test(arguments: Gate.allCases)
    func `the facts of every gate fit its variables, by name and type`(_ gate: Gate) throws {
        let pack = try ShippedPack.pack()
        let facts = `A decision`.facts(gate, pack)
        #expect(throws: Never.self) {
            try GateEnvironment.bind(facts, of: gate, now: SampleFacts.now)
        }
        let variables = GateEnvironment.of(gate).variables.filter { $0.name != "now" }
        #expect(shape(variables) == shape(FactShape.facts(of: gate)))
    }

    /// Every path of a set of variables, lists marked.
    private func shape(_ fields: [CELField], _ prefix: String = "") -> Set<String> {
        Set(fields.flatMap { shape($0.type, prefix + $0.name) })
    }

    private func shape(_ type: CELType, _ path: String) -> Set<String> {
        switch GateEnvironment.present(type) {
        case .record(let record): shape(record.fields, path + ".")
        case .list(let element): shape(element, path + "[]")
        default: [path]
        }
    }

    private func shape(_ facts: FactShape, _ path: String = "") -> Set<String> {
        switch facts {
        case .value: [path]
        case .list(let element): shape(element, path + "[]")
        case .object(let members):
            Set(
                members.flatMap { name, member in
                    shape(member, path.isEmpty ? name : "\(path).\(name)")
                })
        }
    }
}

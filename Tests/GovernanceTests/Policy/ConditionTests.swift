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

    @Test func `a fact that does not fit is an error of the conditions that read it`() throws {
        let reading = try pack("tier > 0")
        var facts = try #require(`A decision`.facts(.deploy, reading).object)
        facts["tier"] = "prohibited"
        let outcome = try #require(
            `A decision`.decide(.deploy, .object(facts), reading).rules.first {
                $0.id == "DEP-901"
            })
        #expect(outcome.result == .error)
        #expect(outcome.reason == "the fact tier fits no condition")
        let other = try pack("environment == 'production'")
        let decision = `A decision`.decide(.deploy, .object(facts), other)
        #expect(decision.rules.first { $0.id == "DEP-901" }?.result == .pass)
        #expect(decision.verdict == .deny)
    }

    @Test func `a fact that is missing is named, as what would help`() throws {
        let pack = try pack("approvals.all(a, a.valid) && use == 'consumer-credit'")
        let facts = try `A decision`.facts(.deploy, pack).setting("/use", nil)
        let decision = `A decision`.decide(.deploy, facts, pack)
        #expect(decision.denials.map(\.reason) == ["unknown fact use"])
        #expect(decision.missing == [Need("fact", "use")])
    }

    @Test func `a rule with a when applies where that holds`() throws {
        let files = try ShippedPack.files("gates/deploy.yaml", "/rules/-") { _ in
            [
                "id": "DEP-901", "title": "In production nothing is new", "mode": "enforce",
                "when": "environment == \"production\"", "condition": "version < 3",
                "missing": ["kind": "new-version", "each": "[string(version), \"x\"]"],
                "reason": "{version} of {model}, {size(approvals)} approvals", "waivable": true,
                "waivable_by": ["risk-officer"], "controls": ["eu-ai-act/9"],
            ]
        }
        let pack = try PolicyPack.parse(files)
        let base = `A decision`.facts(.deploy, pack)
        let (decision, outcome) = try decide(pack)
        #expect(decision.verdict == .deny)
        #expect(outcome.reason == "3 of credit/scorecard, 3 approvals")
        #expect(decision.missing == [Need("new-version", "3"), Need("new-version", "x")])
        let approvals = try #require(base["approvals"]?.array).map {
            try $0.setting("/environments", ["staging"])
        }
        let staging = try base.setting("/environment", "staging")
            .setting("/approvals", .array(approvals))
        let elsewhere = `A decision`.decide(.deploy, staging, pack)
        #expect(elsewhere.verdict == .allow)
        #expect(elsewhere.rules.first { $0.id == "DEP-901" }?.result == .notApplicable)
        let rule = try #require(pack.rules[.deploy]?.last)
        #expect(rule.waivableBy == [.riskOfficer])
        #expect(rule.controls == ["eu-ai-act/9"])
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
        let both = try ShippedPack.files("gates/deploy.yaml", "/rules/0/check") { _ in
            "artifact-bytes"
        }
        #expect(throws: PackFindings.self) { try PolicyPack.parse(both) }
    }

    /// The shipped pack with another condition, or anything else, in its first rule at a gate.
    private func floored(_ gate: Gate, _ condition: String, _ more: [String: JSON] = [:]) throws
        -> PolicyPack
    {
        let files = try ShippedPack.files("gates/\(gate.rawValue).yaml", "/rules/0") { rule in
            guard let members = rule?.object else { return rule }
            let new: [String: JSON] = ["condition": .string(condition), "reason": "no"]
            return .object(members.merging(new.merging(more) { $1 }) { $1 })
        }
        return try PolicyPack.parse(files)
    }

    @Test(
        arguments: [
            "true", "artifact.approvedDigest == artifact.approvedDigest",
            "artifact.presentedDigest != artifact.approvedDigest",
            "artifact.presentedDigest == artifact.approvedDigest || tier < 3",
            "!(artifact.presentedDigest == artifact.approvedDigest)",
            "tier == 1 ? true : artifact.presentedDigest == artifact.approvedDigest",
            "[1].exists(artifact, true) && tier > 0",
        ])
    func `a condition that does not imply the floor is refused`(_ condition: String) throws {
        let error = #expect(throws: PackFindings.self) { try floored(.deploy, condition) }
        let finding = try #require(error?.findings.first?.finding)
        #expect(finding.code == "floor")
        #expect(finding.message.contains("artifact-bytes"))
        #expect(finding.message.contains("artifact.presentedDigest == artifact.approvedDigest"))
    }

    @Test(
        arguments: [
            "artifact.presentedDigest == artifact.approvedDigest && tier < 3",
            "(tier > 0 && artifact.presentedDigest == artifact.approvedDigest) && 1 / tier >= 0",
        ])
    func `a condition that says more than the floor is accepted`(_ condition: String) throws {
        #expect(throws: Never.self) { try floored(.deploy, condition) }
    }

    @Test func `a rule with a when is no floor`() throws {
        #expect(throws: PackFindings.self) {
            try floored(
                .deploy, "artifact.presentedDigest == artifact.approvedDigest",
                ["when": "tier == 3"])
        }
    }

    /// Rules of the shipped pack whose conditions are its own.
    private static let beyondTheFloor: Set<String> = ["DEP-005", "DEP-303"]

    /// Every part of every condition that makes the floor, one left out or bent.
    @Test(arguments: Gate.allCases)
    func `no part of the floor's conditions can be left out`(_ gate: Gate) throws {
        let pack = try ShippedPack.pack()
        for rule in pack.rules[gate] ?? [] {
            guard case .expression(let program) = rule.condition else { continue }
            if Self.beyondTheFloor.contains(rule.id) {
                #expect(rule.made.isEmpty, "\(rule.id)")
                continue
            }
            #expect(!rule.made.isEmpty, "\(rule.id)")
            let parts = program.syntax.conjuncts.map(\.description)
            for index in parts.indices {
                var less = parts
                less.remove(at: index)
                var bent = parts
                bent[index] = "!(\(parts[index]))"
                for text in [
                    less.isEmpty ? "true" : less.joined(separator: " && "),
                    bent.joined(separator: " && "),
                ] {
                    let made = FloorCondition.checks(madeBy: try CELParser.parse(text), at: gate)
                    #expect(Set(made).isStrictSubset(of: rule.made), "\(rule.id): \(text)")
                }
            }
        }
    }

    @Test func `every text of the floor reads, has its types, and makes its check`() throws {
        for gate in Gate.allCases {
            for name in PackFloor.every(gate) {
                guard let text = FloorCondition.texts[name] else { continue }
                let filled = text.replacing("ROLES", with: "[\"owner\"]")
                    .replacing("LIMIT", with: "7").replacing("SKEW", with: "\"5m\"")
                let program = try CELProgram.condition(filled, in: GateEnvironment.of(gate))
                #expect(FloorCondition.checks(madeBy: program.syntax, at: gate).contains(name))
            }
        }
    }

    @Test(
        arguments: [
            ("fold.healthy && fold.lagEntries >= 0 && fold.lagEntries <= 100001", "fold-fresh"),
            ("fold.healthy && fold.lagEntries >= 0 && fold.lagEntries <= -1", "fold-fresh"),
            ("requester.roles.exists(r, r in [])", "requester-entitled"),
            ("requester.roles.exists(r, r in [\"auditor\"])", "requester-entitled"),
            ("requester.roles.exists(r, r in requester.roles)", "requester-entitled"),
            ("requester.roles.all(r, r in [\"deployer\"])", "requester-entitled"),
            ("restrictions.all(restrictions, restrictions.kind != \"x\")", "not-retired"),
        ])
    func `limits and roles of the floor are bounded`(_ text: String, _ check: String) throws {
        let made = FloorCondition.checks(madeBy: try CELParser.parse(text), at: .deploy)
        #expect(!made.contains(check))
    }

    @Test func `the names of a macro's variable do not matter, other variables do`() throws {
        let made = { FloorCondition.checks(madeBy: try CELParser.parse($0), at: .deploy) }
        #expect(
            try made("requester.roles.exists(role, role in [\"deployer\"])")
                == ["requester-entitled"])
        #expect(
            try made("restrictions.all(kind, kind.kind != \"retirement\")") == ["not-retired"])
        #expect(try made("[1].all(r, restrictions.all(s, r.kind != \"retirement\"))") == [])
    }

    @Test(arguments: Gate.allCases)
    func `the facts of every gate fit its variables, by name and type`(_ gate: Gate) throws {
        let pack = try ShippedPack.pack()
        let facts = `A decision`.facts(gate, pack)
        let variables = GateEnvironment.of(gate).variables.filter {
            !GateEnvironment.additions.contains($0.name)
        }
        #expect(throws: Never.self) { try CELBinding(facts, CELEnvironment(variables)) }
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

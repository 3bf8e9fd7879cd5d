import CanonicalJSON
import Cryptography
import Governance
import Testing

@Suite struct `A rule that is waived` {
    private static let finding: JSON = [
        "id": .string(SampleFacts.digest("finding").hex), "severity": "critical",
        "blocking": false, "role": "validator", "owner": "p-0000000000000001",
        "dueAt": .text(SampleFacts.days(40)), "source": "both",
    ]

    private func waiver(_ pack: PolicyPack, _ changes: [String: JSON] = [:]) -> JSON {
        let waiver: [String: JSON] = [
            "digest": .string(SampleFacts.digest("waiver").hex), "rule": "DEP-303",
            "policy": .string(pack.digest.hex), "principal": "p-0000000000000007",
            "person": "p-0000000000000011", "role": "risk-officer",
            "signedAt": .text(SampleFacts.days(-1)), "expiresAt": .text(SampleFacts.days(1)),
            "problems": [],
        ]
        return .object(waiver.merging(changes) { _, new in new })
    }

    private func decide(
        _ pack: PolicyPack, _ changes: [String: JSON], also: [String: JSON] = [:]
    ) -> Decision {
        var facts = SampleFacts.deploy(pack).json.object ?? [:]
        facts["findings"] = [Self.finding]
        facts["waivers"] = [waiver(pack, changes)]
        for (name, value) in also { facts[name] = value }
        return pack.decide(
            gate: .deploy, subject: SampleFacts.subject, facts: .object(facts),
            now: SampleFacts.now)
    }

    @Test func `does not deny, and the decision is the same when it is made again`() throws {
        let pack = try ShippedPack.pack()
        let decision = decide(pack, [:])
        #expect(decision.verdict == .allow)
        #expect(decision.rules.filter { $0.result == .waived }.map(\.id) == ["DEP-303"])
        #expect(decision.missing.isEmpty)
        // No permit outlives what it rests on.
        #expect(decision.permitEnd(afterSeconds: 60) == decision.now.adding(seconds: 60))
        #expect(decision.permitEnd(afterSeconds: 1_000_000) == SampleFacts.days(1))
        var facts = SampleFacts.deploy(pack).json.object ?? [:]
        facts["findings"] = [Self.finding]
        facts["waivers"] = [waiver(pack)]
        #expect(
            Decision.replay(document: decision.document, facts: .object(facts), pack: pack) == [])
    }

    static let other = JSON.string(SampleFacts.digest("another pack").hex)

    @Test(
        arguments: [
            ("another rule", ["rule": "DEP-004"]), ("another pack", ["policy": other]),
            ("another role", ["role": "validator"]), ("not a role", ["role": "owner"]),
            ("expired", ["expiresAt": .text(SampleFacts.days(0))]),
            ("from the future", ["signedAt": .text(SampleFacts.days(1))]),
            ("with a problem", ["problems": ["is-author"]]),
            ("with unreadable problems", ["problems": .null]),
        ] as [(String, [String: JSON])])
    func `denies when the waiver is`(_ name: String, _ changes: [String: JSON]) throws {
        let decision = decide(try ShippedPack.pack(), changes)
        #expect(decision.verdict == .deny, "\(name)")
        #expect(decision.rules.first { $0.id == "DEP-303" }?.result == .fail)
    }

    @Test func `is never one of the floor, and never one that could not be evaluated`() throws {
        let pack = try ShippedPack.pack()
        for gate in Gate.allCases {
            for rule in pack.rules[gate] ?? []
            where !Set(rule.made).isDisjoint(with: PackFloor.every(gate)) {
                for role in Role.allCases {
                    #expect(pack.problem(withWaiving: rule.id, of: pack.digest, by: role) != nil)
                }
            }
        }
        // Without the fact the rule is an error, which nobody accepts.
        var facts = SampleFacts.deploy(pack).json.object ?? [:]
        facts["findings"] = nil
        facts["waivers"] = [waiver(pack)]
        let decision = pack.decide(
            gate: .deploy, subject: SampleFacts.subject, facts: .object(facts),
            now: SampleFacts.now)
        #expect(decision.rules.first { $0.id == "DEP-303" }?.result == .error)
        #expect(decision.verdict == .deny)
    }

    @Test func `is refused in a pack that lets the floor be waived`() throws {
        let files = try ShippedPack.files("gates/deploy.yaml", "/rules/3/waivable") { _ in true }
        #expect(throws: PackFindings.self) { try PolicyPack.parse(files) }
    }
}

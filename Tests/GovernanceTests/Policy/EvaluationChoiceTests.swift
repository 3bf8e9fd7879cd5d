import CanonicalJSON
import Fairness
import Governance
import Testing

@Suite struct `Among several pieces of evidence` {
    @Test func `the newest evaluation counts, not the best`() throws {
        let pack = try ShippedPack.pack()
        var facts = SampleFacts.deploy(pack)
        var worse = SampleFacts.evaluation(pack)
        worse.digest = SampleFacts.digest("worse")
        worse.evaluatedAt = SampleFacts.days(-1)
        worse.measures[0].value = .defined(ExactFraction(1, over: 2))
        facts.evaluations?.append(worse)
        for evaluations in [facts.evaluations, facts.evaluations?.reversed()] {
            facts.evaluations = evaluations
            let decision = decide(facts, pack)
            #expect(decision.denials.map(\.id) == ["DEP-203"])
        }
        facts.evaluations?[0].evaluatedAt = SampleFacts.days(-2)
        facts.evaluations?[1].evaluatedAt = SampleFacts.days(-2)
        let first = decide(facts, pack).document.canonicalBytes
        facts.evaluations?.reverse()
        let second = decide(facts, pack)
        #expect(second.verdict == Decision.verdict(of: first))
    }

    @Test func `an expired approval beside good ones harms nobody`() throws {
        let pack = try ShippedPack.pack()
        var facts = SampleFacts.deploy(pack)
        var old = SampleFacts.approval(7, .validator)
        old.expiresAt = SampleFacts.days(-1)
        facts.approvals?.insert(old, at: 0)
        #expect(decide(facts, pack).verdict == .allow)
    }

    @Test func `approvals that fail for different reasons do not add up`() throws {
        let pack = try ShippedPack.pack()
        var facts = SampleFacts.deploy(pack)
        var expired = SampleFacts.approval(7, .validator)
        expired.expiresAt = SampleFacts.now
        facts.approvals?[0].environments = [try #require(EnvironmentName("staging"))]
        facts.approvals?.append(expired)
        let decision = decide(facts, pack)
        #expect(decision.denials.map(\.id) == ["DEP-106"])
        #expect(decision.missing == [Need("approval", ["role": "validator"])])
    }

    @Test func `a rule that cannot be evaluated denies even in mode audit`() throws {
        let files = try ShippedPack.files("gates/deploy.yaml", "/rules/-") { _ in
            [
                "id": "DEP-900", "title": "Tier seen", "mode": "audit", "check": "tier-allowed",
                "reason": "tier {tier}", "waivable": false,
            ]
        }
        let pack = try PolicyPack.parse(files)
        let allowed = SampleFacts.deploy(pack)
        #expect(decide(allowed, pack).verdict == .allow)
        var facts = allowed
        facts.tier = nil
        #expect(decide(facts, pack).denials.map(\.id).contains("DEP-900"))
        facts.tier = .prohibited
        let audited = decide(facts, pack)
        #expect(!audited.denials.map(\.id).contains("DEP-900"))
        #expect(audited.rules.first { $0.id == "DEP-900" }?.result == .fail)
        #expect(audited.verdict == .deny)
    }

    private func decide(_ facts: DeployFacts, _ pack: PolicyPack) -> Decision {
        pack.decide(
            gate: .deploy, subject: SampleFacts.subject, facts: facts.json, now: SampleFacts.now)
    }
}

extension Decision {
    fileprivate static func verdict(of bytes: [UInt8]) -> Verdict? {
        (try? JSON(parsing: bytes))?["verdict"]?.string.flatMap { Verdict(rawValue: $0) }
    }
}

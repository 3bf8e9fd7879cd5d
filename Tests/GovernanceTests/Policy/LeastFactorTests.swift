// What a pack may want approvals to be signed with, tier by tier.

import Attestation
import CanonicalJSON
import Testing

@testable import Governance

@Suite struct `The least factor of approvals` {
    private func pack(_ factor: JSON?, tier: Int = 3) throws -> PolicyPack {
        try PolicyPack.parse(
            ShippedPack.files("approvals.yaml", "/tiers/\(tier - 1)/least_factor") { _ in factor })
    }

    private func decide(_ pack: PolicyPack, _ factors: [SignatureFactor]) -> Decision {
        var facts = SampleFacts.deploy(pack)
        for (index, factor) in factors.enumerated() { facts.approvals?[index].factor = factor }
        return pack.decide(
            gate: .deploy, subject: SampleFacts.subject, facts: facts.json, now: SampleFacts.now)
    }

    @Test func `is a key where nothing is said, as it always was`() throws {
        let shipped = try ShippedPack.pack()
        #expect(shipped.approvals.values.allSatisfy { $0.leastFactor == .key })
        #expect(try pack("key").approvals == shipped.approvals)
        #expect(decide(shipped, [.key, .key, .key]).verdict == .allow)
        #expect(decide(shipped, [.key, .passkey, .key]).verdict == .allow)
        #expect(throws: PackFindings.self) { try pack("password") }
        #expect(throws: PackFindings.self) { try pack(1) }
    }

    @Test func `leaves facts of approvals by key as they were`() throws {
        var approval = SampleFacts.approval(2, .validator)
        #expect(approval.json["factor"] == nil)
        approval.factor = .passkey
        #expect(approval.json["factor"] == "passkey")
    }

    @Test func `drops what was signed with less, and says what is missing`() throws {
        let strict = try pack("passkey")
        #expect(decide(strict, [.passkey, .passkey, .passkey]).verdict == .allow)
        let decision = decide(strict, [.passkey, .key, .passkey])
        #expect(decision.verdict == .deny)
        let denials = decision.denials
        #expect(denials.map(\.id) == ["DEP-102"])
        let dropped = SampleFacts.deploy(strict).approvals?[1]
        #expect(denials[0].reason?.contains("signed-with-key-not-passkey") == true)
        #expect(denials[0].reason?.contains(dropped?.principal.description ?? "?") == true)
        let role = try #require(dropped?.role.rawValue)
        #expect(
            decision.missing.map(\.json) == [
                ["kind": "approval", "detail": ["factor": "passkey", "role": .string(role)]]
            ])
    }

    @Test func `is asked of its own tier only`() throws {
        #expect(decide(try pack("passkey", tier: 2), [.key, .key, .key]).verdict == .allow)
    }

    @Test func `a factor that nobody knows is no fact`() throws {
        let strict = try pack("passkey")
        let facts = SampleFacts.deploy(strict).json
        let bent = try facts.setting("/approvals/0/factor", "password")
        let decision = strict.decide(
            gate: .deploy, subject: SampleFacts.subject, facts: bent, now: SampleFacts.now)
        #expect(decision.verdict == .deny)
    }
}

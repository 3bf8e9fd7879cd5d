// Mistakes that were seen in other products (research/product.md 2.2), as things that we refuse.

import CanonicalJSON
import Cryptography
import Governance
import Testing

@Suite struct `A mistake of others is refused` {
    struct Mistake: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let gate: Gate
        let rule: String
        let changes: [(pointer: String, value: JSON?)]

        init(_ name: String, _ gate: Gate, _ rule: String, _ changes: [(String, JSON?)]) {
            testDescription = name
            self.gate = gate
            self.rule = rule
            self.changes = changes.map { (pointer: $0.0, value: $0.1) }
        }
    }

    static let person = JSON.string(SampleFacts.principal(11).description)

    static let mistakes: [Mistake] = [
        Mistake(
            "8: a login suffices to approve", .approve, "APP-005", [("/signer/roles", [])]),
        Mistake(
            "8: the requester approves", .approve, "APP-004", [("/statement/person", person)]),
        Mistake(
            "8: a request that is no longer pending takes an approval", .approve, "APP-002",
            [("/request/open", false)]),
        Mistake(
            "8: a reject from anyone rejects", .approve, "APP-005",
            [("/statement/meaning", "reject"), ("/signer/roles", [])]),
        Mistake(
            "8: a step without approvers is complete", .deploy, "DEP-101", [("/approvals", [])]),
        Mistake(
            "8: the live definition decides, not the one at submission", .approve, "APP-007",
            [
                (
                    "/policy/requestDigest",
                    .string(SampleFacts.digest("a pack that came later").hex)
                )
            ]),
        Mistake(
            "12: an administrator's version needs no approval", .deploy, "DEP-101",
            [("/requester/roles", ["administrator", "deployer"]), ("/approvals", [])]),
        Mistake(
            "13: time passes in favour of the request", .deploy, "DEP-106",
            [("/approvals/0/expiresAt", .string(SampleFacts.days(-1).description))]),
        Mistake(
            "14: a word that looks like approval", .deploy, "DEP-101",
            [("/approvals/0/meaning", "Approve")]),
        Mistake(
            "15: any one reviewer suffices", .deploy, "DEP-101",
            [("/approvals/2", nil), ("/approvals/1", nil)]),
        Mistake(
            "16: an owner bypasses the review", .deploy, "DEP-101",
            [("/requester/roles", ["owner", "deployer"]), ("/approvals", [])]),
        Mistake(
            "10: a group too small is left out and may still be the reference", .deploy, "DEP-203",
            [
                ("/evaluations/0/measures/0/value", .null),
                ("/evaluations/0/measures/0/reason", "below_minimum"),
            ]),
        Mistake(
            "10: rounding to six decimals passes", .deploy, "DEP-203",
            [("/evaluations/0/measures/0/value", "7999999/10000000")]),
    ]

    @Test(arguments: mistakes)
    func `by its own rule`(mistake: Mistake) throws {
        let pack = try ShippedPack.pack()
        var facts: JSON
        switch mistake.gate {
        case .submit: facts = SampleFacts.submit(pack).json
        case .approve: facts = SampleFacts.approve(pack).json
        case .deploy: facts = SampleFacts.deploy(pack).json
        case .retire: facts = SampleFacts.retire(pack).json
        }
        for change in mistake.changes { facts = try facts.setting(change.pointer, change.value) }
        let decision = pack.decide(
            gate: mistake.gate, subject: SampleFacts.subject, facts: facts, now: SampleFacts.now)
        #expect(decision.verdict == .deny)
        #expect(decision.denials.map(\.id).contains(mistake.rule))
    }

    @Test func `8: a quorum without places is no quorum`() throws {
        let files = try ShippedPack.files("approvals.yaml", "/tiers/2/quorum") { _ in [] }
        #expect(throws: PackFindings.self) { try PolicyPack.parse(files) }
    }
}

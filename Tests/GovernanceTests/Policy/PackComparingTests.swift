// Packs compared, explained, and run over what was decided before.

import CanonicalJSON
import Cryptography
import Testing

@testable import Governance

@Suite struct `Comparing packs` {
    private func changed(
        _ path: String, _ pointer: String, _ value: JSON?
    ) throws -> PolicyPack {
        try PolicyPack.parse(ShippedPack.files(path, pointer) { _ in value })
    }

    @Test(
        arguments: [
            ("approvals.yaml", "/tiers/2/validity_days", 30, "stricter", "90 → 30"),
            ("approvals.yaml", "/tiers/0/validity_days", 366, "looser", "365 → 366"),
            ("approvals.yaml", "/tiers/2/least_factor", "passkey", "stricter", "key → passkey"),
            ("evaluations.yaml", "/measures/0/threshold", "0.90", "stricter", "0.90"),
            ("evaluations.yaml", "/measures/1/threshold", "0.20", "looser", "0.20"),
            ("evaluations.yaml", "/measures/0/maximum_age_days", 400, "looser", "365 → 400"),
            ("permits.yaml", "/deploy/lifetime_minutes", 5, "stricter", "15 → 5"),
            ("approvals.yaml", "/delegation/maximum_days", 31, "looser", "30 → 31"),
            ("approvals.yaml", "/delegation/roles/0", nil, "stricter", "no longer delegates"),
            ("approvals.yaml", "/delegation/roles/-", "risk-officer", "looser", "may delegate"),
            ("approvals.yaml", "/delegation", nil, "stricter", "no longer delegates"),
            ("permits.yaml", "/break_glass/maximum_hours", 5, "looser", "4 → 5"),
            ("permits.yaml", "/break_glass/overrides/0", nil, "stricter", "DEP-101"),
            ("permits.yaml", "/break_glass/review_hours", 71, "stricter", "72 → 71"),
            ("permits.yaml", "/break_glass/highest_tier", 1, "stricter", "2 → 1"),
            ("permits.yaml", "/break_glass/highest_tier", nil, "looser", "2 → not stated"),
            ("permits.yaml", "/legacy/highest_tier", 3, "looser", "2 → 3"),
            ("permits.yaml", "/break_glass", nil, "stricter", "no longer be broken"),
            (
                "gates/deploy.yaml", "/rules/17/condition",
                "fold.healthy && fold.lagEntries >= 0 && fold.lagEntries <= 9", "stricter", "<= 9"
            ),
            (
                "gates/deploy.yaml", "/rules/0/condition",
                "artifact.presentedDigest == artifact.approvedDigest && tier < 3", "stricter",
                "also demands: tier < 3"
            ),
            (
                "gates/deploy.yaml", "/rules/8/with/clock_skew_seconds", 10, "stricter",
                "clock_skew_seconds: 300 → 10"
            ),
            ("gates/retire.yaml", "/rules/5/mode", "warn", "looser", "enforce → warn"),
            ("gates/retire.yaml", "/rules/5", nil, "looser", "removed"),
            ("gates/retire.yaml", "/rules/5/waivable", true, "looser", "may now be waived"),
            ("gates/retire.yaml", "/rules/5/when", "tier == 3", "looser", "applies when"),
            ("cards/required.yaml", "/required/3", nil, "looser", "no longer required"),
            ("tiers.yaml", "/raised_by/3", nil, "looser", "no longer raises"),
            ("retention.yaml", "/classes/0/record_days", 2000, "other", "1096 → 2000"),
        ] as [(String, String, JSON?, String, String)])
    func `says which way each difference goes, both ways`(
        _ path: String, _ pointer: String, _ value: JSON?, _ direction: String, _ words: String
    ) throws {
        let old = try ShippedPack.pack()
        let new = try changed(path, pointer, value)
        let found = old.differences(to: new)
        #expect(found.first?.direction.rawValue == direction, "\(found)")
        #expect(found.contains { $0.message.contains(words) }, "\(found)")
        let back = new.differences(to: old)
        let opposite = ["stricter": "looser", "looser": "stricter", "other": "other"]
        #expect(back.first?.direction.rawValue == opposite[direction])
    }

    @Test func `finds none between a pack and itself`() throws {
        #expect(try ShippedPack.pack().differences(to: ShippedPack.pack()) == [])
    }

    @Test func `explains every rule of the pack`() throws {
        let pack = try ShippedPack.pack()
        for rule in pack.rules.values.joined() {
            let explanation = try #require(RuleExplanation(rule.id, in: pack))
            #expect(!explanation.facts.isEmpty && !explanation.demands.isEmpty)
            #expect(explanation.text.contains(rule.title))
        }
        #expect(RuleExplanation("DEP-999", in: pack) == nil)
        let text = try #require(RuleExplanation("DEP-001", in: pack)).text
        #expect(text.contains("artifact.presentedDigest == artifact.approvedDigest"))
        #expect(text.contains("artifact-bytes: no pack can leave this out"))
        #expect(text.contains("eu-ai-act/15.5"))
        for check in Check.builtIn.keys {
            #expect(!CheckWords.demand(of: check).isEmpty, "\(check)")
        }
    }

    @Test func `lists the facts that a condition reads, elements by their list`() throws {
        let pack = try ShippedPack.pack()
        let explanation = try #require(RuleExplanation("APP-005", in: pack))
        #expect(
            explanation.facts == [
                "signer.roles", "signer.roles[].role", "statement.role", "signer.roles[].since",
                "request.submittedAt",
            ])
    }

    @Test func `of what was decided names each flip and its reason`() throws {
        let old = try ShippedPack.pack()
        let facts = SampleFacts.deploy(old).json
        let document = old.decide(
            gate: .deploy, subject: SampleFacts.subject, facts: facts, now: SampleFacts.now
        ).document
        let judge = { (pack: PolicyPack) in
            PackSimulation.judge(document: document, facts: facts, place: "entry 7", pack: pack)
        }
        #expect(judge(old) == .same(isIdentical: true))
        let same = try changed("permits.yaml", "/deploy/lifetime_minutes", 5)
        #expect(judge(same) == .same(isIdentical: false))
        let later = try changed("pack.yaml", "/effective_from", "2030-01-01T00:00:00.000Z")
        #expect(judge(later) == .same(isIdentical: false))
        guard
            case .flip(let flip) = judge(try changed("approvals.yaml", "/tiers/2/validity_days", 5))
        else {
            Issue.record("no flip")
            return
        }
        #expect(flip.was == .allow && flip.would == .deny)
        #expect(flip.place == "entry 7")
        #expect(flip.reasons.count == 1)
        #expect(flip.reasons.first?.hasPrefix("DEP-106") == true)
    }

    @Test func `of a record that was altered is no simulation`() throws {
        let pack = try ShippedPack.pack()
        let facts = SampleFacts.deploy(pack).json
        let document = pack.decide(
            gate: .deploy, subject: SampleFacts.subject, facts: facts, now: SampleFacts.now
        ).document
        let altered = try facts.setting("/fold/lagEntries", 5_000)
        for (document, facts) in [
            (document, altered), (try document.setting("/verdict", "deny"), facts),
        ] {
            let outcome = PackSimulation.judge(
                document: document, facts: facts, place: "entry 7", pack: pack)
            guard case .unusable = outcome else {
                Issue.record("\(outcome)")
                continue
            }
        }
    }
}

import CanonicalJSON
import Cryptography
import Governance
import Testing

@Suite struct `The check on who signed for a tier` {
    private static let signed: [String: JSON] = [
        "derived": 2, "signed": true, "statement": .string(SampleFacts.digest("tier").hex),
        "determined": 3,
        "reason": "it reaches more people",
        "signers": [["principal": "p-0000000000000002", "role": "validator"]], "problems": [],
    ]
    private static let former: JSON = ["version": "credit/scorecard@2", "tier": 3]

    /// The shipped pack with a rule that asks from a tier on.
    private func pack(from tier: Int) throws -> PolicyPack {
        try PolicyPack.parse(
            ShippedPack.files("gates/deploy.yaml", "/rules/-") { _ in
                [
                    "id": "DEP-901", "title": "A validator has signed for the tier",
                    "mode": "enforce", "check": "tier-determined",
                    "with": ["from_tier": .integer(Int64(tier))], "waivable": false,
                    "reason":
                        "tier {tier}: {determined.by}, {determined.problems}, {determined.lacking}",
                ]
            })
    }

    private func judge(
        from tier: Int = 3, facts tierOfVersion: JSON, _ determination: JSON?
    ) throws -> (result: RuleResult?, missing: [Need], by: JSON?) {
        let pack = try pack(from: tier)
        var facts = SampleFacts.deploy(pack).json.object ?? [:]
        facts["tier"] = tierOfVersion
        facts["tierDetermination"] = determination
        let decision = pack.decide(
            gate: .deploy, subject: SampleFacts.subject, facts: .object(facts),
            now: SampleFacts.now)
        let outcome = decision.rules.first { $0.id == "DEP-901" }
        return (
            outcome?.result, decision.missing.filter { $0.kind == "tier-determination" },
            outcome?.values["determined.by"]
        )
    }

    @Test func `passes what a validator signed for, and says who did`() throws {
        let judged = try judge(facts: 3, .object(Self.signed))
        #expect(judged.result == .pass)
        #expect(judged.by == ["p-0000000000000002 as validator"])
        #expect(judged.missing == [])
    }

    @Test func `does not apply below its tier, but to what comes down from it`() throws {
        #expect(try judge(facts: 2, ["derived": 2, "signed": false]).result == .notApplicable)
        #expect(try judge(from: 2, facts: 2, ["derived": 2, "signed": false]).result == .fail)
        let down = try judge(facts: 2, ["derived": 2, "signed": false, "former": Self.former])
        #expect(down.result == .fail)
        #expect(
            down.missing == [
                Need(
                    "tier-determination",
                    [
                        "roles": ["validator", "fairness-reviewer", "compliance-officer"],
                        "tier": 2,
                    ])
            ])
        let agreed = Self.signed.merging(["determined": 2, "former": Self.former]) { $1 }
        #expect(try judge(facts: 2, .object(agreed)).result == .pass)
    }

    @Test func `fails what nobody signed for, or for another tier, or with problems`() throws {
        let unsigned = try judge(facts: 3, ["derived": 3, "signed": false])
        #expect(unsigned.result == .fail)
        #expect(
            unsigned.missing == [
                Need("tier-determination", ["roles": ["validator"], "tier": 3])
            ])
        for change in [
            ["determined": 2], ["problems": ["revoked"]], ["signers": []],
        ] as [[String: JSON]] {
            let facts = Self.signed.merging(change) { $1 }
            #expect(try judge(facts: 3, .object(facts)).result == .fail, "\(change)")
        }
    }

    @Test func `denies where nothing is known of the tier`() throws {
        #expect(try judge(facts: 3, nil).result == .error)
    }

    @Test func `goes up by the log's word, and down only by what counts`() {
        #expect(TierFact.tier(derived: .limited, after: []) == .limited)
        #expect(TierFact.tier(derived: .limited, after: [(.high, false)]) == .high)
        #expect(
            TierFact.tier(derived: .limited, after: [(.high, true), (.limited, false)]) == .high)
        #expect(
            TierFact.tier(derived: .limited, after: [(.high, true), (.limited, true)]) == .limited)
        #expect(TierFact.tier(derived: .limited, after: [(.minimal, true)]) == .limited)
    }

    @Test func `refuses a pack that names a trigger twice, or one that there is none of`() throws {
        for (triggers, isGood) in [
            (["drift", "framework"], true), (["drift", "drift"], false), (["weather"], false),
            ([], false),
        ] as [([JSON], Bool)] {
            let files = try ShippedPack.files("approvals.yaml", "/review_triggers") { _ in
                .array(triggers)
            }
            #expect(((try? PolicyPack.parse(files)) != nil) == isGood, "\(triggers)")
        }
        for (places, isGood) in [
            ([["environment": "production", "in": ["eu"]]], true),
            ([["environment": "production", "in": []]], false),
            ([["environment": "production", "in": ["EU of old"]]], false),
            (
                [
                    ["environment": "production", "in": ["eu"]],
                    ["environment": "production", "in": ["us"]],
                ], false
            ),
        ] as [([JSON], Bool)] {
            let files = try ShippedPack.files("approvals.yaml", "/jurisdictions") { _ in
                .array(places)
            }
            #expect(((try? PolicyPack.parse(files)) != nil) == isGood, "\(places)")
        }
    }

    @Test func `counts an approval unless something is due that the pack heeds`() throws {
        let files = try ShippedPack.files("approvals.yaml", "/review_triggers") { _ in ["drift"] }
        let pack = try PolicyPack.parse(files)
        func verdict(_ due: [JSON]?) -> Verdict {
            var facts = SampleFacts.deploy(pack).json.object ?? [:]
            facts["approvals"] = .array(
                (facts["approvals"]?.array ?? []).map { approval in
                    var members = approval.object ?? [:]
                    members["outdated"] = due.map(JSON.array)
                    return .object(members)
                })
            return pack.decide(
                gate: .deploy, subject: SampleFacts.subject, facts: .object(facts),
                now: SampleFacts.now
            ).verdict
        }
        func due(_ trigger: String) -> JSON {
            ["trigger": .string(trigger), "since": .text(SampleFacts.days(-1)), "reason": "x"]
        }
        #expect(verdict([]) == .allow)
        #expect(verdict([due("drift")]) == .deny)
        #expect(verdict([due("incident")]) == .allow)
        #expect(verdict([due("what nobody knows")]) == .deny)
        // Nobody has looked.
        #expect(verdict(nil) == .deny)
    }
}

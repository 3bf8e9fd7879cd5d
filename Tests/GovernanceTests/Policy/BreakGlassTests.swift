import CanonicalJSON
import Cryptography
import Governance
import Testing

@Suite struct `A decision in an emergency` {
    private func glass(_ pack: PolicyPack, _ changes: [String: JSON] = [:]) -> JSON {
        let glass: [String: JSON] = [
            "digest": .string(SampleFacts.digest("glass").hex), "environment": "production",
            "artifact": .string(SampleFacts.digests.artifact.hex),
            "policy": .string(pack.digest.hex), "incident": "INC-2041",
            "signers": [signer(7, 17, "compliance-officer"), signer(8, 18, "risk-officer")],
            "signedAt": .text(SampleFacts.now.adding(seconds: -3_600)),
            "expiresAt": .text(SampleFacts.now.adding(seconds: 3_600)), "problems": [],
        ]
        return .object(glass.merging(changes) { _, new in new })
    }

    private func signer(_ principal: Int, _ person: Int, _ role: String) -> JSON {
        [
            "principal": .text(SampleFacts.principal(principal)),
            "person": .text(SampleFacts.principal(person)), "role": .string(role),
        ]
    }

    /// The facts of a version that nobody has approved or evaluated.
    private func facts(_ pack: PolicyPack, _ changes: [String: JSON] = [:]) -> [String: JSON] {
        var facts = SampleFacts.deploy(pack).json.object ?? [:]
        facts["tier"] = Tier.limited.json
        facts["approvals"] = []
        facts["evaluations"] = []
        return facts.merging(changes) { _, new in new }
    }

    private func decide(
        _ pack: PolicyPack, _ facts: [String: JSON], tolerating: Timestamp? = nil
    ) -> Decision {
        pack.decide(
            gate: .deploy, subject: SampleFacts.subject, facts: .object(facts),
            now: SampleFacts.now, tolerating: tolerating)
    }

    private func outcome(_ decision: Decision, _ id: String) -> RuleOutcome? {
        decision.rules.first { $0.id == id }
    }

    @Test func `shows what was overridden, by whom and until when, and is the same made again`()
        throws
    {
        let pack = try ShippedPack.pack()
        #expect(decide(pack, facts(pack)).verdict == .deny)
        let told = facts(pack, ["breakGlass": [glass(pack)]])
        let decision = decide(pack, told)
        #expect(decision.verdict == .allow, "\(decision.denials)")
        let overridden = decision.rules.filter { $0.result == .overridden }
        #expect(overridden.map(\.id).first == "DEP-101")
        #expect(overridden.allSatisfy { $0.reason?.contains("p-0000000000000007") == true })
        let values = overridden.first?.values["breakGlass"]
        #expect(values?["until"] == .text(SampleFacts.now.adding(seconds: 3_600)))
        #expect(values?["signers"]?.array?.count == 2)
        #expect(outcome(decision, "EMG-001")?.result == .fail)
        #expect(decision.missing.isEmpty)
        #expect(
            Decision.replay(document: decision.document, facts: .object(told), pack: pack) == [])
        // A permit ends with it at the latest, and no later than the pack's own time.
        #expect(
            decision.permitEnd(afterSeconds: 86_400) == SampleFacts.now.adding(seconds: 3_600))
        #expect(decision.permitEnd(afterSeconds: 60) == SampleFacts.now.adding(seconds: 60))
        #expect(
            BreakGlassUse(document: decision.document)?.statement
                == SampleFacts.digest("glass").hex)
    }

    @Test func `says that there was one, where nothing had to be overridden`() throws {
        let pack = try ShippedPack.pack()
        var facts = SampleFacts.deploy(pack).json.object ?? [:]
        #expect(outcome(decide(pack, facts), "EMG-001") == nil)
        facts["breakGlass"] = [glass(pack)]
        let decision = decide(pack, facts)
        #expect(decision.verdict == .allow)
        #expect(outcome(decision, "EMG-001")?.result == .pass)
        #expect(
            decision.permitEnd(afterSeconds: 86_400) == SampleFacts.now.adding(seconds: 86_400))
        #expect(BreakGlassUse(document: decision.document) == nil)
    }

    static let other = JSON.string(SampleFacts.digest("another").hex)

    @Test(
        arguments: [
            ("another-environment", ["environment": "staging"]),
            ("another-artifact", ["artifact": other]), ("another-policy", ["policy": other]),
            ("expired", ["expiresAt": .text(SampleFacts.now)]),
            ("too-long", ["signedAt": .text(SampleFacts.days(1))]),
            ("too-long", ["expiresAt": .text(SampleFacts.days(1))]),
            ("is-author", ["problems": ["is-author"]]), ("unreadable", ["problems": .null]),
            ("unreadable", ["problems": [1]]), ("unreadable", ["expiresAt": "soon"]),
        ] as [(String, [String: JSON])])
    func `denies as ever, and says why, when the emergency is`(
        _ code: String, _ changes: [String: JSON]
    ) throws {
        let pack = try ShippedPack.pack()
        let decision = decide(pack, facts(pack, ["breakGlass": [glass(pack, changes)]]))
        #expect(decision.verdict == .deny)
        #expect(outcome(decision, "DEP-101")?.result == .fail)
        let problems = outcome(decision, "EMG-001")?.values["breakGlass.problems"]
        #expect(problems?.object?.values.first?.array?.contains(.string(code)) == true)
    }

    @Test func `wants two persons in roles that the pack names`() throws {
        let pack = try ShippedPack.pack()
        for signers: JSON in [
            [signer(7, 17, "compliance-officer"), signer(8, 17, "risk-officer")],
            [signer(7, 17, "compliance-officer")], [],
            [signer(7, 17, "compliance-officer"), signer(8, 18, "validator")],
            [signer(7, 17, "compliance-officer"), signer(8, 18, "owner")],
        ] {
            let told = glass(pack, ["signers": signers])
            let decision = decide(pack, facts(pack, ["breakGlass": [told]]))
            #expect(decision.verdict == .deny, "\(signers)")
        }
    }

    @Test func `brings in nothing above the tier that the pack states, if it states one`() throws {
        let pack = try ShippedPack.pack()
        #expect(pack.breakGlass?.highestTier == .limited)
        for tier: JSON in [3, "unknown", .null] {
            let decision = decide(pack, facts(pack, ["breakGlass": [glass(pack)], "tier": tier]))
            #expect(decision.verdict == .deny)
            let problems = outcome(decision, "EMG-001")?.values["breakGlass.problems"]
            #expect(problems?.object?.values.first == ["tier-too-high"], "\(tier)")
        }
        let any = try PolicyPack.parse(
            ShippedPack.files("permits.yaml", "/break_glass/highest_tier") { _ in nil })
        #expect(any.breakGlass?.highestTier == nil)
        #expect(
            decide(any, facts(any, ["breakGlass": [glass(any)], "tier": 3])).verdict == .allow)
    }

    @Test func `tolerates no legacy above the tier that the pack states`() throws {
        let pack = try ShippedPack.pack()
        let any = try PolicyPack.parse(
            ShippedPack.files("permits.yaml", "/legacy/highest_tier") { _ in nil })
        let legacy: JSON = [
            "statement": .string(SampleFacts.digest("import").hex), "environment": "production",
            "dueAt": .text(SampleFacts.days(30)),
        ]
        func denials(_ pack: PolicyPack, _ tier: JSON) -> [String] {
            decide(pack, facts(pack, ["legacy": legacy, "tier": tier])).denials.map(\.id)
        }
        #expect(denials(pack, 2) == [])
        #expect(denials(pack, 3).contains("DEP-101"))
        #expect(denials(pack, 3).last == "LEG-001")
        #expect(denials(any, 3) == [])
        #expect(denials(any, "prohibited").contains("LEG-001"))
    }

    @Test func `is over when its time is over, for whoever asks later`() throws {
        let pack = try ShippedPack.pack()
        let told = facts(pack, ["breakGlass": [glass(pack)]])
        let later = SampleFacts.now.adding(seconds: 3_600)
        #expect(decide(pack, told, tolerating: later).verdict == .deny)
        #expect(decide(pack, told, tolerating: later.adding(milliseconds: -1)).verdict == .allow)
    }

    @Test(
        arguments: [
            ("DEP-301", "suspension"), ("DEP-301", "rejection"), ("DEP-301", "hold"),
            ("DEP-301", "finding"), ("DEP-301", "break-glass"), ("DEP-302", "retirement"),
        ])
    func `overrides nothing that is held against the version`(
        _ rule: String, _ kind: String
    ) throws {
        let pack = try ShippedPack.pack()
        let held: JSON = ["kind": .string(kind), "id": "x", "source": "both", "reason": ""]
        let decision = decide(
            pack, facts(pack, ["breakGlass": [glass(pack)], "restrictions": [held]]))
        #expect(decision.denials.map(\.id) == [rule])
    }

    @Test func `overrides neither who asks, nor a gate that is behind the log`() throws {
        let pack = try ShippedPack.pack()
        let told = facts(pack, ["breakGlass": [glass(pack)]])
        let stranger: JSON = [
            "principal": "p-0000000000000006", "person": "p-0000000000000010", "roles": ["owner"],
        ]
        for (name, fact, rule) in [
            ("fold", ["healthy": false, "lagEntries": 0], "DEP-501"),
            ("requester", stranger, "DEP-401"),
        ] as [(String, JSON, String)] {
            let decision = decide(pack, told.merging([name: fact]) { _, new in new })
            #expect(decision.denials.map(\.id) == [rule])
        }
    }

    @Test func `never overrides bytes or signatures, nor what could not be evaluated`() throws {
        let pack = try ShippedPack.pack()
        var told = facts(pack, ["breakGlass": [glass(pack)]])
        told["artifact"] =
            told["artifact"].flatMap {
                var artifact = $0.object ?? [:]
                artifact["signature"] = [
                    "verified": false, "signer": .null, "signerRoles": [],
                    "findings": ["bad-signature"],
                ]
                return .object(artifact)
            }
        #expect(decide(pack, told).denials.map(\.id).contains("DEP-002"))
        told = facts(pack, ["breakGlass": [glass(pack)]])
        told["approvals"] = nil
        let decision = decide(pack, told)
        #expect(decision.verdict == .deny)
        #expect(outcome(decision, "DEP-101")?.result == .error)
    }

    @Test func `is one only where the pack has the member`() throws {
        let files = try ShippedPack.files("permits.yaml", "/break_glass") { _ in nil }
        let pack = try PolicyPack.parse(files)
        #expect(pack.breakGlass == nil)
        let decision = decide(pack, facts(pack, ["breakGlass": [glass(pack)]]))
        #expect(decision.verdict == .deny)
        #expect(decision.rules.allSatisfy { $0.result != .overridden })
    }

    @Test func `overrides a rule of the pack's own that looks at nothing else`() throws {
        let files = try ShippedPack.files("permits.yaml", "/break_glass/overrides/0") { _ in
            "DEP-303"
        }
        let pack = try PolicyPack.parse(files)
        var told = SampleFacts.deploy(pack).json.object ?? [:]
        told["tier"] = Tier.limited.json
        told["findings"] = [
            [
                "id": .string(SampleFacts.digest("finding").hex), "severity": "critical",
                "blocking": false, "role": "validator", "owner": "p-0000000000000001",
                "dueAt": .text(SampleFacts.days(40)), "source": "both",
            ]
        ]
        #expect(decide(pack, told).verdict == .deny)
        told["breakGlass"] = [glass(pack)]
        #expect(outcome(decide(pack, told), "DEP-303")?.result == .overridden)
    }

    @Test func `overrides what no tolerance of legacy softens, before its date as after it`() throws
    {
        let files = try ShippedPack.files("permits.yaml", "/break_glass/overrides/0") { _ in
            "DEP-303"
        }
        let pack = try PolicyPack.parse(files)
        let critical: JSON = [
            [
                "id": .string(SampleFacts.digest("finding").hex), "severity": "critical",
                "blocking": false, "role": "validator", "owner": "p-0000000000000001",
                "dueAt": .text(SampleFacts.days(40)), "source": "both",
            ]
        ]
        func told(_ due: Int64, _ changes: [String: JSON] = [:]) -> [String: JSON] {
            let legacy: JSON = [
                "statement": .string(SampleFacts.digest("import").hex),
                "environment": "production", "dueAt": .text(SampleFacts.days(due)),
            ]
            return facts(pack, ["legacy": legacy, "findings": critical])
                .merging(changes) { _, new in new }
        }
        #expect(decide(pack, told(10)).denials.map(\.id) == ["DEP-303"])
        let decision = decide(pack, told(10, ["breakGlass": [glass(pack)]]))
        #expect(decision.verdict == .allow, "\(decision.denials)")
        // What is tolerated is so still, and is no matter of the emergency.
        #expect(decision.rules.filter { $0.result == .overridden }.map(\.id) == ["DEP-303"])
        #expect(outcome(decision, "EMG-001")?.result == .fail)
        #expect(outcome(decision, "LEG-001")?.result == .fail)
        #expect(outcome(decision, "LEG-001")?.mode == .warn)
        #expect(
            decision.permitEnd(afterSeconds: 86_400) == SampleFacts.now.adding(seconds: 3_600))
    }

    @Test func `knows when somebody has to act`() {
        let now = SampleFacts.now
        func standing(
            _ verdict: BreakGlassReview.Verdict?, running: [String], end: Int64, due: Int64
        ) -> BreakGlassStanding {
            BreakGlassStanding(
                expiresAt: now.adding(seconds: end), reviewDueAt: now.adding(seconds: due),
                verdict: verdict, running: running)
        }
        #expect(standing(nil, running: ["d-1"], end: 1, due: 2).halts(at: now).isEmpty)
        #expect(standing(nil, running: [], end: 0, due: 1).halts(at: now).isEmpty)
        #expect(standing(.justified, running: [], end: -2, due: -1).halts(at: now).isEmpty)
        #expect(standing(.unjustified, running: [], end: 1, due: 2).halts(at: now).isEmpty)
        #expect(standing(nil, running: ["d-1"], end: 0, due: 1).halts(at: now).count == 1)
        #expect(standing(.justified, running: ["d-1"], end: 0, due: 1).halts(at: now).count == 1)
        #expect(standing(.unjustified, running: ["d-1"], end: 1, due: 2).halts(at: now).count == 1)
        let unreviewed = standing(nil, running: [], end: -1, due: 0)
        #expect(unreviewed.halts(at: now).count == 1)
        #expect(unreviewed.commands(at: now).isEmpty)
        #expect(
            standing(nil, running: ["d-1"], end: -1, due: 0).commands(at: now)
                == ["imprimatur undeploy d-1 --reason \"break-glass is over\""])
        #expect(SampleFacts.now.quarter == "2026-Q4")
        #expect(Timestamp("2027-03-31T23:59:59.999Z")?.quarter == "2027-Q1")
        #expect(Timestamp("2027-04-01T00:00:00.000Z")?.quarter == "2027-Q2")
    }
}

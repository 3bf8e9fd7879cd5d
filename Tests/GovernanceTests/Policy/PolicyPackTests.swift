import CanonicalJSON
import Cryptography
import Governance
import Testing

@Suite struct `A policy pack` {
    @Test func `that ships is without findings`() throws {
        let pack = try ShippedPack.pack()
        #expect(pack.name == "imprimatur-default")
        #expect(
            pack.approvals[.high]?.places == [.validator, .fairnessReviewer, .complianceOfficer])
        #expect(pack.permitLifetimeMinutes == 15)
        #expect(pack.fairness(in: .minimal).isEmpty)
        #expect(pack.fairness(in: .high).count == 2)
    }

    @Test func `has the digest of its files' names, sizes and bytes`() {
        let file = PackFile(path: "a.yaml", bytes: Array("a: 1\n".utf8), tree: ["a": 1])
        let list =
            #"[{"path":"a.yaml","sha256":""#
            + "\(SHA256.hash(file.bytes))" + #"","size":5}]"#
        #expect(PolicyPack.digest(of: [file]) == SHA256.hash(Array(list.utf8)))
        let other = PackFile(path: "b.yaml", bytes: [], tree: .null)
        #expect(PolicyPack.digest(of: [file, other]) == PolicyPack.digest(of: [other, file]))
        #expect(PolicyPack.digest(of: [file, other]) != PolicyPack.digest(of: [file]))
    }

    static func findings(_ files: [PackFile]) -> [PackFinding] {
        do {
            _ = try PolicyPack.parse(files)
            return []
        } catch {
            return error.findings
        }
    }

    @Test func `names every missing and every unknown file`() throws {
        let files = try ShippedPack.files().filter { $0.path != "tiers.yaml" }
        let extra = PackFile(path: "gates/backdoor.yaml", bytes: [], tree: [:])
        let findings = Self.findings(files + [extra])
        #expect(findings.map(\.file) == ["gates/backdoor.yaml", "tiers.yaml"])
        #expect(findings.map(\.finding.code) == ["unknown", "missing"])
    }

    @Test(
        arguments: [
            ("pack.yaml", "/version", .integer(0), "/version"),
            ("pack.yaml", "/effective_from", "2026-01-01", "/effective_from"),
            ("pack.yaml", "/owner", "me", "/owner"),
            ("tiers.yaml", "/unknown_counts_as", 1, "/unknown_counts_as"),
            ("tiers.yaml", "/tiers/0/tier", 2, "/tiers"),
            ("tiers.yaml", "/raised_by/0/to", 4, "/raised_by/0/to"),
            ("cards/required.yaml", "/required/0/pointer", "model", "/required/0/pointer"),
            ("cards/required.yaml", "/required/0/from", 0, "/required/0/from"),
            ("approvals.yaml", "/tiers/0/quorum", [], "/tiers/0/quorum"),
            ("approvals.yaml", "/tiers/0/quorum/0/role", "administrator", "/tiers/0/quorum/0/role"),
            ("approvals.yaml", "/tiers/0/quorum/0/role", "owner", "/tiers/0/quorum/0/role"),
            ("approvals.yaml", "/tiers/0/quorum/0/count", 0, "/tiers/0/quorum/0/count"),
            ("approvals.yaml", "/tiers/2/validity_days", 0, "/tiers/2/validity_days"),
            ("evaluations.yaml", "/measures/0/threshold", "0,8", "/measures/0/threshold"),
            ("evaluations.yaml", "/measures/0/threshold", 1, "/measures/0/threshold"),
            ("evaluations.yaml", "/measures/0/comparison", "at_most", "/measures/0/comparison"),
            ("evaluations.yaml", "/measures/0/measure", "vibes", "/measures/0/measure"),
            ("permits.yaml", "/deploy/lifetime_minutes", 1_441, "/deploy/lifetime_minutes"),
            ("permits.yaml", "/run/0/lifetime_hours", 721, "/run/0/lifetime_hours"),
            ("permits.yaml", "/run/0/tier", 2, "/run"),
            ("approvals.yaml", "/delegation/maximum_days", 367, "/delegation/maximum_days"),
            ("approvals.yaml", "/delegation/roles", [], "/delegation/roles"),
            ("approvals.yaml", "/delegation/roles/0", "owner", "/delegation/roles"),
            (
                "approvals.yaml", "/delegation/roles", ["validator", "validator"],
                "/delegation/roles"
            ),
            ("approvals.yaml", "/delegation/renewable", true, "/delegation/renewable"),
            ("permits.yaml", "/break_glass/maximum_hours", 73, "/break_glass/maximum_hours"),
            ("permits.yaml", "/break_glass/highest_tier", 4, "/break_glass/highest_tier"),
            ("permits.yaml", "/legacy/highest_tier", 0, "/legacy/highest_tier"),
            ("permits.yaml", "/break_glass/budget_hours", 0, "/break_glass/budget_hours"),
            ("permits.yaml", "/break_glass/review_hours", nil, "/break_glass/review_hours"),
            ("permits.yaml", "/break_glass/roles", ["administrator"], "/break_glass/roles"),
            (
                "permits.yaml", "/break_glass/roles", ["validator", "validator"],
                "/break_glass/roles"
            ),
            ("permits.yaml", "/break_glass/overrides/0", "DEP-001", "/break_glass/overrides/0"),
            ("permits.yaml", "/break_glass/overrides/0", "DEP-002", "/break_glass/overrides/0"),
            ("permits.yaml", "/break_glass/overrides/0", "DEP-003", "/break_glass/overrides/0"),
            ("permits.yaml", "/break_glass/overrides/0", "DEP-004", "/break_glass/overrides/0"),
            ("permits.yaml", "/break_glass/overrides/0", "DEP-005", "/break_glass/overrides/0"),
            ("permits.yaml", "/break_glass/overrides/0", "DEP-301", "/break_glass/overrides/0"),
            ("permits.yaml", "/break_glass/overrides/0", "DEP-302", "/break_glass/overrides/0"),
            ("permits.yaml", "/break_glass/overrides/0", "DEP-401", "/break_glass/overrides/0"),
            ("permits.yaml", "/break_glass/overrides/0", "DEP-501", "/break_glass/overrides/0"),
            ("permits.yaml", "/break_glass/overrides/0", "DEP-502", "/break_glass/overrides/0"),
            ("permits.yaml", "/break_glass/overrides/0", "APP-001", "/break_glass/overrides/0"),
            ("permits.yaml", "/break_glass/overrides/0", "DEP-102", "/break_glass/overrides"),
            ("gates/deploy.yaml", "/gate", "submit", "/gate"),
            ("gates/deploy.yaml", "/rules/3/check", "no-such-check", "/rules/3/check"),
            ("gates/deploy.yaml", "/rules/3/check", "request-open", "/rules/3/check"),
            ("gates/deploy.yaml", "/rules/0/mode", "ignore", "/rules/0/mode"),
            ("gates/deploy.yaml", "/rules/0/id", "DEP-1", "/rules/0/id"),
            ("gates/deploy.yaml", "/rules/0/reason", "{secret}", "/rules/0/reason"),
            ("gates/deploy.yaml", "/rules/0/reason", "{open", "/rules/0/reason"),
            ("gates/deploy.yaml", "/rules/3/with", ["roles": ["owner"]], "/rules/3/with"),
            ("gates/deploy.yaml", "/rules/0/when", true, "/rules/0/when"),
            ("gates/deploy.yaml", "/rules/8/with", nil, "/rules/8/with"),
            (
                "gates/deploy.yaml", "/rules/8/with/clock_skew_seconds", 3_601,
                "/rules/8/with/clock_skew_seconds"
            ),
            ("gates/deploy.yaml", "/rules/0/when", "tier", "/rules/0/when"),
            ("gates/deploy.yaml", "/rules/0/missing/kind", "luck", "/rules/0/missing/kind"),
            ("gates/deploy.yaml", "/rules/0/missing/detail", "teir", "/rules/0/missing/detail"),
            ("gates/deploy.yaml", "/rules/0/missing/detail", nil, "/rules/0/missing/detail"),
            ("gates/deploy.yaml", "/rules/2/missing/each", "tier", "/rules/2/missing/each"),
            ("gates/deploy.yaml", "/rules/0/waivable_by", ["owner"], "/rules/0/waivable_by"),
            ("gates/deploy.yaml", "/rules/0/controls", ["no control"], "/rules/0/controls/0"),
            ("gates/deploy.yaml", "/rules/0/id", "DEP-002", ""),
            ("gates/deploy.yaml", "/rules", [], "/rules"),
        ] as [(String, String, JSON?, String)])
    func `tells where it is wrong`(
        file: String, pointer: String, value: JSON?, place: String
    ) throws {
        let files = try ShippedPack.files(file, pointer) { _ in value }
        let findings = Self.findings(files)
        #expect(findings.contains { $0.file == file && $0.finding.pointer.description == place })
    }

    /// Every floor check, lowered in each way.
    static let lowered: [(gate: Gate, check: String, member: String, value: JSON)] =
        Gate.allCases.flatMap { gate in
            PackFloor.every(gate).flatMap { check -> [(Gate, String, String, JSON)] in
                [
                    (gate, check, "/mode", "warn"), (gate, check, "/mode", "audit"),
                    (gate, check, "/waivable", true), (gate, check, "", .null),
                ]
            }
        }

    @Test func `cannot lower the floor`() throws {
        let files = try ShippedPack.files()
        let rules = try PolicyPack.parse(files).rules
        for (gate, check, member, value) in Self.lowered {
            let path = "gates/\(gate.rawValue).yaml"
            let index = try #require(rules[gate]?.firstIndex { $0.made.contains(check) })
            let changed = try ShippedPack.files(path, "/rules/\(index)\(member)") { _ in
                member.isEmpty ? nil : value
            }
            let findings = Self.findings(changed)
            #expect(
                findings.contains { $0.file == path && $0.finding.code == "floor" },
                "\(gate) \(check) \(member)")
        }
    }

    @Test(arguments: [
        ("deploy", 1, "auditor"), ("submit", 4, "administrator"), ("deploy", 16, "administrator"),
        ("retire", 4, "auditor"),
    ])
    func `cannot accept other roles than the floor`(
        gate: String, rule: Int, role: String
    ) throws {
        let path = "gates/\(gate).yaml"
        let condition = try ShippedPack.files(path, "/rules/\(rule)/condition") { text in
            let parts = text?.string?.split(separator: "[", maxSplits: 1) ?? []
            return .string("\(parts[0])[\"\(role)\"])")
        }
        #expect(Self.findings(condition).map(\.finding.code) == ["floor"])
        let check = try ShippedPack.files(path, "/rules/\(rule)") { tree in
            guard var rule = tree?.object, let id = rule["id"]?.string else { return nil }
            for name in ["condition", "missing"] { rule[name] = nil }
            rule["check"] = .string(
                id.hasSuffix("2") || id.hasSuffix("4")
                    ? "artifact-signature"
                    : gate == "submit" ? "submitter-entitled" : "requester-entitled")
            rule["with"] = ["roles": [.string(role)]]
            rule["reason"] = "no"
            return .object(rule)
        }
        #expect(Self.findings(check).map(\.finding.code) == ["floor"])
    }

    @Test func `denies before it is in effect`() throws {
        let files = try ShippedPack.files("pack.yaml", "/effective_from") { _ in
            .string(SampleFacts.now.adding(seconds: 1).description)
        }
        let pack = try PolicyPack.parse(files)
        let facts = SampleFacts.deploy(pack).json
        let decide = { (now: Timestamp) in
            pack.decide(gate: .deploy, subject: SampleFacts.subject, facts: facts, now: now)
        }
        #expect(decide(SampleFacts.now).denials.map(\.id) == ["DEP-502"])
        #expect(decide(SampleFacts.now.adding(seconds: 1)).verdict == .allow)
    }

    @Test(
        arguments: [
            (["risk": ["tier": 1]], .minimal), (["risk": ["tier": "prohibited"]], .prohibited),
            ([:], .high), (["risk": ["tier": "unknown"]], .high), (["risk": ["tier": 0]], .high),
            (["risk": ["tier": 1], "privacy": ["personal_data": true]], .limited),
            (["risk": ["tier": 1], "privacy": ["personal_data": false]], .minimal),
            (["risk": ["tier": 2], "use": ["automated_decision": ["solely": true]]], .high),
            (["risk": ["tier": 3], "privacy": ["personal_data": true]], .high),
        ] as [(JSON, Tier)])
    func `raises a card's tier and never lowers it`(card: JSON, tier: Tier) throws {
        #expect(try ShippedPack.pack().tier(of: card).tier == tier)
    }

    @Test func `names every field that a card lacks, by tier`() throws {
        let pack = try ShippedPack.pack()
        let card: JSON = ["data": ["sets": [["name": "a"], [:]]], "model": ["name": ""]]
        let missing = pack.missingCardFields(in: card, tier: .minimal).map(\.description)
        #expect(missing.contains("/model/name"))
        #expect(missing.contains("/data/sets/1/name"))
        #expect(!missing.contains("/data/sets/0/name"))
        #expect(missing.contains("/model/artifacts/*/digests/sha256"))
        #expect(!missing.contains("/provider"))
        let high = pack.missingCardFields(in: card, tier: .high).map(\.description)
        #expect(high.contains("/provider"))
        #expect(Set(high).isSuperset(of: missing))
        #expect(!high.contains("/model/base_models/*/digest"))
    }
}

@Suite struct `A quorum` {
    @Test(
        arguments: [
            ([.validator], ["a": [.validator]], []),
            (
                [.validator, .complianceOfficer], ["a": [.validator, .complianceOfficer]],
                [.complianceOfficer]
            ),
            (
                [.validator, .complianceOfficer],
                ["a": [.validator, .complianceOfficer], "b": [.validator]], []
            ),
            (
                [.validator, .complianceOfficer, .fairnessReviewer],
                [
                    "a": [.validator, .complianceOfficer], "b": [.validator, .fairnessReviewer],
                    "c": [.validator],
                ], []
            ),
            ([.validator, .validator], ["a": [.validator]], [.validator]),
            ([.validator], [:], [.validator]),
        ] as [([Role], [String: Set<Role>], [Role])])
    func `is filled by distinct persons only`(
        places: [Role], roles: [String: Set<Role>], unfilled: [Role]
    ) {
        #expect(Quorum(places: places, rolesByPerson: roles).unfilled == unfilled)
    }
}

@Suite struct `A replay` {
    static func recorded() throws -> (PolicyPack, JSON, Decision) {
        let pack = try ShippedPack.pack()
        let facts = try SampleFacts.deploy(pack).json.setting("/fold/healthy", false)
        let decision = pack.decide(
            gate: .deploy, subject: SampleFacts.subject, facts: facts, now: SampleFacts.now)
        return (pack, facts, decision)
    }

    @Test func `gives the same bytes, also from stored bytes`() throws {
        let (pack, facts, decision) = try Self.recorded()
        let bytes = decision.document.canonicalBytes
        let stored = try JSON(parsing: bytes, limits: .own)
        #expect(Decision.replay(document: stored, facts: facts, pack: pack) == [])
        let again = pack.decide(
            gate: .deploy, subject: SampleFacts.subject,
            facts: try JSON(parsing: facts.canonicalBytes, limits: .own), now: SampleFacts.now)
        #expect(again.document.canonicalBytes == bytes)
    }

    @Test func `does not compare prose`() throws {
        let (pack, facts, decision) = try Self.recorded()
        let document = try decision.document.setting("/rules/1/reason", "in other words")
            .setting("/rules/2/title", "Another title")
        #expect(Decision.replay(document: document, facts: facts, pack: pack) == [])
    }

    @Test(arguments: [
        "/verdict", "/rules/3/result", "/rules/3/id", "/rules/3/mode", "/rules/1/values",
        "/policy/digest", "/factsDigest", "/missing", "/policy/version",
    ])
    func `names what was altered`(pointer: String) throws {
        let (pack, facts, decision) = try Self.recorded()
        let document = try decision.document.setting(pointer, "altered")
        let places = Decision.replay(document: document, facts: facts, pack: pack)
            .map(\.pointer.description)
        #expect(places == [pointer])
    }

    @Test func `tells an absent member from a null one`() throws {
        let (pack, facts, decision) = try Self.recorded()
        let removed = try decision.document.setting("/missing", nil)
        let added = try decision.document.setting("/waivers", .null)
        for (document, place) in [(removed, "/missing"), (added, "/waivers")] {
            let places = Decision.replay(document: document, facts: facts, pack: pack)
                .map(\.pointer.description)
            #expect(places == [place])
        }
    }

    @Test func `names altered facts`() throws {
        let (pack, facts, decision) = try Self.recorded()
        let altered = try facts.setting("/fold/healthy", true)
        let places = Decision.replay(document: decision.document, facts: altered, pack: pack)
            .map(\.pointer.description)
        #expect(places.contains("/factsDigest"))
        #expect(places.contains("/verdict"))
    }

    @Test(arguments: [.null, [], "x", ["type": "imprimatur.dev/decision/v1"]] as [JSON])
    func `refuses what is no decision`(document: JSON) throws {
        let (pack, facts, _) = try Self.recorded()
        #expect(!Decision.replay(document: document, facts: facts, pack: pack).isEmpty)
    }

    @Test(arguments: [.null, [], 3, "x", ["model": 1], ["approvals": "x"]] as [JSON])
    func `of nonsense facts denies and is stable`(facts: JSON) throws {
        let pack = try ShippedPack.pack()
        for gate in Gate.allCases {
            let decision = pack.decide(
                gate: gate, subject: SampleFacts.subject, facts: facts, now: SampleFacts.now)
            #expect(decision.verdict == .deny)
            #expect(
                Decision.replay(document: decision.document, facts: facts, pack: pack) == [])
        }
    }
}

// Cards: what is accepted, what is refused, and what a tier misses.

import CanonicalJSON
@testable import Schema
import TestSupport
import Testing

@testable import Governance

@Suite struct ModelCardTests {
    @Test func `the example card is accepted`() throws {
        #expect(findings(try exampleCard(), try publishedSchema()) == [])
    }

    @Test func `the smallest card is accepted, and refused without any of its fields`() throws {
        let schema = try publishedSchema()
        #expect(findings(smallestCard(), schema) == [])
        for name in try #require(smallestCard().object?.keys) {
            var members = try #require(smallestCard().object)
            members[name] = nil
            #expect(findings(.object(members), schema).map(\.pointer.description) == ["/\(name)"])
        }
    }

    @Test(arguments: [
        ("bidi override", "safe\u{202E}elbasu"), ("isolate", "a\u{2066}b"), ("mark", "a\u{200F}b"),
        ("zero width space", "a\u{200B}b"), ("joiner", "a\u{200D}b"), ("soft hyphen", "a\u{AD}b"),
        ("byte order mark", "\u{FEFF}a"), ("tag", "a\u{E0041}"), ("variation", "a\u{FE0F}"),
        ("NUL", "a\0b"), ("escape", "a\u{1B}[2J"), ("delete", "a\u{7F}"), ("C1", "a\u{85}b"),
        ("carriage return", "a\rb"), ("line separator", "a\u{2028}b"), ("filler", "\u{3164}"),
        ("private use", "\u{E000}"), ("noncharacter", "\u{FFFE}"),
    ])
    func `a text that does not show what it is is refused`(_ name: String, _ text: String) throws {
        let schema = try publishedSchema()
        var card = replace(smallestCard(), ["model", "summary"]) { _ in .string(text) }
        #expect(findings(card, schema).map(\.code) == ["text"])
        #expect(findings(card, schema).map(\.pointer.description) == ["/model/summary"])
        card = replace(smallestCard(), ["extensions"]) { _ in ["acme": [["k\(text)": 1]]] }
        #expect(findings(card, schema).map(\.code) == ["text"])
    }

    @Test(arguments: [
        "Ångström", "日本語", "עברית", "line one\nline two\ttab", "🎈", "“quotes”", "فارسی",
    ])
    func `ordinary text of any script is accepted`(_ text: String) throws {
        let card = replace(smallestCard(), ["model", "summary"]) { _ in .string(text) }
        #expect(findings(card, try publishedSchema()) == [])
    }

    @Test func `a binary fraction is refused outside imported leftovers`() throws {
        let schema = try publishedSchema()
        let metric = replace(smallestCard(), ["evaluation"]) { _ in
            ["performance": [["metric": "auc", "value": .double(0.85)]]]
        }
        #expect(
            findings(metric, schema).map(\.description) == [
                "/evaluation/performance/0/value: evaluation.performance[0].value must be true or "
                    + "false or a whole number or a text, not a number."
            ])
        let extended = replace(smallestCard(), ["extensions"]) { _ in ["acme": .double(0.5)] }
        #expect(findings(extended, schema).map(\.pointer.description) == ["/extensions/acme"])
        let imported = replace(smallestCard(), ["x_source"]) { _ in ["mct": ["v": .double(0.5)]] }
        #expect(findings(imported, schema) == [])
    }

    @Test func `a card nested too deeply is refused before anything else`() throws {
        var deep: JSON = 1
        for _ in 0..<60 { deep = [deep] }
        let card = replace(smallestCard(), ["extensions"]) { _ in ["acme": deep] }
        #expect(findings(card, try publishedSchema()).map(\.code) == ["depth"])
    }

    @Test func `a card over the limit is refused`() throws {
        let text = JSON.string(String(repeating: "x", count: 16_000))
        let card = replace(smallestCard(), ["extensions"]) { _ in
            ["acme": .array(Array(repeating: text, count: 70))]
        }
        #expect(findings(card, try publishedSchema()).map(\.code) == ["size"])
    }

    @Test(
        arguments: [
            (1, .minimal, .minimal), (2, .limited, .limited), (3, .high, .high),
            ("unknown", nil, .high), ("prohibited", .prohibited, .prohibited),
        ] as [(JSON, Tier?, Tier)])
    func `the tier is what the card states, unknown counts as high`(
        _ value: JSON, _ stated: Tier?, _ tier: Tier
    ) throws {
        let json = replace(smallestCard(), ["risk", "tier"]) { _ in value }
        let card = try ModelCard(parsing: json, schema: publishedSchema())
        #expect(card.statedTier == stated)
        #expect(card.tier == tier)
    }

    @Test(arguments: [0, 4, "1", "high", .null, .double(1.5)] as [JSON])
    func `no other tier is accepted`(_ value: JSON) throws {
        let card = replace(smallestCard(), ["risk", "tier"]) { _ in value }
        #expect(findings(card, try publishedSchema()).map(\.pointer.description) == ["/risk/tier"])
    }

    @Test func `every missing field of a tier is named at once, with what it is`() throws {
        let schema = try publishedSchema()
        let json = replace(smallestCard(), ["data"]) { _ in
            ["sets": [["name": "a", "role": "train"], ["name": "b", "role": "test"]]]
        }
        let card = try ModelCard(parsing: json, schema: schema)
        let fields = try required(
            ("/use/purpose", .minimal), ("/data/sets/*/digests", .minimal),
            ("/design/logic", .high), ("/model/name", .minimal))
        #expect(
            card.missing(for: .minimal, of: fields, schema: schema).map(\.description) == [
                "/use/purpose: use.purpose is required in tier 1 and missing: What it is for.",
                "/data/sets/0/digests: data.sets[0].digests is required in tier 1 and missing: "
                    + "Digests of its content.",
                "/data/sets/1/digests: data.sets[1].digests is required in tier 1 and missing: "
                    + "Digests of its content.",
            ])
        #expect(card.missing(for: .high, of: fields, schema: schema).count == 4)
    }

    @Test func `the digest follows the content, not the spelling`() throws {
        let schema = try publishedSchema()
        let card = try ModelCard(parsing: smallestCard(), schema: schema)
        let again = try ModelCard(
            parsing: JSON(parsing: smallestCard().prettyBytes), schema: schema)
        #expect(card.digest == again.digest)
        let other = replace(smallestCard(), ["card_version"]) { _ in 2 }
        #expect(try ModelCard(parsing: other, schema: schema).digest != card.digest)
    }
}

@Suite struct CardTemplateTests {
    private static func fields() throws -> [RequiredField] {
        try required(
            ("/schema", .minimal), ("/card_id", .minimal), ("/card_version", .minimal),
            ("/model/name", .minimal), ("/model/version", .minimal), ("/model/summary", .minimal),
            ("/model/type", .minimal), ("/model/task", .minimal), ("/model/licences", .minimal),
            ("/model/artifacts/*/digests/sha256", .minimal),
            ("/people/accountable_owner", .minimal), ("/use/purpose", .minimal),
            ("/use/intended_uses", .minimal), ("/risk/tier", .minimal),
            ("/risk/rationale", .minimal), ("/data/sets/*/name", .minimal),
            ("/data/sets/*/role", .minimal), ("/data/sets/*/digests/sha256", .minimal),
            ("/evaluation/performance", .minimal), ("/limits/technical", .minimal),
            ("/training/hyperparameters", .limited), ("/operation/monitoring_plan", .limited),
            ("/use/prohibited_check", .high), ("/data/sets/*/governance/owner", .high),
            ("/oversight/who", .high), ("/evaluation/reports/*/digest", .high))
    }

    @Test(arguments: Tier.usable)
    func `an unedited template is refused at every open field and misses none`(
        _ tier: Tier
    ) throws {
        let schema = try publishedSchema()
        let text = CardTemplate.yaml(schema: schema, fields: try Self.fields(), tier: tier)
        let json = try yamlAsJSON(text)
        let findings = findings(json, schema)
        #expect(findings.count >= 20)
        #expect(findings.allSatisfy { $0.code == "placeholder" }, "\(findings)")
        for field in try Self.fields() where field.from <= tier {
            #expect(field.pattern.missing(in: json).isEmpty, "\(field.pattern)")
        }
    }

    @Test func `filling in every placeholder gives a card that lacks nothing`() throws {
        let schema = try publishedSchema()
        let fields = try Self.fields()
        var json = try yamlAsJSON(CardTemplate.yaml(schema: schema, fields: fields, tier: .high))
        for finding in findings(json, schema) {
            json = replace(json, finding.pointer.tokens[...]) { _ in
                Self.value(finding.pointer, schema)
            }
        }
        let card = try ModelCard(parsing: json, schema: schema)
        #expect(card.missing(for: .high, of: fields, schema: schema) == [])
    }

    /// A value of the right form for a field of the template.
    private static func value(_ pointer: JSONPointer, _ schema: JSONSchema) -> JSON {
        guard let node = schema.node(at: pointer) else { return "x" }
        if let value = node.values?.first { return value }
        if node.types == [.integer] { return 1 }
        if node.types == [.boolean] { return true }
        let candidates: [JSON] = [
            "ok", "credit/scorecard", .string(String(repeating: "0", count: 64)), "2026-11-21",
            "0.5",
        ]
        return candidates.first { candidate in
            candidate.string.map { node.pattern?.matches($0) ?? true } ?? false
        } ?? "x"
    }

    @Test func `one placeholder left is enough to refuse`() throws {
        let card = replace(smallestCard(), ["model", "summary"]) { _ in "<fill in: the summary>" }
        #expect(
            findings(card, try publishedSchema()).map(\.description) == [
                "/model/summary: model.summary still has the placeholder of the template."
            ])
        let key = replace(smallestCard(), ["extensions"]) { _ in ["acme": ["<fill in>": 1]] }
        #expect(findings(key, try publishedSchema()).map(\.code) == ["placeholder"])
    }
}

// What the card tests share: the published schema, the example card, YAML as JSON.

import CanonicalJSON
import Schema
import TestSupport
import Testing
import Yams

@testable import Governance

/// The schema as it is published.
func publishedSchema() throws -> JSONSchema {
    try JSONSchema(loading: Fixtures.ours("docs/reference/model-card.schema.json"))
}

/// The card of the demo.
func exampleCard() throws -> JSON {
    try yamlAsJSON(
        String(decoding: Fixtures.ours("docs/examples/scorecard/card.yaml"), as: UTF8.self))
}

/// YAML with the JSON schema's scalars only, as the command line reads cards.
func yamlAsJSON(_ text: String) throws -> JSON {
    func json(_ node: Node) -> JSON {
        switch node {
        case .mapping(let mapping):
            return .object(
                Dictionary(
                    uniqueKeysWithValues: mapping.map { ($0.key.string ?? "?", json($0.value)) }))
        case .sequence(let sequence): return .array(sequence.map(json))
        case .scalar(let scalar):
            guard scalar.style == .plain else { return .string(scalar.string) }
            if let bool = Bool(scalar.string) { return .bool(bool) }
            if let number = Int64(scalar.string) { return .integer(number) }
            if scalar.string == "null" { return .null }
            return .string(scalar.string)
        case .alias: return .null
        }
    }
    return json(try #require(try Yams.compose(yaml: text)))
}

/// The smallest card that the schema accepts.
func smallestCard() -> JSON {
    [
        "schema": "https://imprimatur.dev/schemas/model-card/v1", "card_id": "c-1",
        "card_version": 1, "model": ["name": "credit/scorecard"], "risk": ["tier": 1],
    ]
}

/// The findings of a card, empty when it is accepted.
func findings(_ json: JSON, _ schema: JSONSchema) -> [JSONFinding] {
    do throws(JSONFindings) {
        _ = try ModelCard(parsing: json, schema: schema)
        return []
    } catch {
        return error.findings
    }
}

/// Fields as a policy pack lists them.
func required(_ list: (String, Tier)...) throws -> [RequiredField] {
    try list.map {
        RequiredField(pattern: try #require(FieldPattern($0.0)), from: $0.1, when: nil)
    }
}

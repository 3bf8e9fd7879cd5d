// The demo's example, the published schema and the shipped policy pack belong together.

import CanonicalJSON
import Cryptography
import Fairness
import TestSupport
import Testing

@testable import Governance

@Suite struct ExampleTests {
    /// The fields that the shipped pack requires.
    private static func shippedFields() throws -> [RequiredField] {
        let text = String(
            decoding: try Fixtures.ours("policies/cards/required.yaml"), as: UTF8.self)
        return try JSONReader.decode(yamlAsJSON(text)) { reader in
            reader.object { $0.array("required") { $0.object(RequiredField.read) } }
        }
    }

    @Test func `every field that the pack requires is a field of the schema`() throws {
        let schema = try publishedSchema()
        let fields = try Self.shippedFields()
        #expect(fields.count > 40)
        for field in fields {
            let pointer = try JSONPointer(parsing: field.pattern.description)
            #expect(schema.node(at: pointer) != nil, "\(field.pattern)")
        }
    }

    @Test func `the example card lacks nothing in its tier`() throws {
        let schema = try publishedSchema()
        let card = try ModelCard(parsing: exampleCard(), schema: schema)
        let missing = card.missing(for: card.tier, of: try Self.shippedFields(), schema: schema)
        #expect(missing == [])
    }

    @Test(arguments: Tier.usable)
    func `the template by the shipped pack is refused until every placeholder is gone`(
        _ tier: Tier
    ) throws {
        let schema = try publishedSchema()
        let json = try yamlAsJSON(
            CardTemplate.yaml(schema: schema, fields: Self.shippedFields(), tier: tier))
        let findings = findings(json, schema)
        #expect(findings.count >= 20)
        #expect(findings.allSatisfy { $0.code == "placeholder" }, "\(findings)")
    }

    @Test func `the digests in the example card are those of the files beside it`() throws {
        let folder = "docs/examples/scorecard"
        let card = try exampleCard()
        for (index, name) in ["training.csv", "predictions.csv"].enumerated() {
            let digest = SHA256.hash(try Fixtures.ours("\(folder)/\(name)"))
            let pointer = JSONPointer(["data", "sets", "\(index)", "digests", "sha256"])
            #expect(card.value(at: pointer)?.string == digest.hex)
        }
        let files: [JSON] = try ["README.txt", "scorecard.json"].map { name in
            let bytes = try Fixtures.ours("\(folder)/model/\(name)")
            return [
                "path": .string(name), "sha256": .string(SHA256.hash(bytes).hex),
                "size": .integer(Int64(bytes.count)),
            ]
        }
        let artifact = JSONPointer(["model", "artifacts", "0", "digests", "sha256"])
        #expect(
            card.value(at: artifact)?.string
                == SHA256.hash(JSON.array(files).canonicalBytes).hex)
    }
}

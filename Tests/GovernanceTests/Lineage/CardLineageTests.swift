// Lineage as a card claims it.

import CanonicalJSON
import Testing

@testable import Governance

@Suite struct CardLineageTests {
    private static let digest = String(repeating: "a", count: 64)

    private static func card(_ change: ([String: JSON]) -> [String: JSON]) throws -> ModelCard {
        let members: [String: JSON] = [
            "data": [
                "sets": [
                    ["name": "test", "role": "test", "digests": ["sha256": .string(digest)]],
                    [
                        "name": "train", "role": "train", "version": "7", "uri": "s3://b/t",
                        "digests": ["sha256": .string(digest)],
                    ],
                    ["name": "val", "role": "val", "digests": ["sha256": .string(digest)]],
                    ["name": "live", "role": "prod", "digests": ["sha256": .string(digest)]],
                ]
            ],
            "training": [
                "run": ["id": "run-9", "digests": ["sha256": .string(digest)]],
                "environment": [
                    "code": [
                        "repo": "https://git.example/m",
                        "commit": .string(String(repeating: "b", count: 40)),
                    ],
                    "container": ["sha256": .string(digest)],
                    "lockfile": ["sha256": .string(digest)],
                ],
            ],
        ]
        var json = try #require(smallestCard().object)
        json["model"] = [
            "name": "credit/scorecard",
            "base_models": [["ref": "hf:base", "digest": .string(digest)]],
        ]
        json.merge(change(members)) { $1 }
        return try ModelCard(parsing: .object(json), schema: publishedSchema())
    }

    @Test func `every kind of source becomes an edge, in a fixed order`() throws {
        let lineage = CardLineage(try Self.card { $0 })
        #expect(lineage.findings == [])
        #expect(
            lineage.edges.map { "\($0.kind.rawValue) \($0.name)" } == [
                "trained_on train", "validated_on val", "tested_on test", "runs_on live",
                "derived_from hf:base", "built_from https://git.example/m",
                "built_in container image", "built_in lock file", "produced_by run-9",
            ])
        #expect(
            lineage.edges[0].json == [
                "kind": "trained_on", "name": "train", "version": "7", "uri": "s3://b/t",
                "digest": "sha256:\(Self.digest)", "pointer": "/data/sets/1",
            ])
        #expect(lineage.edges[5].digest == .gitCommit(String(repeating: "b", count: 40)))
    }

    @Test func `each source without a digest is named`() throws {
        let card = try Self.card { members in
            var members = members
            members["data"] = ["sets": [["name": "a", "role": "train"]]]
            members["training"] = ["run": ["id": "r"]]
            members["model"] = ["name": "credit/scorecard", "base_models": [["ref": "hf:base"]]]
            return members
        }
        let lineage = CardLineage(card, at: JSONPointer(["card"]))
        #expect(
            lineage.findings.map(\.pointer.description)
                == ["/card/data/sets/0", "/card/model/base_models/0", "/card/training/run"])
        #expect(lineage.findings.allSatisfy { $0.code == "digest_missing" })
        #expect(lineage.edges.count == 3)
    }

    @Test func `a card without sources has no edges`() throws {
        let lineage = CardLineage(try ModelCard(parsing: smallestCard(), schema: publishedSchema()))
        #expect(lineage.edges == [])
        #expect(lineage.findings == [])
    }

    @Test func `the example card names all its sources by digest`() throws {
        let lineage = CardLineage(try ModelCard(parsing: exampleCard(), schema: publishedSchema()))
        #expect(lineage.edges.map(\.kind) == [.trainedOn, .testedOn, .builtFrom])
        #expect(lineage.findings == [])
    }
}

// The predicate of a signed fairness evaluation.

import CanonicalJSON
import Cryptography
import Fairness
import Testing

@testable import Governance

@Suite struct FairnessPredicateTests {
    @Test func `a predicate comes back as it was written`() throws {
        let predicate = try Self.predicate()
        #expect(try FairnessPredicate(recomputing: predicate.json) == predicate)
    }

    @Test func `a predicate with several faults is refused with all of them`() throws {
        var members = try #require(try Self.predicate().json.object)
        members["surprise"] = true
        members["dataset"] = ["sha256": "AA", "rows": 3]
        members["evaluatedAt"] = "yesterday"
        let error = #expect(throws: JSONFindings.self) {
            try FairnessPredicate(recomputing: .object(members))
        }
        #expect(
            error?.findings.map(\.pointer.description)
                == ["/dataset", "/dataset/sha256", "/evaluatedAt", "/surprise"])
    }

    private static func predicate() throws -> FairnessPredicate {
        FairnessPredicate(
            origin: "example.com/log", dataset: .zero, datasetName: nil,
            columns: .init(label: "y", prediction: "p", groups: ["race", "sex"], positive: "1"),
            toolName: "imprimatur", toolVersion: "0.1.0", evaluation: sample(),
            evaluatedAt: try #require(Timestamp("2026-11-21T08:00:00.000Z")))
    }

    private static func sample() -> FairnessEvaluation {
        FairnessEvaluation(
            FairnessCounts(
                columns: ["race", "sex"],
                cells: [
                    .init(values: ["A", "F"], counts: .init(truePositives: 5, trueNegatives: 4)),
                    .init(values: ["A", "M"], counts: .init(truePositives: 3, falseNegatives: 2)),
                    .init(values: ["B", "F"], counts: .init(falsePositives: 2, trueNegatives: 9)),
                    .init(values: ["B", nil], counts: .init(truePositives: 1, falseNegatives: 1)),
                ]),
            .init(minimumGroupSize: 2, references: ["race": "A"]))
    }
}

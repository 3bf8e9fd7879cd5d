// The predictions of the demo: one set is fair, the other is not.

import TestSupport
import Testing

@testable import Fairness

@Suite struct ExamplePredictionsTests {
    @Test(arguments: [("predictions.csv", true), ("predictions-unfair.csv", false)])
    func `the fair predictions meet four fifths in every grouping, the unfair ones do not`(
        _ name: String, _ isFair: Bool
    ) throws {
        let counts = try counts(
            Fixtures.ours("docs/examples/scorecard/\(name)"),
            PredictionColumns(
                label: "repaid", prediction: "approved", score: "score", groups: ["age", "sex"],
                positive: "1"))
        let evaluation = FairnessEvaluation(counts, .init(minimumGroupSize: 30))
        #expect(evaluation.overall.total == 2_000)
        let verdicts = evaluation.verdicts(
            on: .init(.disparateImpact, .atLeast, try #require(ExactDecimal("0.80"))))
        #expect(verdicts.count == 3)
        #expect(verdicts.allSatisfy(\.isMet) == isFair)
    }
}

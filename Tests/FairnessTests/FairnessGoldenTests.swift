// The evaluation against published and recorded numbers.

import CanonicalJSON
import TestSupport
import Testing

@testable import Fairness

@Suite(.enabled(if: Fixtures.areAvailable, "the shared fixtures are not here"))
struct FairnessGoldenTests {
    private static func compas(chunk: Int = 65_536) throws -> FairnessEvaluation {
        let columns = PredictionColumns(
            label: "y_true", prediction: "y_pred", score: "decile_score", groups: ["race", "sex"],
            positive: "1")
        let counts = try counts(
            Fixtures.bytes("fairness/compas_predictions.csv"), columns, chunk: chunk)
        return FairnessEvaluation(
            counts, .init(references: ["race": "Caucasian", "sex": "Male"]))
    }

    @Test func `ProPublica's table is reproduced`() throws {
        let evaluation = try Self.compas()
        let all = evaluation.overall
        #expect([all.trueNegatives, all.falsePositives] == [2681, 1282])
        #expect([all.falseNegatives, all.truePositives] == [1216, 2035])
        let race = try #require(evaluation.grouping(["race"]))
        let black = try #require(race.groups.first { $0.values == ["African-American"] }).counts
        #expect([black.trueNegatives, black.falsePositives] == [990, 805])
        #expect([black.falseNegatives, black.truePositives] == [532, 1369])
    }

    @Test(arguments: ["race", "sex"])
    func `every rate equals the golden bit for bit`(_ column: String) throws {
        let golden = try Fixtures.json("fairness/compas_golden.json")
        let evaluation = try Self.compas()
        let grouping = try #require(evaluation.grouping([column]))
        let groups = try #require(golden["groupings"]?[column]?["groups"]?.object)
        #expect(grouping.groups.count == groups.count)
        for group in grouping.groups {
            let expected = try #require(groups[group.values[0]])
            #expect(expected["tp"]?.integer == group.counts.truePositives)
            #expect(expected["n"]?.integer == group.counts.total)
            for (rate, name) in Self.rateNames {
                #expect(
                    rate.value(group.counts).double == expected[name]?.double,
                    "\(name) of \(group.values[0])")
            }
        }
        for (rate, name) in Self.rateNames {
            #expect(rate.value(evaluation.overall).double == golden["overall"]?[name]?.double)
        }
    }

    @Test(arguments: ["race", "sex"])
    func `every comparison equals the golden`(_ column: String) throws {
        let golden = try #require(
            Fixtures.json("fairness/compas_golden.json")["groupings"]?[column])
        let grouping = try #require(try Self.compas().grouping([column]))
        for (rate, name) in Self.rateNames {
            let expected = try #require(golden["disparities"]?[name])
            let spread = try #require(grouping.spreads[rate])
            #expect(spread.highest?.first == expected["max_group"]?.string, "\(name)")
            #expect(spread.lowest?.first == expected["min_group"]?.string, "\(name)")
            expectNear(spread.difference, expected["difference_between_groups"])
            expectNear(spread.ratio, expected["ratio_between_groups"])
            #expect(spread.leftOut.isEmpty)
        }
        let named: [(FairnessMeasure, String)] = [
            (.equalizedOddsDifference, "equalized_odds_difference_worst"),
            (.equalizedOddsDifferenceMean, "equalized_odds_difference_mean"),
            (.equalizedOddsRatio, "equalized_odds_ratio_worst"),
            (.equalizedOddsRatioMean, "equalized_odds_ratio_mean"),
        ]
        for (measure, name) in named {
            expectNear(grouping.measures[measure], golden["disparities"]?[name])
        }
        for other in grouping.toReference {
            let expected = try #require(golden["ratio_to_reference"]?[other.values[0]])
            for (rate, name) in Self.rateNames where expected[name] != nil {
                expectNear(other.comparisons[rate]?.ratio, expected[name])
            }
        }
        expectNear(
            grouping.measures[.disparateImpact],
            golden["disparities"]?["selection_rate"]?[
                "ratio_between_groups"])
    }

    @Test func `leaving out small groups moves the highest rate, as under the two-percent rule`()
        throws
    {
        let evaluation = try Self.compas().evaluated(
            under: .init(minimumGroupSize: 145, references: ["race": "African-American"]))
        let race = try #require(evaluation.grouping(["race"]))
        let spread = try #require(race.spreads[.selectionRate])
        #expect(spread.highest == ["African-American"])
        #expect(spread.leftOut.map(\.values) == [["Asian"], ["Native American"]])
        #expect(spread.leftOut.allSatisfy { $0.reason == .belowMinimum })
        let caucasian = try #require(race.toReference.first { $0.values == ["Caucasian"] })
        #expect(caucasian.comparisons[.selectionRate]?.ratio.fraction?.text == "263032/444583")
        expectNear(caucasian.comparisons[.selectionRate]?.ratio, .double(0.5916375569916079))
    }

    @Test(arguments: [1, 7, 4096])
    func `the size of the chunks changes nothing`(_ chunk: Int) throws {
        #expect(try Self.compas(chunk: chunk) == Self.compas())
    }

    @Test func `the edge cases are undefined with a reason where libraries print a number`() throws
    {
        let cases = try Fixtures.json("fairness/edge_cases_peers.json")
        func evaluate(_ name: String, reference: String? = nil) throws -> FairnessEvaluation {
            let key = try #require(cases.object?.keys.first { $0.hasPrefix(name) })
            var csv = "g,y,p\n"
            for row in try #require(cases[key]?["rows"]?.array) {
                let y = try #require(row["y_true"]?.integer)
                let p = try #require(row["y_pred"]?.integer)
                csv += "\(row["group"]?.string ?? ""),\(y),\(p)\n"
            }
            return FairnessEvaluation(
                try counts(csv, .usual("g")),
                .init(references: reference.map { ["g": $0] } ?? [:]))
        }
        // E1: Fairlearn says TPR 0 and a difference of 0.5.
        let first = try evaluate("E1")
        #expect(first.measure(.equalOpportunityDifference) == .undefined(.fewerThanTwoGroups))
        #expect(first.measure(.equalizedOddsDifference) == .undefined(.fewerThanTwoGroups))
        #expect(
            first.groupings[0].spreads[.truePositiveRate]?.leftOut
                == [LeftOutGroup(values: ["a"], reason: .noPositives)])
        // E2: nobody selected. Fairlearn calls the odds equal, ours has no ratio.
        let second = try evaluate("E2")
        #expect(second.measure(.demographicParityRatio) == .undefined(.bothRatesZero))
        #expect(second.measure(.demographicParityDifference) == .defined(.init(0)))
        #expect(second.measure(.predictiveParityDifference) == .undefined(.fewerThanTwoGroups))
        // E3: Aequitas caps at 10, AIF360 gives infinity.
        let third = try evaluate("E3", reference: "b")
        #expect(third.measure(.disparateImpactToReference) == .undefined(.referenceRateZero))
        // E4: AIF360 gives NaN here and 0.333 in the mirrored case.
        let fourth = try evaluate("E4")
        #expect(fourth.measure(.predictiveEqualityDifference) == .undefined(.fewerThanTwoGroups))
    }

    private func expectNear(
        _ value: FairnessValue?, _ expected: JSON?, _ place: SourceLocation = #_sourceLocation
    ) {
        guard let ours = value?.double, let golden = expected?.double else {
            Issue.record("no value", sourceLocation: place)
            return
        }
        #expect(abs(ours - golden) <= 1e-12, sourceLocation: place)
    }

    private static let rateNames: [(FairnessRate, String)] = [
        (.selectionRate, "selection_rate"), (.baseRate, "base_rate"), (.truePositiveRate, "tpr"),
        (.falsePositiveRate, "fpr"), (.falseNegativeRate, "fnr"), (.trueNegativeRate, "tnr"),
        (.positivePredictiveValue, "ppv"), (.falseDiscoveryRate, "fdr"),
        (.negativePredictiveValue, "npv"), (.falseOmissionRate, "for"), (.accuracy, "accuracy"),
        (.errorRate, "error_rate"),
    ]
}

/// The cases that the libraries cannot even agree to refuse; see `FairnessGoldenTests` for E1 to E4.
@Suite struct FairnessEdgeTests {
    @Test func `E5, a missing value: others raise or drop the row, ours counts it apart`() throws {
        let evaluation = FairnessEvaluation(
            try counts("g,y,p\na,1,1\na,0,0\nb,1,0\n,1,1\n", .usual("g")))
        #expect(evaluation.groupings[0].unknown.total == 1)
        #expect(evaluation.groupings[0].groups.map(\.counts.total) == [2, 1])
        #expect(evaluation.overall.total == 4)
    }

    @Test func `E6, a group of one: shown, and compared only above the minimum`() throws {
        let evaluation = FairnessEvaluation(
            try counts("g,y,p\na,1,1\na,0,0\nb,1,0\n", .usual("g")),
            .init(minimumGroupSize: 2))
        #expect(evaluation.groupings[0].groups.map(\.values) == [["a"], ["b"]])
        #expect(
            evaluation.groupings[0].spreads[.selectionRate]?.leftOut
                == [LeftOutGroup(values: ["b"], reason: .belowMinimum)])
        #expect(evaluation.measure(.demographicParityRatio) == .undefined(.fewerThanTwoGroups))
    }

    @Test func `E7, one group only: not fair, but nothing to compare`() throws {
        let evaluation = FairnessEvaluation(
            try counts("g,y,p\na,1,1\na,0,0\n", .usual("g")), .init(references: ["g": "a"]))
        for measure in FairnessMeasure.allCases {
            #expect(evaluation.measure(measure) == .undefined(.fewerThanTwoGroups), "\(measure)")
        }
    }
}

@Suite struct LocalLaw144Tests {
    /// 6 RCNY 5-301, example of the final rule: category, people, above the median, printed ratio.
    ///
    /// One printed rate (64.2 %) is truncated, so ratios are compared, at two decimals.
    static let tables: [[(String, Int64, Int64, String)]] = [
        [("Male", 92, 50, "1.00"), ("Female", 76, 34, "0.82")],
        [
            ("Hispanic", 28, 18, "1.00"), ("White", 40, 15, "0.58"), ("Black", 32, 16, "0.78"),
            ("NHPI", 8, 5, "0.97"), ("Asian", 24, 10, "0.65"),
        ],
    ]

    @Test(arguments: tables.indices)
    func `the impact ratios of the worked example come out`(_ index: Int) throws {
        let table = Self.tables[index]
        var groups: [String: (Int64, Int64, Int64, Int64)] = [:]
        for (name, people, above, _) in table { groups[name] = (above, 0, 0, people - above) }
        let evaluation = evaluation(groups, .init(references: ["group": table[0].0]))
        for (name, _, _, printed) in table.dropFirst() {
            let ratio = try #require(
                evaluation.groupings[0].toReference.first { $0.values == [name] }?
                    .comparisons[.selectionRate]?.ratio.fraction)
            let rounded = (ratio.numerator * 200 + ratio.denominator) / (ratio.denominator * 2)
            let text = "0." + (rounded < 10 ? "0" : "") + "\(rounded)"
            #expect(text == printed, "\(name)")
        }
        #expect(
            evaluation.measure(.disparateImpact) == evaluation.measure(.disparateImpactToReference))
    }
}

// What must hold for every evaluation, whatever its numbers.

import CanonicalJSON
import TestSupport
import Testing

@testable import Fairness

@Suite struct FairnessPropertyTests {
    private static func rows(_ seed: UInt64, _ count: Int) -> [String] {
        var random = SplitMix(state: seed)
        return (0..<count).map { _ in
            let group = ["A", "B", "C", "", "é", "e\u{301}"].randomElement(using: &random) ?? "A"
            let sex = ["F", "M", ""].randomElement(using: &random) ?? "F"
            let label = Int.random(in: 0...1, using: &random)
            let prediction = Int.random(in: 0...1, using: &random)
            return "\(group),\(sex),\(label),\(prediction)"
        }
    }

    private static func csv(_ rows: [String]) -> String {
        "g,s,y,p\n" + rows.joined(separator: "\n") + "\n"
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `the order of rows and of groups changes no byte`(_ seed: UInt64) throws {
        let rows = Self.rows(seed, 300)
        var random = SplitMix(state: seed &+ 99)
        let one = FairnessEvaluation(try counts(Self.csv(rows), .usual("g", "s")))
        let other = FairnessEvaluation(
            try counts(Self.csv(rows.shuffled(using: &random)), .usual("g", "s")))
        #expect(one.document.canonicalBytes == other.document.canonicalBytes)
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `counting a file in two parts and adding up gives the same`(_ seed: UInt64) throws {
        let rows = Self.rows(seed, 200)
        let whole = try counts(Self.csv(rows), .usual("g", "s"))
        let first = try counts(Self.csv(Array(rows[..<70])), .usual("g", "s"))
        let second = try counts(Self.csv(Array(rows[70...])), .usual("g", "s"))
        #expect(first.merging(second) == whole)
        #expect(second.merging(first) == whole)
    }

    @Test func `renaming two groups into each other only renames`() throws {
        let one = evaluation(["A": (5, 1, 2, 9), "B": (2, 3, 4, 5), "C": (7, 7, 1, 1)])
        let other = evaluation(["B": (5, 1, 2, 9), "A": (2, 3, 4, 5), "C": (7, 7, 1, 1)])
        #expect(one.groupings[0].measures == other.groupings[0].measures)
    }

    @Test func `parity is nought exactly when all rates are equal`() {
        let equal = evaluation(["A": (1, 1, 1, 1), "B": (20, 20, 20, 20)])
        #expect(equal.measure(.demographicParityDifference) == .defined(.init(0)))
        #expect(equal.measure(.demographicParityRatio) == .defined(.init(1)))
        let nearly = evaluation(["A": (1, 1, 1, 1), "B": (20, 20, 20, 21)])
        #expect(nearly.measure(.demographicParityDifference) == .defined(.init(1, over: 162)))
    }

    @Test func `values that differ only in normalisation are different groups`() throws {
        let counts = try counts("g,y,p\né,1,1\ne\u{301},0,0\n", .usual("g"))
        #expect(FairnessEvaluation(counts).groupings[0].groups.count == 2)
    }

    @Test func `a missing value is counted, shown, and compared with nobody`() throws {
        let evaluation = FairnessEvaluation(
            try counts("g,s,y,p\nA,F,1,1\nB,M,1,1\n,F,1,0\nA,,0,0\n", .usual("g", "s")))
        let alone = try #require(evaluation.grouping(["g"]))
        #expect(alone.unknown.total == 1)
        #expect(alone.groups.map(\.values) == [["A"], ["B"]])
        let both = try #require(evaluation.grouping(["s", "g"]))
        #expect(both.unknown.total == 2)
        #expect(both.groups.map(\.values) == [["A", "F"], ["B", "M"]])
        #expect(evaluation.overall.total == 4)
        #expect(alone.measures[.equalOpportunityDifference] == .defined(.init(0)))
    }

    @Test func `a value spelt Unknown is a value`() throws {
        let counts = try counts("g,y,p\nUnknown,1,1\n,0,0\n", .usual("g"))
        #expect(counts.cells.map(\.values) == [[nil], ["Unknown"]])
    }

    @Test func `a denominator below the minimum leaves the group out of that measure only`() throws
    {
        let evaluation = evaluation(
            ["A": (50, 10, 10, 30), "B": (2, 20, 1, 77), "C": (40, 10, 10, 40)],
            .init(minimumGroupSize: 30, minimumDenominator: 10))
        let grouping = evaluation.groupings[0]
        #expect(
            grouping.spreads[.truePositiveRate]?.leftOut
                == [LeftOutGroup(values: ["B"], reason: .belowMinimum)])
        #expect(grouping.spreads[.selectionRate]?.leftOut.isEmpty == true)
    }

    @Test func `half of equalized odds is undefined, not half`() {
        let evaluation = evaluation(["A": (3, 1, 1, 3), "B": (4, 0, 2, 0)])
        #expect(evaluation.measure(.equalOpportunityDifference)?.fraction != nil)
        #expect(evaluation.measure(.equalizedOddsDifference) == .undefined(.fewerThanTwoGroups))
        #expect(evaluation.measure(.equalizedOddsRatioMean) == .undefined(.fewerThanTwoGroups))
    }

    @Test func `thresholds are met, missed, undefined or not evaluated`() throws {
        let evaluation = evaluation(["A": (5, 0, 0, 5), "B": (4, 0, 1, 5)])
        func outcome(
            _ measure: FairnessMeasure, _ side: FairnessThreshold.Side, _ limit: String,
            _ columns: [String]? = nil
        ) throws -> ThresholdVerdict {
            let threshold = FairnessThreshold(
                measure, side, try #require(ExactDecimal(limit)), columns: columns)
            return try #require(evaluation.verdicts(on: threshold).first)
        }
        #expect(try outcome(.disparateImpact, .atLeast, "0.8").outcome == .met(.init(4, over: 5)))
        #expect(try outcome(.disparateImpact, .atLeast, "0.800000000000000001").isMet == false)
        #expect(try outcome(.demographicParityDifference, .atMost, "0.1").isMet)
        #expect(try !outcome(.demographicParityDifference, .atMost, "0.0999").isMet)
        let undefined = try outcome(.disparateImpactToReference, .atLeast, "0")
        #expect(undefined.outcome == .undefined(.noReference))
        #expect(
            undefined.sentence
                == "disparate_impact_to_reference by group is undefined, because no reference group "
                + "is named.")
        #expect(try outcome(.disparateImpact, .atLeast, "0.8", ["race"]).outcome == .noSuchGrouping)
        #expect(
            try outcome(.disparateImpact, .atLeast, "0.9").sentence
                == "disparate_impact by group is 0.800000 (4/5), not at least 0.9.")
    }
}

@Suite struct FairnessRecomputationTests {
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

    @Test func `a document that we wrote is confirmed`() throws {
        let sample = Self.sample()
        let bytes = sample.document.canonicalBytes
        let result = FairnessEvaluation.recompute(try JSON(parsing: bytes, limits: .own))
        #expect(result.holds)
        #expect(result.evaluation == sample)
    }

    @Test func `every altered leaf of a document is found`() throws {
        let document = Self.sample().document
        var leaves: [JSONPointer] = []
        collect(document, .root, &leaves)
        #expect(leaves.count > 300)
        // Minima are facts too: a slightly different one may give the same results.
        for leaf in leaves where !leaf.description.hasPrefix("/parameters/minimum") {
            let altered = replace(document, leaf.tokens[...]) { value in
                switch value {
                case .string(let text): .string(text + "1")
                case .integer(let number): .integer(number + 1)
                default: "x"
                }
            }
            let holds = FairnessEvaluation.recompute(altered).holds
            #expect(!holds, "\(leaf)")
        }
    }

    @Test func `a flattered ratio is named with the value that follows from the counts`() throws {
        let place = JSONPointer(["groupings", "0", "measures", "disparate_impact", "decimal"])
        let altered = replace(Self.sample().document, place.tokens[...]) { _ in "0.990000" }
        let result = FairnessEvaluation.recompute(altered, at: JSONPointer(["evaluation"]))
        #expect(result.findings.map(\.pointer) == [JSONPointer(["evaluation"] + place.tokens)])
        #expect(result.findings.first?.code == "disagrees")
        #expect(result.findings.first?.message.contains("not 0.990000") == true)
    }

    @Test(arguments: [
        (#"{}"#, "/columns"),
        (#"{"columns":[],"cells":[]}"#, "/columns"),
        (#"{"columns":["a","a"],"cells":[]}"#, "/columns"),
        (#"{"columns":["a"],"cells":3}"#, "/cells"),
        (#"{"columns":["a"],"cells":[{"values":[],"counts":{}}]}"#, "/cells/0/values"),
        (
            #"{"columns":["a"],"cells":[{"values":["x"],"counts":{"tp":-1,"fp":0,"fn":0,"tn":0}}]}"#,
            "/cells/0/counts/tp"
        ),
        (
            #"{"columns":["a"],"cells":[{"values":["x"],"counts":{"tp":9007199254740991,"fp":0,"fn":0,"tn":0}}]}"#,
            "/cells/0/counts/tp"
        ),
        (
            #"{"columns":["a"],"cells":[{"values":["x"],"counts":{"tp":1000000000,"fp":1,"fn":0,"tn":0}}]}"#,
            "/cells"
        ),
        (#"{"columns":["a"],"cells":[],"parameters":{}}"#, "/parameters"),
    ])
    func `facts out of bounds are refused, not computed with`(_ text: String, _ place: String)
        throws
    {
        let result = FairnessEvaluation.recompute(try JSON(parsing: Array(text.utf8)))
        #expect(result.evaluation == nil)
        #expect(result.findings.map(\.pointer.description) == [place])
    }
}

private func collect(_ value: JSON, _ place: JSONPointer, _ leaves: inout [JSONPointer]) {
    switch value {
    case .object(let members):
        for (name, member) in members { collect(member, place.appending(name), &leaves) }
    case .array(let elements):
        for (index, element) in elements.enumerated() {
            collect(element, place.appending(index), &leaves)
        }
    default: leaves.append(place)
    }
}

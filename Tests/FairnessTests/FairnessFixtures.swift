// What several fairness tests need: small tables, and reading CSV in one go.

import CanonicalJSON

@testable import Fairness

/// Reads a whole CSV text, in chunks of a given size.
func counts(
    _ csv: String, _ columns: PredictionColumns, chunk: Int = .max
) throws(CSVError) -> FairnessCounts {
    try counts(Array(csv.utf8), columns, chunk: chunk)
}

/// Reads whole CSV bytes, in chunks of a given size.
func counts(
    _ bytes: [UInt8], _ columns: PredictionColumns, chunk: Int = .max
) throws(CSVError) -> FairnessCounts {
    var reader = try PredictionsReader(columns)
    var start = 0
    while start < bytes.count {
        let end = min(bytes.count, chunk == .max ? bytes.count : start + chunk)
        try reader.read(Array(bytes[start..<end]))
        start = end
    }
    return try reader.finish()
}

extension PredictionColumns {
    /// label `y`, prediction `p`, positive "1".
    static func usual(_ groups: String..., score: String? = nil) -> Self {
        .init(label: "y", prediction: "p", score: score, groups: groups, positive: "1")
    }
}

/// An evaluation of groups given as TP, FP, FN, TN.
func evaluation(
    _ groups: [String: (Int64, Int64, Int64, Int64)], _ parameters: FairnessParameters = .init()
) -> FairnessEvaluation {
    FairnessEvaluation(
        FairnessCounts(
            columns: ["group"],
            cells: groups.map { name, c in
                FairnessCell(
                    values: [name],
                    counts: .init(
                        truePositives: c.0, falsePositives: c.1, falseNegatives: c.2,
                        trueNegatives: c.3))
            }),
        parameters)
}

extension FairnessEvaluation {
    /// A measure of the first grouping.
    func measure(_ measure: FairnessMeasure) -> FairnessValue? {
        groupings.first?.measures[measure]
    }
}

extension FairnessValue {
    /// The correctly rounded quotient, as the golden files have it.
    var double: Double? {
        fraction.map { Double($0.numerator) / Double($0.denominator) }
    }
}

// A fairness evaluation: counts in, every rate and comparison out, nothing rounded on the way.

/// The whole evaluation of one predictions file.
package struct FairnessEvaluation: Sendable, Hashable {
    package let parameters: FairnessParameters
    /// The counts that everything else follows from.
    package let counts: FairnessCounts
    /// All rows, those with missing sensitive values included.
    package let overall: ConfusionCounts
    /// Each sensitive column alone, then the intersection of all when there are several.
    package let groupings: [FairnessGrouping]

    /// Evaluates counts; the same counts and parameters always give the same evaluation.
    package init(_ counts: FairnessCounts, _ parameters: FairnessParameters = .init()) {
        var positions = counts.columns.indices.map { [$0] }
        if positions.count > 1 { positions.append(Array(counts.columns.indices)) }
        self.parameters = parameters
        self.counts = counts
        overall = counts.total
        groupings = positions.map { FairnessGrouping(counts, by: $0, parameters) }
    }

    /// The same counts under other parameters: a gate compares groups by the policy's minima, not by
    /// those that the submitter chose, which could leave out every group that looks bad.
    package func evaluated(under parameters: FairnessParameters) -> Self {
        .init(counts, parameters)
    }

    /// The grouping over exactly these columns, in any order; nil when there is none.
    package func grouping(_ columns: [String]) -> FairnessGrouping? {
        groupings.first { sameBytes($0.columns.sorted(), columns.sorted()) }
    }
}

/// A demand on one measure, as a policy states it.
package struct FairnessThreshold: Sendable, Hashable {
    /// On which side of the limit the value must be; the limit itself passes.
    package enum Side: String, Sendable, Hashable, CaseIterable {
        case atLeast = "at_least"
        case atMost = "at_most"
    }

    package let measure: FairnessMeasure
    /// The columns of the grouping, nil for every grouping of the evaluation.
    package let columns: [String]?
    package let side: Side
    package let limit: ExactDecimal

    package init(
        _ measure: FairnessMeasure, _ side: Side, _ limit: ExactDecimal, columns: [String]? = nil
    ) {
        self.measure = measure
        self.side = side
        self.limit = limit
        self.columns = columns
    }
}

/// Whether one grouping meets one threshold, and on what value.
package struct ThresholdVerdict: Sendable, Hashable {
    package enum Outcome: Sendable, Hashable {
        case met(ExactFraction)
        case notMet(ExactFraction)
        /// The measure has no value: never a pass.
        case undefined(UndefinedReason)
        /// The evaluation does not have these columns: never a pass.
        case noSuchGrouping
    }

    package let threshold: FairnessThreshold
    package let columns: [String]
    package let outcome: Outcome

    /// True only for a value on the right side of the limit.
    package var isMet: Bool {
        if case .met = outcome { true } else { false }
    }

    /// One sentence with the measure, the value and the limit.
    package var sentence: String {
        let subject = "\(threshold.measure.rawValue) by \(columns.joined(separator: " and "))"
        let demand = "\(threshold.side == .atLeast ? "at least" : "at most") \(threshold.limit)"
        return switch outcome {
        case .met(let value): "\(subject) is \(value.decimal) (\(value.text)), \(demand)."
        case .notMet(let value): "\(subject) is \(value.decimal) (\(value.text)), not \(demand)."
        case .undefined(let reason): "\(subject) is undefined, because \(reason.sentence)."
        case .noSuchGrouping: "\(subject) was not evaluated."
        }
    }
}

extension FairnessEvaluation {
    /// Compares exactly; one verdict per grouping concerned, and at least one in every case.
    package func verdicts(on threshold: FairnessThreshold) -> [ThresholdVerdict] {
        guard let columns = threshold.columns else {
            return groupings.isEmpty
                ? [.init(threshold: threshold, columns: [], outcome: .noSuchGrouping)]
                : groupings.map { Self.verdict(on: threshold, $0) }
        }
        guard let grouping = grouping(columns) else {
            return [.init(threshold: threshold, columns: columns, outcome: .noSuchGrouping)]
        }
        return [Self.verdict(on: threshold, grouping)]
    }

    private static func verdict(
        on threshold: FairnessThreshold, _ grouping: FairnessGrouping
    ) -> ThresholdVerdict {
        let outcome: ThresholdVerdict.Outcome
        switch grouping.measures[threshold.measure] ?? .undefined(.empty) {
        case .undefined(let reason): outcome = .undefined(reason)
        case .defined(let value):
            let meets =
                switch threshold.side {
                case .atLeast: value >= threshold.limit.fraction
                case .atMost: value <= threshold.limit.fraction
                }
            outcome = meets ? .met(value) : .notMet(value)
        }
        return .init(threshold: threshold, columns: grouping.columns, outcome: outcome)
    }
}

extension UndefinedReason {
    /// The reason as the end of the sentence "undefined, because …".
    package var sentence: String {
        switch self {
        case .empty: "there are no rows"
        case .noPositives: "no row has a positive label"
        case .noNegatives: "no row has a negative label"
        case .noSelected: "no row is predicted positive"
        case .noRejected: "no row is predicted negative"
        case .belowMinimum: "the group is smaller than the stated minimum"
        case .fewerThanTwoGroups: "fewer than two groups have a usable rate"
        case .bothRatesZero: "the ratio would be nought to nought"
        case .referenceRateZero: "the reference rate is nought"
        case .noReference: "no reference group is named"
        case .referenceUndefined: "the reference group has no usable rate"
        }
    }
}

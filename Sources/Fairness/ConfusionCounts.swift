// The four counts of a group, and every rate that follows from them.
//
//     P = TP+FN   N = FP+TN   PP = TP+FP (selected)   PN = TN+FN (rejected)   n = P+N
//
//     selection_rate       PP/n      base_rate            P/n     accuracy    (TP+TN)/n
//     true_positive_rate   TP/P      false_negative_rate  FN/P    error_rate  (FP+FN)/n
//     false_positive_rate  FP/N      true_negative_rate   TN/N
//     positive_predictive_value TP/PP    false_discovery_rate FP/PP
//     negative_predictive_value TN/PN    false_omission_rate  FN/PN
//
// A rate with an empty denominator is undefined, with the reason; it is never 0, 1 or infinity.
// Worked example: COMPAS, African-American: TP 1369, FP 805, FN 532, TN 990; TPR = 1369/1901.

/// How often prediction and label agreed or not in one group.
package struct ConfusionCounts: Sendable, Hashable {
    package var truePositives: Int64
    package var falsePositives: Int64
    package var falseNegatives: Int64
    package var trueNegatives: Int64

    package init(
        truePositives: Int64 = 0, falsePositives: Int64 = 0, falseNegatives: Int64 = 0,
        trueNegatives: Int64 = 0
    ) {
        self.truePositives = truePositives
        self.falsePositives = falsePositives
        self.falseNegatives = falseNegatives
        self.trueNegatives = trueNegatives
    }

    /// n: all rows of the group.
    package var total: Int64 { positives + negatives }
    /// P: rows whose label is positive.
    package var positives: Int64 { truePositives + falseNegatives }
    /// N: rows whose label is negative.
    package var negatives: Int64 { falsePositives + trueNegatives }
    /// PP: rows predicted positive.
    package var selected: Int64 { truePositives + falsePositives }
    /// PN: rows predicted negative.
    package var rejected: Int64 { trueNegatives + falseNegatives }

    package static func += (left: inout Self, right: Self) {
        left.truePositives += right.truePositives
        left.falsePositives += right.falsePositives
        left.falseNegatives += right.falseNegatives
        left.trueNegatives += right.trueNegatives
    }
}

/// Why a rate or a measure has no value.
package enum UndefinedReason: String, Sendable, Hashable, CaseIterable {
    /// The group has no rows.
    case empty
    case noPositives = "no_positives"
    case noNegatives = "no_negatives"
    case noSelected = "no_selected"
    case noRejected = "no_rejected"
    /// The group, or the denominator of this rate in it, is smaller than the stated minimum.
    case belowMinimum = "below_minimum"
    /// Fewer than two groups have a value: nothing to compare.
    case fewerThanTwoGroups = "fewer_than_two_groups"
    /// A ratio of nought to nought.
    case bothRatesZero = "both_rates_zero"
    /// A ratio whose reference rate is nought.
    case referenceRateZero = "reference_rate_zero"
    /// No reference group was named for this grouping.
    case noReference = "no_reference"
    /// The reference group has no usable rate.
    case referenceUndefined = "reference_undefined"
}

/// A value, or the reason why there is none.
package enum FairnessValue: Sendable, Hashable {
    case defined(ExactFraction)
    case undefined(UndefinedReason)

    /// The fraction, nil when undefined.
    package var fraction: ExactFraction? {
        if case .defined(let fraction) = self { fraction } else { nil }
    }
}

/// A rate of one group.
package enum FairnessRate: String, Sendable, Hashable, CaseIterable {
    case selectionRate = "selection_rate"
    case baseRate = "base_rate"
    case truePositiveRate = "true_positive_rate"
    case falsePositiveRate = "false_positive_rate"
    case falseNegativeRate = "false_negative_rate"
    case trueNegativeRate = "true_negative_rate"
    case positivePredictiveValue = "positive_predictive_value"
    case falseDiscoveryRate = "false_discovery_rate"
    case negativePredictiveValue = "negative_predictive_value"
    case falseOmissionRate = "false_omission_rate"
    case accuracy
    case errorRate = "error_rate"

    /// The numerator of the rate.
    package func numerator(_ counts: ConfusionCounts) -> Int64 {
        switch self {
        case .selectionRate: counts.selected
        case .baseRate: counts.positives
        case .truePositiveRate, .positivePredictiveValue: counts.truePositives
        case .falsePositiveRate, .falseDiscoveryRate: counts.falsePositives
        case .falseNegativeRate, .falseOmissionRate: counts.falseNegatives
        case .trueNegativeRate, .negativePredictiveValue: counts.trueNegatives
        case .accuracy: counts.truePositives + counts.trueNegatives
        case .errorRate: counts.falsePositives + counts.falseNegatives
        }
    }

    /// The denominator of the rate, and the reason to give when it is nought.
    package func denominator(_ counts: ConfusionCounts) -> (count: Int64, ifZero: UndefinedReason) {
        switch self {
        case .selectionRate, .baseRate, .accuracy, .errorRate: (counts.total, .empty)
        case .truePositiveRate, .falseNegativeRate: (counts.positives, .noPositives)
        case .falsePositiveRate, .trueNegativeRate: (counts.negatives, .noNegatives)
        case .positivePredictiveValue, .falseDiscoveryRate: (counts.selected, .noSelected)
        case .negativePredictiveValue, .falseOmissionRate: (counts.rejected, .noRejected)
        }
    }

    /// The rate of a group, whatever its size.
    package func value(_ counts: ConfusionCounts) -> FairnessValue {
        let (count, ifZero) = denominator(counts)
        guard count > 0 else { return .undefined(counts.total == 0 ? .empty : ifZero) }
        return .defined(ExactFraction(Int128(numerator(counts)), over: Int128(count)))
    }

    /// The rate as a part of a comparison: undefined as well where the minima are not reached.
    package func value(
        _ counts: ConfusionCounts, _ parameters: FairnessParameters
    ) -> FairnessValue {
        let value = value(counts)
        if case .undefined = value { return value }
        guard counts.total >= parameters.minimumGroupSize,
            denominator(counts).count >= parameters.minimumDenominator
        else { return .undefined(.belowMinimum) }
        return value
    }
}

// Comparisons between groups, built from the rates of each.
//
// For a rate r let max and min run over the groups whose rate is defined and large enough
// (the others are listed as left out; the stratum of rows without a sensitive value never counts).
//
//     difference = max r - min r          ratio = min r / max r, in [0, 1]
//
//     demographic parity     selection rate
//     disparate impact       selection-rate ratio: 29 CFR 1607.4(D) compares each group with the
//                            group that has the highest rate, so the worst case is min / max
//     equal opportunity      true positive rate
//     predictive equality    false positive rate
//     predictive parity      positive predictive value
//     equalized odds         true and false positive rate: the worse of the two, or their mean
//
// With fewer than two groups left a measure is undefined; 0/0 is undefined, not 1.
// Worked example (COMPAS by race): selection rates run from Other 79/377 to Native American 12/18;
// difference 2/3 - 79/377 = 517/1131 = 0.457118, ratio 237/754 = 0.314324.

/// A named comparison between the groups of one grouping.
package enum FairnessMeasure: String, Sendable, Hashable, CaseIterable {
    case demographicParityDifference = "demographic_parity_difference"
    case demographicParityRatio = "demographic_parity_ratio"
    case disparateImpact = "disparate_impact"
    case disparateImpactToReference = "disparate_impact_to_reference"
    case equalizedOddsDifference = "equalized_odds_difference"
    case equalizedOddsDifferenceMean = "equalized_odds_difference_mean"
    case equalizedOddsRatio = "equalized_odds_ratio"
    case equalizedOddsRatioMean = "equalized_odds_ratio_mean"
    case equalOpportunityDifference = "equal_opportunity_difference"
    case equalOpportunityRatio = "equal_opportunity_ratio"
    case predictiveParityDifference = "predictive_parity_difference"
    case predictiveParityRatio = "predictive_parity_ratio"
    case predictiveEqualityDifference = "predictive_equality_difference"
    case predictiveEqualityRatio = "predictive_equality_ratio"
    case accuracyDifference = "accuracy_difference"
    case accuracyRatio = "accuracy_ratio"

    /// True where a small value is fair (differences), false where a value near one is (ratios).
    package var isDifference: Bool {
        switch self {
        case .demographicParityDifference, .equalizedOddsDifference, .equalizedOddsDifferenceMean,
            .equalOpportunityDifference, .predictiveParityDifference,
            .predictiveEqualityDifference, .accuracyDifference:
            true
        case .demographicParityRatio, .disparateImpact, .disparateImpactToReference,
            .equalizedOddsRatio, .equalizedOddsRatioMean, .equalOpportunityRatio,
            .predictiveParityRatio, .predictiveEqualityRatio, .accuracyRatio:
            false
        }
    }
}

/// How far one rate spreads over the groups of a grouping.
package struct RateSpread: Sendable, Hashable {
    package let rate: FairnessRate
    /// The first group (in order of values) that has the highest rate, nil with fewer than two.
    package let highest: [String]?
    /// The first group (in order of values) that has the lowest rate, nil with fewer than two.
    package let lowest: [String]?
    package let difference: FairnessValue
    package let ratio: FairnessValue
    /// The groups that took no part, each with the reason, in order of values.
    package let leftOut: [LeftOutGroup]

    /// Compares the groups by one rate.
    package init(_ rate: FairnessRate, _ groups: [FairnessGroup], _ parameters: FairnessParameters)
    {
        var usable: [(values: [String], rate: ExactFraction)] = []
        var leftOut: [LeftOutGroup] = []
        for group in groups {
            switch rate.value(group.counts, parameters) {
            case .defined(let fraction): usable.append((group.values, fraction))
            case .undefined(let reason):
                leftOut.append(LeftOutGroup(values: group.values, reason: reason))
            }
        }
        self.rate = rate
        self.leftOut = leftOut
        guard var (high, low) = usable.first.map({ ($0, $0) }), usable.count >= 2 else {
            (highest, lowest) = (nil, nil)
            difference = .undefined(.fewerThanTwoGroups)
            ratio = .undefined(.fewerThanTwoGroups)
            return
        }
        for group in usable.dropFirst() {
            if high.rate < group.rate { high = group }
            if group.rate < low.rate { low = group }
        }
        (highest, lowest) = (high.values, low.values)
        difference = .defined(high.rate - low.rate)
        ratio = low.rate.divided(by: high.rate).map { .defined($0) } ?? .undefined(.bothRatesZero)
    }
}

/// A group that took no part in a comparison, and why.
package struct LeftOutGroup: Sendable, Hashable {
    package let values: [String]
    package let reason: UndefinedReason
}

/// One group beside the reference group: signed difference and ratio of one rate.
package struct ReferenceComparison: Sendable, Hashable {
    package let difference: FairnessValue
    package let ratio: FairnessValue

    /// Compares a group's rate with the reference group's.
    package init(_ value: FairnessValue, to reference: FairnessValue) {
        switch (value, reference) {
        case (_, .undefined):
            (difference, ratio) = (
                .undefined(.referenceUndefined), .undefined(.referenceUndefined)
            )
        case (.undefined(let reason), _):
            (difference, ratio) = (.undefined(reason), .undefined(reason))
        case (.defined(let rate), .defined(let base)):
            difference = .defined(rate - base)
            ratio =
                rate.divided(by: base).map { .defined($0) }
                ?? .undefined(rate.isZero ? .bothRatesZero : .referenceRateZero)
        }
    }
}

// The groups of one sensitive column, or of the intersection of several, compared with each other.

/// One group: a value for each column of the grouping, and its counts.
package struct FairnessGroup: Sendable, Hashable {
    package let values: [String]
    package let counts: ConfusionCounts
}

/// The rates of a group beside those of the reference group.
package struct GroupToReference: Sendable, Hashable {
    package let values: [String]
    package let comparisons: [FairnessRate: ReferenceComparison]
}

/// All groups of one grouping and what their comparison gives.
package struct FairnessGrouping: Sendable, Hashable {
    /// The columns whose values form the groups.
    package let columns: [String]
    /// The groups in byte order of their values.
    package let groups: [FairnessGroup]
    /// Rows with a missing value in one of the columns: counted and shown, never compared.
    package let unknown: ConfusionCounts
    /// The reference group's values, when every column has a reference and such a group exists.
    package let reference: [String]?
    package let spreads: [FairnessRate: RateSpread]
    package let measures: [FairnessMeasure: FairnessValue]
    /// Every other group beside the reference group; empty without one.
    package let toReference: [GroupToReference]

    /// Groups the cells by the columns at `positions` and compares the groups.
    init(_ counts: FairnessCounts, by positions: [Int], _ parameters: FairnessParameters) {
        let columns = positions.map { counts.columns[$0] }
        var unknown = ConfusionCounts()
        var known: [FairnessCell] = []
        for cell in counts.cells {
            let values = positions.map { cell.values[$0] }
            if values.contains(nil) {
                unknown += cell.counts
            } else {
                known.append(.init(values: values, counts: cell.counts))
            }
        }
        let groups = FairnessCounts(columns: columns, cells: known).cells.map {
            FairnessGroup(values: $0.values.compactMap(\.self), counts: $0.counts)
        }
        let spreads = Dictionary(
            uniqueKeysWithValues: FairnessRate.allCases.map {
                ($0, RateSpread($0, groups, parameters))
            })
        let wanted = columns.compactMap { parameters.references[$0] }
        let reference =
            wanted.count == columns.count ? groups.first { sameBytes($0.values, wanted) } : nil
        self.columns = columns
        self.groups = groups
        self.unknown = unknown
        self.reference = reference?.values
        self.spreads = spreads
        toReference = Self.compare(groups, to: reference, parameters)
        measures = Self.measures(
            spreads,
            toReference: Self.worstRatio(
                groups, reference, named: wanted.count == columns.count, toReference, parameters))
    }

    private static func compare(
        _ groups: [FairnessGroup], to reference: FairnessGroup?, _ parameters: FairnessParameters
    ) -> [GroupToReference] {
        guard let reference else { return [] }
        return groups.filter { !sameBytes($0.values, reference.values) }.map { group in
            GroupToReference(
                values: group.values,
                comparisons: Dictionary(
                    uniqueKeysWithValues: FairnessRate.allCases.map { rate in
                        (
                            rate,
                            ReferenceComparison(
                                rate.value(group.counts, parameters),
                                to: rate.value(reference.counts, parameters))
                        )
                    }))
        }
    }

    /// The smallest selection-rate ratio to the reference group.
    private static func worstRatio(
        _ groups: [FairnessGroup], _ reference: FairnessGroup?, named: Bool,
        _ toReference: [GroupToReference], _ parameters: FairnessParameters
    ) -> FairnessValue {
        guard named else { return .undefined(.noReference) }
        guard let reference,
            let base = FairnessRate.selectionRate.value(reference.counts, parameters).fraction
        else { return .undefined(.referenceUndefined) }
        let values = toReference.compactMap { $0.comparisons[.selectionRate]?.ratio }
        if let worst = values.compactMap(\.fraction).min() { return .defined(worst) }
        if base.isZero, values.contains(.undefined(.referenceRateZero)) {
            return .undefined(.referenceRateZero)
        }
        return .undefined(
            values.contains(.undefined(.bothRatesZero)) ? .bothRatesZero : .fewerThanTwoGroups)
    }

    private static func measures(
        _ spreads: [FairnessRate: RateSpread], toReference: FairnessValue
    ) -> [FairnessMeasure: FairnessValue] {
        func difference(_ rate: FairnessRate) -> FairnessValue {
            spreads[rate]?.difference ?? .undefined(.empty)
        }
        func ratio(_ rate: FairnessRate) -> FairnessValue {
            spreads[rate]?.ratio ?? .undefined(.empty)
        }
        /// Undefined as soon as one part is: half of equalized odds is not equalized odds.
        func joined(
            _ rates: (FairnessRate) -> FairnessValue,
            _ join: (ExactFraction, ExactFraction) -> ExactFraction
        ) -> FairnessValue {
            switch (rates(.truePositiveRate), rates(.falsePositiveRate)) {
            case (.defined(let a), .defined(let b)): .defined(join(a, b))
            case (.undefined(let reason), _), (_, .undefined(let reason)): .undefined(reason)
            }
        }
        func value(_ measure: FairnessMeasure) -> FairnessValue {
            switch measure {
            case .demographicParityDifference: difference(.selectionRate)
            case .demographicParityRatio, .disparateImpact: ratio(.selectionRate)
            case .disparateImpactToReference: toReference
            case .equalizedOddsDifference: joined(difference, max)
            case .equalizedOddsDifferenceMean: joined(difference, ExactFraction.mean)
            case .equalizedOddsRatio: joined(ratio, min)
            case .equalizedOddsRatioMean: joined(ratio, ExactFraction.mean)
            case .equalOpportunityDifference: difference(.truePositiveRate)
            case .equalOpportunityRatio: ratio(.truePositiveRate)
            case .predictiveParityDifference: difference(.positivePredictiveValue)
            case .predictiveParityRatio: ratio(.positivePredictiveValue)
            case .predictiveEqualityDifference: difference(.falsePositiveRate)
            case .predictiveEqualityRatio: ratio(.falsePositiveRate)
            case .accuracyDifference: difference(.accuracy)
            case .accuracyRatio: ratio(.accuracy)
            }
        }
        return Dictionary(
            uniqueKeysWithValues: FairnessMeasure.allCases.map { ($0, value($0)) })
    }
}

/// Whether two lists of values agree byte for byte (String equality would normalise).
package func sameBytes(_ left: [String], _ right: [String]) -> Bool {
    left.count == right.count
        && zip(left, right).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
}

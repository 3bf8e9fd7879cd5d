// Which fairness measures must hold in a tier.

internal import CanonicalJSON
package import Fairness

/// One demand on a fairness measure.
package struct FairnessDemand: Sendable, Hashable {
    /// The demand's own name.
    package let id: String
    /// The lowest tier that it applies to.
    package let from: Tier
    /// Measure, grouping, side and limit.
    package let threshold: FairnessThreshold
    /// Smaller groups take no part in the comparison; the pack's number counts, not the
    /// submitter's.
    package let minimumGroupSize: Int64
    /// Rates with a smaller denominator take no part in the comparison.
    package let minimumDenominator: Int64
    /// How old the evaluation may be, in days.
    package let maximumAgeDays: Int64

    /// `disparate_impact` or `disparate_impact by race, sex`.
    package var subject: String {
        let columns = threshold.columns.map { " by " + $0.joined(separator: ", ") } ?? ""
        return threshold.measure.rawValue + columns
    }

    static func read(_ reader: JSONReader) -> FairnessDemand? {
        let id = reader.parsed("id", as: "a name in small letters") {
            NameSegment.isValid($0) ? $0 : nil
        }
        let from = PolicyPack.readTier(reader, "from")
        let measure = reader.choice("measure", of: FairnessMeasure.self)
        let columns = reader.optional("columns") { list in
            list.set(count: 1...8) { $0.string(length: 1...100) }.sorted(by: bytesPrecede)
        }
        let side = reader.choice("comparison", of: FairnessThreshold.Side.self)
        let limit = reader.parsed("threshold", as: "a decimal in quotes, such as \"0.80\"") {
            ExactDecimal($0)
        }
        let groupSize = reader.integer("minimum_group_size", in: 1...1_000_000)
        let denominator = reader.optionalInteger("minimum_denominator", in: 1...1_000_000) ?? 1
        let days = reader.integer("maximum_age_days", in: 1...1_096)
        guard let id, let from, let measure, let side, let limit else { return nil }
        if (side == .atMost) != measure.isDifference {
            // A ratio limited from above, or a difference from below, would reward unfairness.
            reader.refuse(
                "comparison", JSONFinding.Code.value,
                "Differences are limited by at_most, ratios by at_least.")
        }
        return FairnessDemand(
            id: id, from: from,
            threshold: FairnessThreshold(measure, side, limit, columns: columns),
            minimumGroupSize: groupSize, minimumDenominator: denominator, maximumAgeDays: days)
    }
}

// How long what belongs to a version is kept at least, as the pack's `retention.yaml` says.
//
// A class has two minimum periods in days, both counted from the day on which the log took the version:
// `record_days` for everything recorded about it, `personal_days` for the personal values in it (the names
// of the people who took part, the personal fields of its card), and the law or rule it comes from. Each
// tier belongs to one class. For one version the longest counts of all packs that have been in force
// since it was recorded: a later pack lengthens a period, and never shortens one.

internal import CanonicalJSON

/// A named pair of minimum periods.
package struct RetentionClass: Sendable, Hashable {
    package let name: String
    /// Days for which everything recorded about a version is kept.
    package let recordDays: Int64
    /// Days for which the personal values in it are kept.
    package let personalDays: Int64
    /// Where the periods come from.
    package let basis: String

    /// The longest period that can be stated: a hundred years.
    static let longestDays: Int64 = 36_525

    static func read(_ reader: JSONReader) -> RetentionClass? {
        let name = reader.parsed("name", as: "a name in small letters") {
            NameSegment.isValid($0) ? $0 : nil
        }
        let recordDays = reader.integer("record_days", in: 0...longestDays)
        let personalDays = reader.integer("personal_days", in: 0...longestDays)
        let basis = reader.string("basis", length: 1...500)
        if personalDays > recordDays {
            reader.refuse(
                "personal_days", JSONFinding.Code.range,
                "Personal values are not kept longer than the record that they belong to.")
        }
        guard let name else { return nil }
        return RetentionClass(
            name: name, recordDays: recordDays, personalDays: personalDays, basis: basis)
    }
}

/// The retention classes of a pack, and which tier belongs to which.
package struct RetentionRules: Sendable, Hashable {
    package let classes: [RetentionClass]
    package let byTier: [Tier: RetentionClass]

    private struct Row {
        let tier: Tier
        let name: String

        static func read(_ reader: JSONReader) -> Row? {
            let tier = PolicyPack.readTier(reader, "tier")
            let name = reader.string("class", length: 1...63)
            return tier.map { Row(tier: $0, name: name) }
        }
    }

    static func read(_ reader: JSONReader) -> RetentionRules {
        let classes = reader.array("classes", count: 1...50) { $0.object(RetentionClass.read) }
        let rows = reader.array("tiers", count: 3...3) { $0.object(Row.read) }
        if Set(classes.map(\.name)).count != classes.count {
            reader.refuse("classes", JSONFinding.Code.duplicate, "A class is described twice.")
        }
        if rows.count == 3, rows.map(\.tier) != Tier.usable {
            reader.refuse("tiers", JSONFinding.Code.value, "State tiers 1, 2 and 3 in order.")
        }
        var byTier: [Tier: RetentionClass] = [:]
        for row in rows {
            guard let found = classes.first(where: { $0.name == row.name }) else {
                reader.refuse(
                    "tiers", JSONFinding.Code.value,
                    "Tier \(row.tier.rawValue) names \(row.name), which is no class of this pack.")
                continue
            }
            byTier[row.tier] = found
        }
        return RetentionRules(classes: classes, byTier: byTier)
    }
}

/// Until when something about a version has to be kept.
package struct RetentionTerm: Sendable, Hashable {
    /// Everything recorded.
    package let recordUntil: Timestamp
    /// The personal values.
    package let personalUntil: Timestamp
    /// The classes that were compared, in order.
    package let classes: [String]

    /// The longest terms of all these packs for a version; nil when one of them names no class for the
    /// tier, or the tier is unknown: then nobody can say that a period has passed.
    package init?(_ recorded: PersonalFold.Recorded, packs: [PolicyPack]) {
        guard let tier = recorded.tier, !packs.isEmpty else { return nil }
        let found = packs.compactMap { $0.retention.byTier[tier] }
        guard found.count == packs.count else { return nil }
        func end(_ days: [Int64]) -> Timestamp {
            recorded.at.adding(seconds: (days.max() ?? RetentionClass.longestDays) * 86_400)
        }
        recordUntil = end(found.map(\.recordDays))
        personalUntil = end(found.map(\.personalDays))
        classes = Set(found.map(\.name)).sorted(by: bytesPrecede)
    }
}

// What the tiers are called, and which facts in a card raise its tier.

package import CanonicalJSON

/// A tier as the pack describes it.
package struct TierDescription: Sendable, Hashable {
    /// The tier.
    package let tier: Tier
    /// Short name, such as `limited`.
    package let name: String
    /// Which models belong here.
    package let text: String

    static func read(_ reader: JSONReader) -> TierDescription? {
        let tier = PolicyPack.readTier(reader, "tier")
        let name = reader.parsed("name", as: "a name in small letters") {
            NameSegment.isValid($0) ? $0 : nil
        }
        let text = reader.string("description", length: 1...500)
        guard let tier, let name else { return nil }
        return TierDescription(tier: tier, name: name, text: text)
    }
}

/// A fact in a card that raises its tier.
package struct TierRaise: Sendable, Hashable {
    /// The fact.
    package let condition: FieldCondition
    /// The least tier of such a card.
    package let tier: Tier
    /// Why.
    package let why: String

    static func read(_ reader: JSONReader) -> TierRaise? {
        let condition = FieldCondition.read(reader)
        let tier = PolicyPack.readTier(reader, "to")
        let why = reader.string("why", length: 1...200)
        guard let condition, let tier else { return nil }
        return TierRaise(condition: condition, tier: tier, why: why)
    }
}

/// The tier of a card, and how it came about.
package struct TierVerdict: Sendable, Hashable {
    /// The tier that counts: what the card says, raised by what it contains.
    package let tier: Tier
    /// What the card says; nil when it says nothing readable or "unknown".
    package let stated: Tier?
    /// Why the tier is higher than stated; empty when it is not.
    package let raisedBecause: [String]
}

extension PolicyPack {
    /// The tier that counts for a card; total, and never lower than what the card states.
    package func tier(of card: JSON) -> TierVerdict {
        let stated = card["risk"]?["tier"].flatMap { Tier(json: $0) }
        var tier = stated ?? unknownCountsAs
        var because: [String] = []
        for raise in tierRaises where raise.tier > (stated ?? unknownCountsAs) {
            guard raise.condition.holds(in: card) else { continue }
            tier = max(tier, raise.tier)
            because.append(raise.why)
        }
        return TierVerdict(tier: tier, stated: stated, raisedBecause: because)
    }

    /// The fields that a card of this tier lacks, as pointers, in the order of the pack.
    package func missingCardFields(in card: JSON, tier: Tier) -> [JSONPointer] {
        var seen: Set<JSONPointer> = []
        return
            requiredFields
            .filter { $0.from <= tier && ($0.when?.holds(in: card) ?? true) }
            .flatMap { $0.pattern.missing(in: card) }
            .filter { seen.insert($0).inserted }
    }
}

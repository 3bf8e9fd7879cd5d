// What two packs demand otherwise outside of their rules: approvals, evaluations, cards, tiers, periods.

internal import Attestation
internal import Fairness

extension PackDifferences {
    mutating func compareApprovals(_ old: PolicyPack, _ new: PolicyPack) {
        for tier in Tier.usable {
            guard let before = old.approvals[tier], let after = new.approvals[tier] else {
                continue
            }
            let place = "approvals.yaml tier \(tier)"
            number(
                place, "days that an approval counts", before.validityDays, after.validityDays,
                moreIs: .looser)
            if before.leastFactor != after.leastFactor {
                add(
                    before.leastFactor < after.leastFactor ? .stricter : .looser, place,
                    "what approvals are signed with at least: \(before.leastFactor.rawValue) → "
                        + after.leastFactor.rawValue)
            }
            let (had, has) = (Self.counts(before.places), Self.counts(after.places))
            for role in Set(had.keys).union(has.keys).sorted(by: <) {
                number(
                    place, "approvals by a \(role.rawValue)", had[role] ?? 0, has[role] ?? 0,
                    moreIs: .stricter)
            }
        }
    }

    mutating func compareReview(_ old: PolicyPack, _ new: PolicyPack) {
        for trigger in ReviewTrigger.allCases {
            let (had, has) = (
                old.reviewTriggers.contains(trigger), new.reviewTriggers.contains(trigger)
            )
            guard had != has else { continue }
            add(
                has ? .stricter : .looser, "approvals.yaml",
                "\(trigger.rawValue) \(has ? "calls" : "no longer calls") for another review")
        }
        let environments = Set(old.jurisdictions.keys).union(new.jurisdictions.keys)
        for environment in environments.sorted() {
            let (was, now) = (old.jurisdictions[environment], new.jurisdictions[environment])
            guard was != now else { continue }
            add(
                .other, "approvals.yaml",
                "jurisdictions of \(environment): \((was ?? []).sorted()) → \((now ?? []).sorted())"
            )
        }
    }

    mutating func compareFairness(_ old: [FairnessDemand], _ new: [FairnessDemand]) {
        for demand in old {
            let place = "evaluations.yaml \(demand.id)"
            guard let other = new.first(where: { $0.id == demand.id }) else {
                add(.looser, place, "removed: \(demand.subject)")
                continue
            }
            number(
                place, "the lowest tier it applies to", demand.from.rawValue, other.from.rawValue,
                moreIs: .looser)
            if demand.threshold != other.threshold {
                add(
                    Self.direction(demand.threshold, other.threshold), place,
                    "\(Self.words(demand.threshold)) → \(Self.words(other.threshold))")
            }
            number(
                place, "the smallest group", demand.minimumGroupSize, other.minimumGroupSize,
                moreIs: .looser)
            number(
                place, "the smallest denominator", demand.minimumDenominator,
                other.minimumDenominator, moreIs: .looser)
            number(
                place, "days that an evaluation counts", demand.maximumAgeDays,
                other.maximumAgeDays, moreIs: .looser)
        }
        for demand in new where !old.contains(where: { $0.id == demand.id }) {
            add(
                .stricter, "evaluations.yaml \(demand.id)",
                "new from tier \(demand.from): \(Self.words(demand.threshold))")
        }
    }

    mutating func compareFields(_ old: [RequiredField], _ new: [RequiredField]) {
        let place = "cards/required.yaml"
        for field in old where !new.contains(field) {
            add(.looser, place, "no longer required: \(Self.words(field))")
        }
        for field in new where !old.contains(field) {
            add(.stricter, place, "required: \(Self.words(field))")
        }
    }

    mutating func compareTiers(_ old: [TierRaise], _ new: [TierRaise]) {
        for raise in old where !new.contains(raise) {
            add(.looser, "tiers.yaml", "no longer raises to \(raise.tier): \(raise.why)")
        }
        for raise in new where !old.contains(raise) {
            add(.stricter, "tiers.yaml", "raises to \(raise.tier): \(raise.why)")
        }
    }

    mutating func compareRuns(_ old: PolicyPack, _ new: PolicyPack) {
        for tier in Tier.usable {
            number(
                "permits.yaml tier \(tier)", "hours that a run permit holds",
                old.runLifetimeHours[tier] ?? 0, new.runLifetimeHours[tier] ?? 0, moreIs: .looser)
        }
    }

    mutating func compareSnapshots(_ old: Int64?, _ new: Int64?) {
        let what = "hours that a snapshot of an environment may be old"
        switch (old, new) {
        case (let old?, let new?): number("permits.yaml", what, old, new, moreIs: .looser)
        case (nil, let new?): add(.stricter, "permits.yaml", "\(what): not stated → \(new)")
        case (let old?, nil): add(.looser, "permits.yaml", "\(what): \(old) → not stated")
        case (nil, nil): break
        }
    }

    mutating func compareLegacy(_ old: PolicyPack, _ new: PolicyPack) {
        if old.legacy != new.legacy {
            add(
                new.legacy == .nowhere ? .stricter : .looser, "permits.yaml",
                "where legacy may be deployed again: \(old.legacy.rawValue) → "
                    + "\(new.legacy.rawValue)")
        }
        compareHighestTier(
            "in which legacy may be deployed again", old.legacyHighestTier, new.legacyHighestTier)
    }

    private mutating func compareHighestTier(_ what: String, _ old: Tier?, _ new: Tier?) {
        guard old != new else { return }
        func words(_ tier: Tier?) -> String { tier.map { "\($0)" } ?? "not stated" }
        add(
            (new ?? .high) < (old ?? .high) ? .stricter : .looser, "permits.yaml",
            "highest tier \(what): \(words(old)) → \(words(new))")
    }

    mutating func compareDelegation(_ old: DelegationRules?, _ new: DelegationRules?) {
        let place = "approvals.yaml"
        for role in old?.roles ?? [] where new?.roles.contains(role) != true {
            add(.stricter, place, "a \(role) no longer delegates")
        }
        for role in new?.roles ?? [] where old?.roles.contains(role) != true {
            add(.looser, place, "a \(role) may delegate")
        }
        if let old, let new {
            number(
                place, "days that a delegation lasts", old.maximumDays, new.maximumDays,
                moreIs: .looser)
        }
    }

    mutating func compareBreakGlass(_ old: BreakGlassRules?, _ new: BreakGlassRules?) {
        guard let old, let new else {
            if old == nil, new != nil { add(.looser, "permits.yaml", "the glass can be broken") }
            if old != nil, new == nil {
                add(.stricter, "permits.yaml", "the glass can no longer be broken")
            }
            return
        }
        for role in old.roles where !new.roles.contains(role) {
            add(.stricter, "permits.yaml", "a \(role) no longer breaks the glass")
        }
        for role in new.roles where !old.roles.contains(role) {
            add(.looser, "permits.yaml", "a \(role) may break the glass")
        }
        compareHighestTier("in which the glass can be broken", old.highestTier, new.highestTier)
        for rule in old.overrides where !new.overrides.contains(rule) {
            add(.stricter, "permits.yaml", "an emergency no longer overrides \(rule)")
        }
        for rule in new.overrides where !old.overrides.contains(rule) {
            add(.looser, "permits.yaml", "an emergency overrides \(rule)")
        }
        for (what, before, after) in [
            ("hours that an emergency lasts", old.maximumHours, new.maximumHours),
            ("hours of emergency for a model in a quarter", old.budgetHours, new.budgetHours),
            ("hours until an emergency is reviewed", old.reviewHours, new.reviewHours),
        ] {
            number("permits.yaml", what, before, after, moreIs: .looser)
        }
    }

    mutating func compareRetention(_ old: PolicyPack, _ new: PolicyPack) {
        for tier in Tier.usable {
            guard let before = old.retention.byTier[tier], let after = new.retention.byTier[tier]
            else { continue }
            let place = "retention.yaml tier \(tier)"
            number(
                place, "days that records are kept", before.recordDays, after.recordDays,
                moreIs: .other)
            number(
                place, "days that personal values are kept", before.personalDays,
                after.personalDays, moreIs: .other)
        }
    }

    mutating func compareSigners(_ old: PolicyPack, _ new: PolicyPack) {
        let (had, has) = (old.signers.identities, new.signers.identities)
        for (trust, identity) in had where !has.contains(where: { $0 == (trust, identity) }) {
            add(
                .stricter, ArtifactSigners.path,
                "no longer signs artifacts by \(trust): \(identity.identity)")
        }
        for (trust, identity) in has where !had.contains(where: { $0 == (trust, identity) }) {
            add(
                .looser, ArtifactSigners.path,
                "signs artifacts by \(trust): \(identity.identity) as \(identity.principal)")
        }
    }

    private static func direction(
        _ old: FairnessThreshold, _ new: FairnessThreshold
    ) -> PackDifference.Direction {
        guard old.measure == new.measure, old.side == new.side, old.columns == new.columns else {
            return .other
        }
        let grows = new.limit.fraction > old.limit.fraction
        return grows == (old.side == .atLeast) ? .stricter : .looser
    }

    private static func words(_ threshold: FairnessThreshold) -> String {
        let columns = threshold.columns.map { " by \($0.joined(separator: ", "))" } ?? ""
        let side = threshold.side.rawValue.replacing("_", with: " ")
        return "\(threshold.measure.rawValue)\(columns) \(side) \(threshold.limit)"
    }

    private static func words(_ field: RequiredField) -> String {
        "\(field.pattern) from tier \(field.from)"
            + (field.when.map { " when \($0.pattern)" } ?? "")
    }

    private static func counts(_ places: [Role]) -> [Role: Int64] {
        places.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }
}

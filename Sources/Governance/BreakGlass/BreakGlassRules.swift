// What a pack says of emergencies: who may break the glass, over which rules, for how long, how often.
//
//     break_glass:
//       roles: [compliance-officer, risk-officer]
//       overrides: [DEP-101, DEP-102]
//       highest_tier: 2
//       maximum_hours: 4
//       budget_hours: 12
//       review_hours: 72
//
// A pack without this member has no break-glass, one without `highest_tier` has it in every tier. Only rules of the deploy gate can be listed that want
// approvals or evaluations, or that are the pack's own and look at nothing that an emergency must not
// touch: the bytes and their signature, what restricts the version, who asks, the pack, the log. That is
// asked twice, when the pack is read and when a rule has failed.

internal import CanonicalJSON
internal import Expressions

/// The terms of an emergency.
package struct BreakGlassRules: Sendable, Hashable {
    /// Where a pack states them.
    static let file = "permits.yaml"

    /// In which two people may sign.
    package let roles: [Role]
    /// The rules that do not deny meanwhile.
    package let overrides: [String]
    /// The highest tier of versions that come in so; nil for any.
    package let highestTier: Tier?
    /// How long it lasts at most.
    package let maximumHours: Int64
    /// For how many hours a model has one in a calendar quarter.
    package let budgetHours: Int64
    /// How long after its end the review is due.
    package let reviewHours: Int64

    /// The checks that a rule which is overridden may make.
    static let checks = LegacyTolerance.checks
    /// Facts at which such a rule may not look.
    static let untouchable: Set<String> = [
        "artifact", "restrictions", "requester", "fold", "policy",
    ]

    static func read(_ reader: JSONReader) -> BreakGlassRules {
        let rules = BreakGlassRules(
            roles: reader.array("roles", count: 1...BreakGlass.roles.count) {
                $0.choice(of: Role.self)
            },
            overrides: reader.array("overrides", count: 1...100) { rule in
                rule.parsed(as: "three capitals, a hyphen and three digits") {
                    Rule.isIdentifier($0) ? $0 : nil
                }
            },
            highestTier: PolicyPack.readHighestTier(reader),
            maximumHours: reader.integer("maximum_hours", in: 1...72),
            budgetHours: reader.integer("budget_hours", in: 1...720),
            reviewHours: reader.integer("review_hours", in: 1...720))
        if let role = rules.roles.first(where: { !BreakGlass.roles.contains($0) }) {
            reader.refuse("roles", JSONFinding.Code.value, "A \(role) judges nothing.")
        }
        if Set(rules.roles).count != rules.roles.count {
            reader.refuse("roles", JSONFinding.Code.duplicate, "A role is here twice.")
        }
        if Set(rules.overrides).count != rules.overrides.count {
            reader.refuse("overrides", JSONFinding.Code.duplicate, "A rule is here twice.")
        }
        return rules
    }

    /// What is wrong with the list, where every rule could be read.
    func findings(in rules: [Rule]) -> [PackFinding] {
        overrides.enumerated().compactMap { index, id in
            func finding(_ code: String, _ message: String) -> PackFinding {
                PackFinding(
                    Self.file,
                    JSONFinding(
                        JSONPointer(["break_glass", "overrides", String(index)]), code, message))
            }
            guard let rule = rules.first(where: { $0.id == id }) else {
                return finding("reference", "The deploy gate has no rule \(id).")
            }
            return Self.isWithinReach(rule)
                ? nil : finding("floor", "\(id) can never be overridden.")
        }
    }

    /// Whether an emergency may touch what the rule looks at.
    static func isWithinReach(_ rule: Rule) -> Bool {
        guard rule.gate == .deploy else { return false }
        let made = Set(rule.made + [rule.condition.checkName].compactMap { $0 })
        guard made.isSubset(of: checks) else { return false }
        guard rule.hasExpression else { return true }
        let variables = GateEnvironment.of(.deploy).variables
        return rule.variables.allSatisfy {
            variables.indices.contains($0) && !untouchable.contains(variables[$0].name)
        }
    }

    /// Whether versions of a tier can come in so.
    func reaches(_ tier: Tier?) -> Bool { PolicyPack.isWithin(tier, highestTier) }

    /// Whether a rule of the pack is overridden.
    func overrides(_ rule: Rule) -> Bool {
        overrides.contains(rule.id) && Self.isWithinReach(rule)
    }
}

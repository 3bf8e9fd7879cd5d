// What a pack says of delegations: which roles, and for how long.
//
//     delegation:
//       roles: [validator, compliance-officer]
//       maximum_days: 30
//
// in approvals.yaml. A pack without this member allows none. What a delegation is worth for a request is
// asked of the pack that the version was submitted under; whether it is recorded, of the pack in force.

internal import CanonicalJSON

/// The terms of delegations.
package struct DelegationRules: Sendable, Hashable {
    /// Roles that their holders may delegate.
    package let roles: [Role]
    /// How many days one may last.
    package let maximumDays: Int64

    static func read(_ reader: JSONReader) -> DelegationRules {
        let rules = DelegationRules(
            roles: reader.array("roles", count: 1...Delegation.roles.count) {
                $0.choice(of: Role.self)
            },
            maximumDays: reader.integer("maximum_days", in: 1...366))
        if let role = rules.roles.first(where: { !Delegation.roles.contains($0) }) {
            reader.refuse("roles", JSONFinding.Code.value, "A \(role) approves nothing.")
        }
        if Set(rules.roles).count != rules.roles.count {
            reader.refuse("roles", JSONFinding.Code.duplicate, "A role is here twice.")
        }
        return rules
    }
}

/// Why a pack does not let a delegation count; the raw value is its stable code.
package enum DelegationProblem: String, Sendable, Hashable, CaseIterable {
    case notAllowed = "no-delegation"
    case roleNotDelegable = "role-not-delegable"
    case tooLong = "delegation-too-long"
    case tierTooHigh = "tier-too-high"

    /// The reason in words.
    package var sentence: String {
        switch self {
        case .notAllowed: "The pack allows no delegation."
        case .roleNotDelegable: "The pack does not let this role be delegated."
        case .tooLong: "It lasts longer than the pack allows."
        case .tierTooHigh: "The version is of a higher tier than it is for."
        }
    }
}

extension Delegation {
    /// What a pack has against the delegation; empty when nothing.
    ///
    /// - Parameters:
    ///   - rules: the pack's terms; nil where it allows none.
    ///   - tier: of the version that the delegate signs about; nil when there is none yet.
    package func problems(
        under rules: DelegationRules?, tier: Tier? = nil
    ) -> [DelegationProblem] {
        guard let rules else { return [.notAllowed] }
        var problems: [DelegationProblem] = []
        if !rules.roles.contains(delegator.role) { problems.append(.roleNotDelegable) }
        if validFrom.adding(seconds: rules.maximumDays * 86_400) < validUntil {
            problems.append(.tooLong)
        }
        if let tier, highestTier < tier { problems.append(.tierTooHigh) }
        return problems
    }
}

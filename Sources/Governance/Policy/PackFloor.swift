// What no pack can lower: some checks must be made by every pack, and a failure of them must deny.
//
// A pack may add rules and tighten numbers. It may not leave out, soften to `warn` or `audit`, or
// make waivable any of the checks below: then "signed, by distinct people, none of them the author"
// would be a matter of taste. A rule makes a check by naming it, or by a condition in CEL that implies
// it (see `FloorCondition`); a rule with `when` makes none. The same holds for evidence: which measures are demanded is the pack's
// affair, but not that they were signed by somebody else than the author, recomputed, fresh, and on
// the data that the card declares.

internal import CanonicalJSON

/// The checks that each gate must enforce.
package enum PackFloor {
    /// Names of the built-in checks, by gate.
    package static let checks: [Gate: [String]] = [
        .submit: [
            "artifact-signature", "card-complete", "card-valid", "policy-active",
            "submitter-entitled", "tier-allowed",
        ],
        .approve: [
            "statement-verified", "request-open", "statement-answers-request",
            "signer-not-submitter", "role-held-before-submission", "role-in-quorum",
            "statement-digests", "one-statement-per-person", "statement-unexpired",
            "policy-active",
        ],
        .deploy: [
            "artifact-bytes", "artifact-signature", "card-complete", "approval-quorum",
            "approvals-entitled", "approvers-not-submitter", "approvals-current",
            "approvals-cover", "approvals-unexpired", "evaluations-verified",
            "evaluations-declared", "evaluations-fresh", "fairness-thresholds", "no-restriction",
            "not-retired", "requester-entitled", "fold-fresh", "policy-active",
        ],
        .retire: [
            "artifact-bytes", "artifact-signature", "no-active-deployment", "not-retired",
            "requester-entitled", "fold-fresh", "policy-active",
        ],
    ]

    /// What is demanded beside those of a pack that states how old a snapshot of an environment may be. A
    /// pack from before that was known states nothing and stays what it is: one that is in force must
    /// not become unreadable because the service is newer.
    package static let watching: [Gate: [String]] = [
        .retire: ["not-seen-running", "snapshots-fresh"]
    ]

    /// Every check that the floor demands of some pack at a gate.
    package static func every(_ gate: Gate) -> [String] {
        (checks[gate] ?? []) + (watching[gate] ?? [])
    }

    private static func demanded(_ gate: Gate, of isWatching: Bool) -> [String] {
        isWatching ? every(gate) : checks[gate] ?? []
    }

    /// The roles that a rule may accept, where the floor limits them.
    static let roles: [String: Set<String>] = [
        "artifact-signature": ["owner"],
        "submitter-entitled": ["owner"],
        "requester-entitled": ["owner", "deployer", "risk-officer"],
    ]

    /// - Parameter isWatching: whether the pack states how old a snapshot may be.
    static func findings(in rules: [Gate: [Rule]], isWatching: Bool) -> [PackFinding] {
        Gate.allCases.flatMap { gate in
            let list = rules[gate] ?? []
            // A gate whose file has findings of its own is not judged twice.
            return list.isEmpty ? [] : missing(in: list, gate, isWatching) + soft(in: list, gate)
        }
    }

    private static func missing(
        in rules: [Rule], _ gate: Gate, _ isWatching: Bool
    ) -> [PackFinding] {
        let enforced = Set(rules.filter { $0.mode == .enforce }.flatMap(\.made))
        return demanded(gate, of: isWatching).filter { !enforced.contains($0) }.map { name in
            finding(
                gate, JSONPointer(["rules"]),
                "No rule enforces \(name); every pack must.\(FloorCondition.advice(name))")
        }
    }

    private static func soft(in rules: [Rule], _ gate: Gate) -> [PackFinding] {
        var findings: [PackFinding] = []
        for (index, rule) in rules.enumerated() {
            let demanded = rule.made.filter { every(gate).contains($0) }
            let place = JSONPointer(["rules", String(index)])
            if rule.waivable, let name = demanded.first {
                findings.append(
                    finding(gate, place.appending("waivable"), "\(name) can never be waived."))
            }
            guard let name = rule.condition.checkName, demanded.contains(name) else { continue }
            let roles = rule.condition.parameters[.roles]?.array?.compactMap(\.string) ?? []
            if let allowed = Self.roles[name], !allowed.isSuperset(of: roles) {
                let list = allowed.sorted().joined(separator: ", ")
                findings.append(
                    finding(
                        gate, place.appending("with").appending("roles"),
                        "\(name) accepts no roles but \(list)."))
            }
        }
        return findings
    }

    private static func finding(
        _ gate: Gate, _ pointer: JSONPointer, _ message: String
    ) -> PackFinding {
        PackFinding("gates/\(gate.rawValue).yaml", JSONFinding(pointer, "floor", message))
    }
}

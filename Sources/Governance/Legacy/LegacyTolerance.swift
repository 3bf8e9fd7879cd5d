// How far a version is tolerated that nobody approved because it ran before anybody asked.
//
// Facts that say `legacy` are about the very bytes, in the very environment, that two officers imported.
// Where the pack says `legacy: { redeploy: same-place }` the rules that want approvals and evaluations then
// warn and do not deny, until the date, up to the tier that it states as `highest_tier`. Every other rule decides as ever: the bytes, the signature, the
// card, suspensions, rejections, findings, who asks. A rule of the pack's own denies as ever too.
//
// Such a decision has one more outcome, LEG-001, which no pack states: pass when nothing had to be
// tolerated, for then the version is approved; fail as a warning until the date; fail, and denying, from
// the date on. A permit that rests on it ends with the date at the latest.

package import CanonicalJSON

/// How far a pack tolerates what was imported.
package enum LegacyRule: String, Sendable, Hashable, CaseIterable {
    /// Not at all.
    case nowhere
    /// The same bytes in the same environment.
    case samePlace = "same-place"
}

/// What came in as legacy, as a part of facts.
package struct LegacyFact: Sendable, Hashable {
    /// Payload digest of the import.
    package var statement: String
    package var environment: EnvironmentName
    package var dueAt: Timestamp

    package init(statement: String, environment: EnvironmentName, dueAt: Timestamp) {
        self.statement = statement
        self.environment = environment
        self.dueAt = dueAt
    }

    /// As a part of the facts document.
    package var json: JSON {
        [
            "statement": .string(statement), "environment": .text(environment),
            "dueAt": .text(dueAt),
        ]
    }
}

/// The tolerance of one decision.
package struct LegacyTolerance {
    /// The rule that no pack states and every decision about something imported ends with.
    package static let rule = "LEG-001"
    /// The checks that are tolerated to fail.
    package static let checks: Set<String> = [
        "approval-quorum", "approvals-cover", "approvals-current", "approvals-entitled",
        "approvals-unexpired", "approvers-not-submitter", "evaluations-declared",
        "evaluations-fresh", "evaluations-verified", "fairness-thresholds",
    ]

    private let dueAt: String
    private let isAllowed: Bool
    private let isOverdue: Bool
    private var failed: [String] = []

    /// Nil where the facts are about nothing that was imported.
    init?(_ facts: JSON, gate: Gate, pack: PolicyPack, at time: Timestamp) {
        guard gate == .deploy, let legacy = facts["legacy"] else { return nil }
        dueAt = legacy["dueAt"]?.string ?? ""
        isAllowed = Self.isAllowed(in: facts["tier"].flatMap { Tier(json: $0) }, by: pack)
        // A date that cannot be read has passed.
        isOverdue = Timestamp(dueAt).map { $0 <= time } ?? true
    }

    /// Whether anything is tolerated at all.
    var isStanding: Bool { isAllowed && !isOverdue }

    /// Whether a pack tolerates anything in a tier.
    static func isAllowed(in tier: Tier?, by pack: PolicyPack) -> Bool {
        // What is prohibited is nobody's to tolerate, whenever it came in.
        guard let tier, Tier.usable.contains(tier) else { return false }
        return pack.legacy == .samePlace && PolicyPack.isWithin(tier, pack.legacyHighestTier)
    }

    /// Whether a rule wants nothing but what is tolerated.
    static func concerns(_ rule: Rule) -> Bool {
        !rule.made.isEmpty && checks.isSuperset(of: rule.made)
    }

    /// Notes how a rule came out; answers whether it warns only.
    mutating func softens(_ rule: Rule, _ outcome: RuleOutcome) -> Bool {
        guard outcome.result == .fail, outcome.mode == .enforce, Self.concerns(rule) else {
            return false
        }
        failed.append(rule.id)
        return isStanding
    }

    /// What is added to the decision.
    var outcome: RuleOutcome {
        let reason: String? =
            if failed.isEmpty {
                nil
            } else if isOverdue {
                "it came in as legacy, was due to be approved by \(dueAt), and is not"
            } else if isAllowed {
                "it came in as legacy and is not approved: due by \(dueAt)"
            } else {
                "it came in as legacy, and the policy pack permits nothing of that in its tier"
            }
        return RuleOutcome(
            id: Self.rule, title: "What came in as legacy is approved by its date",
            mode: isStanding ? .warn : .enforce,
            result: failed.isEmpty ? .pass : .fail,
            values: [
                "legacy.dueAt": .string(dueAt), "unapproved": .array(failed.map(JSON.string)),
            ], reason: reason)
    }
}

extension Decision {
    /// Until when what it allowed is tolerated; nil when nothing had to be.
    package var toleratedUntil: Timestamp? {
        // The outcome comes after the pack's own: one from before may have a rule of the same name.
        rules.last { $0.id == LegacyTolerance.rule && $0.result == .fail }
            .flatMap { $0.values["legacy.dueAt"]?.string }.flatMap { Timestamp($0) }
    }

    /// When a permit ends that it gives: no permit outlives what it rests on.
    package func permitEnd(afterSeconds lifetime: Int64) -> Timestamp {
        let bounds = [toleratedUntil, overriddenUntil].compactMap(\.self) + waiversEnd
        return bounds.reduce(now.adding(seconds: lifetime), min)
    }
}

// What an emergency does to a decision.
//
// Facts that say `breakGlass` are about emergencies of the version in the environment that is asked about.
// One counts when nothing stands against it, it is for these bytes and this pack, two persons signed it in
// roles that the pack names, and its time is not over. Then a rule that the pack lists as overridable, and
// that failed, answers `overridden`, with who and until when among its values, and does not deny. A
// rule that could not be evaluated is not overridden.
//
// Such a decision has one more outcome, EMG-001, which no pack states, and which never denies: pass when
// nothing was overridden, for then the policy would have allowed or denied without it too; fail, as a
// warning, when something was. A permit that rests on it ends with it at the latest. Every decision while the
// glass is broken carries the outcome, so that what was done in an emergency is never silent.

package import CanonicalJSON
internal import Cryptography

/// The emergency of one decision.
struct BreakGlassOverride {
    /// The rule that no pack states and every decision in an emergency ends with.
    static let rule = "EMG-001"

    /// The one that counts, as decisions show it; nil when none does.
    private let standing: JSON?
    /// Why others do not, by digest.
    private let objections: [String: JSON]
    private let rules: BreakGlassRules?
    private var overridden: [String] = []

    /// Nil where the facts tell of no emergency.
    init?(_ facts: JSON, gate: Gate, pack: PolicyPack, at time: Timestamp) {
        guard gate == .deploy, let told = facts["breakGlass"]?.array, !told.isEmpty else {
            return nil
        }
        rules = pack.breakGlass
        var standing: JSON?
        var objections: [String: JSON] = [:]
        for fact in told {
            let problems = Self.problems(of: fact, facts, pack, time)
            if !problems.isEmpty {
                objections[fact["digest"]?.string ?? ""] = .array(problems.map(JSON.string))
            } else if standing == nil {
                standing = [
                    "statement": fact["digest"] ?? .null, "signers": fact["signers"] ?? .null,
                    "incident": fact["incident"] ?? .null, "until": fact["expiresAt"] ?? .null,
                ]
            }
        }
        self.standing = standing
        self.objections = objections
    }

    /// What of it can be judged from the facts alone; whatever cannot be read counts against it.
    private static func problems(
        of fact: JSON, _ facts: JSON, _ pack: PolicyPack, _ time: Timestamp
    ) -> [String] {
        guard let rules = pack.breakGlass else {
            return [BreakGlassProblem.noBreakGlass.rawValue]
        }
        guard let told = fact["problems"]?.array,
            let signedAt = fact["signedAt"]?.string.flatMap({ Timestamp($0) }),
            let expiresAt = fact["expiresAt"]?.string.flatMap({ Timestamp($0) }),
            let artifact = fact["artifact"]?.string, let environment = fact["environment"]?.string,
            let signers = fact["signers"]?.array
        else { return ["unreadable"] }
        var problems = told.map { $0.string ?? "unreadable" }
        func object(_ holds: Bool, _ code: String) {
            if !holds, !problems.contains(code) { problems.append(code) }
        }
        object(environment == facts["environment"]?.string, "another-environment")
        object(
            artifact == facts["artifact"]?["presentedDigest"]?.string
                && artifact == facts["artifact"]?["approvedDigest"]?.string, "another-artifact")
        object(
            fact["policy"]?.string == pack.digest.hex, BreakGlassProblem.anotherPolicy.rawValue)
        object(
            signedAt <= time.adding(milliseconds: signerSkewMilliseconds)
                && expiresAt <= signedAt.adding(seconds: rules.maximumHours * 3_600),
            BreakGlassProblem.tooLong.rawValue)
        object(time < expiresAt, "expired")
        object(
            rules.reaches(facts["tier"].flatMap { Tier(json: $0) }),
            BreakGlassProblem.tierTooHigh.rawValue)
        let people = Set(signers.compactMap { $0["person"]?.string })
        object(
            signers.count == 2 && people.count == 2,
            BreakGlassProblem.onePerson.rawValue)
        object(
            signers.allSatisfy { signer in
                signer["role"]?.string.flatMap { Role(rawValue: $0) }
                    .map(rules.roles.contains) == true
            }, BreakGlassProblem.roleNotNamed.rawValue)
        return problems
    }

    /// The outcome of a failed rule that the emergency overrides; nil when it does not.
    mutating func overriding(_ rule: Rule, _ outcome: RuleOutcome) -> RuleOutcome? {
        guard outcome.result == .fail, let standing, rules?.overrides(rule) == true else {
            return nil
        }
        overridden.append(rule.id)
        return RuleOutcome(
            id: outcome.id, title: outcome.title, mode: outcome.mode, result: .overridden,
            values: outcome.values.merging(["breakGlass": standing]) { _, new in new },
            reason: "overridden in an emergency by \(Self.names(standing)) until "
                + "\(standing["until"]?.string ?? ""): \(outcome.reason ?? outcome.title)")
    }

    private static func names(_ standing: JSON) -> String {
        (standing["signers"]?.array ?? []).map { signer in
            "\(signer["principal"]?.string ?? "") as \(signer["role"]?.string ?? "")"
        }.joined(separator: " and ")
    }

    /// What is added to the decision.
    var outcome: RuleOutcome {
        let reason: String? =
            if let standing, !overridden.isEmpty {
                "\(overridden.joined(separator: ", ")) did not hold and were overridden for "
                    + "\(standing["incident"]?.string ?? ""), until "
                    + "\(standing["until"]?.string ?? "")"
            } else {
                nil
            }
        return RuleOutcome(
            id: Self.rule, title: "Nothing had to be overridden in an emergency", mode: .warn,
            result: overridden.isEmpty ? .pass : .fail,
            values: [
                "breakGlass": standing ?? .null,
                "breakGlass.problems": .object(objections),
                "overridden": .array(overridden.map(JSON.string)),
            ], reason: reason)
    }
}

extension Decision {
    /// Until when what it allowed is overridden; nil when nothing had to be.
    var overriddenUntil: Timestamp? {
        rules.last { $0.id == BreakGlassOverride.rule && $0.result == .fail }
            .flatMap { $0.values["breakGlass"]?["until"]?.string }.flatMap { Timestamp($0) }
    }
}

/// What a recorded decision says of an emergency.
package struct BreakGlassUse: Sendable {
    /// Payload digest of the break-glass.
    package let statement: String

    /// Nil when nothing was overridden.
    package init?(document: JSON) {
        // The outcome is the last: a pack may have a rule of the same name.
        let outcome = (document["rules"]?.array ?? []).last {
            $0["id"]?.string == BreakGlassOverride.rule && $0["result"] == "fail"
        }
        guard let statement = outcome?["values"]?["breakGlass"]?["statement"]?.string else {
            return nil
        }
        self.statement = statement
    }
}

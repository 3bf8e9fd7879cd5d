// Which rules can be set aside for a version, by whom, and what a waiver among the facts does.
//
// The floor is asked twice: a pack that calls one of its rules waivable is refused, and a rule that makes
// a check of the floor is not waived even if such a pack came by another way. A rule that could not be
// evaluated is not waived either: nobody has seen what there is to accept.

package import CanonicalJSON
package import Cryptography

/// Why a rule cannot be waived by a statement.
package enum WaiverProblem: String, Sendable, Hashable, CaseIterable {
    /// The statement is about a rule of another pack.
    case anotherPolicy = "another-policy"
    /// The pack has no such rule where waivers are asked.
    case unknownRule = "rule-unknown"
    /// The pack does not let it be waived, or it is part of the floor.
    case neverWaived = "never-waived"
    /// The pack names other roles.
    case wrongRole = "role-cannot-waive"

    /// What to tell people.
    package func sentence(_ rule: String) -> String {
        switch self {
        case .anotherPolicy: "The statement is about a rule of another pack than the one in force."
        case .unknownRule: "No gate that a version passes has the rule \(rule)."
        case .neverWaived: "The pack does not let \(rule) be waived."
        case .wrongRole: "The pack lets other roles waive \(rule)."
        }
    }
}

extension PolicyPack {
    /// The gates at which a version, which exists by then, can have waivers.
    package static let gatesWithWaivers: [Gate] = [.deploy, .retire]

    /// What stands against somebody in a role waiving a rule; nil when nothing does.
    package func problem(
        withWaiving id: String, of policy: SHA256Digest, by role: Role
    ) -> WaiverProblem? {
        guard policy == digest else { return .anotherPolicy }
        let found = Self.gatesWithWaivers.lazy.compactMap { gate in
            rules[gate]?.first { $0.id == id }
        }.first
        guard let rule = found else { return .unknownRule }
        guard rule.waivable, Set(rule.made).isDisjoint(with: PackFloor.every(rule.gate))
        else { return .neverWaived }
        return rule.waivableBy.contains(role) && Waiver.roles.contains(role) ? nil : .wrongRole
    }

    /// The first waiver among the facts that sets a failed rule aside, as the decision shows it.
    ///
    /// Whatever of a waiver cannot be read waives nothing, nor does one that is over at `end`.
    func waiver(
        of rule: Rule, in facts: JSON, at now: Timestamp, lasting end: Timestamp
    ) -> JSON? {
        guard rule.waivable, let waivers = facts["waivers"]?.array else { return nil }
        return waivers.first { fact in
            guard fact["rule"]?.string == rule.id, fact["problems"] == [],
                let policy = fact["policy"]?.string.flatMap({ SHA256Digest(hex: $0) }),
                let role = fact["role"]?.string.flatMap({ Role(rawValue: $0) }),
                let signedAt = fact["signedAt"]?.string.flatMap({ Timestamp($0) }),
                let expiresAt = fact["expiresAt"]?.string.flatMap({ Timestamp($0) })
            else { return false }
            return problem(withWaiving: rule.id, of: policy, by: role) == nil
                && signedAt <= now.adding(milliseconds: signerSkewMilliseconds)
                && now < expiresAt && end < expiresAt
        }.map { fact in
            [
                "statement": fact["digest"] ?? .null, "principal": fact["principal"] ?? .null,
                "role": fact["role"] ?? .null, "until": fact["expiresAt"] ?? .null,
            ]
        }
    }
}

extension Decision {
    /// When each rule that it set aside denies again.
    var waiversEnd: [Timestamp] {
        rules.filter { $0.result == .waived }
            .compactMap { $0.values["waiver"]?["until"]?.string.flatMap { Timestamp($0) } }
    }
}

/// A statement that waives a rule, as a part of facts.
package struct WaiverFact: Sendable, Hashable {
    /// Payload digest of the statement.
    package var digest: SHA256Digest
    package var waiver: Waiver
    /// The natural person who signed.
    package var person: PrincipalID
    /// Codes of everything that stands against it.
    package var problems: [String]

    package init(
        digest: SHA256Digest, waiver: Waiver, person: PrincipalID, problems: [String]
    ) {
        self.digest = digest
        self.waiver = waiver
        self.person = person
        self.problems = problems
    }

    /// As a part of the facts document.
    package var json: JSON {
        [
            "digest": .hex(digest), "rule": .string(waiver.rule), "policy": .hex(waiver.policy),
            "principal": .text(waiver.signer.principal), "person": .text(person),
            "role": .text(waiver.signer.role), "signedAt": .text(waiver.signedAt),
            "expiresAt": .text(waiver.expiresAt), "problems": .array(problems.map(JSON.string)),
        ]
    }
}

// How the tier of a version came about, as a part of facts.

package import CanonicalJSON
package import Cryptography

/// What is known of a version's tier beside the tier itself.
package struct TierFact: Sendable, Hashable {
    /// What the pack of its submission makes of its card.
    package var derived: Tier
    /// A tier before that cannot be left downwards by one person.
    package var former: FormerTier?
    /// What was signed last; nil for nothing.
    package var determination: Determination?

    /// The last statement on the tier.
    package struct Determination: Sendable, Hashable {
        /// Payload digest of the statement.
        package var digest: SHA256Digest
        package var tier: Tier
        package var reason: String
        package var signers: [Signer]
        /// Codes of everything that stands against it.
        package var problems: [String]

        package init(
            digest: SHA256Digest, tier: Tier, reason: String, signers: [Signer],
            problems: [String]
        ) {
            self.digest = digest
            self.tier = tier
            self.reason = reason
            self.signers = signers
            self.problems = problems
        }
    }

    /// One of those who signed.
    package typealias Signer = BreakGlassRecorded.Signer

    package init(derived: Tier, former: FormerTier?, determination: Determination?) {
        self.derived = derived
        self.former = former
        self.determination = determination
    }

    /// The tier that holds, after every statement that the log has, in its order.
    ///
    /// A stricter tier restricts: the log's word is enough. A lower one counts as far as it was signed.
    package static func tier(
        derived: Tier, after statements: [(tier: Tier, counts: Bool)]
    ) -> Tier {
        statements.reduce(derived) { held, statement in
            statement.tier >= held || statement.counts ? max(derived, statement.tier) : held
        }
    }

    /// As a part of the facts document.
    package var json: JSON {
        .facts([
            "derived": derived.json, "signed": .bool(determination != nil),
            "former": former.map { ["version": .text($0.version), "tier": $0.tier.json] },
            "statement": determination.map { .hex($0.digest) },
            "determined": determination.map(\.tier.json),
            "reason": determination.map { .string($0.reason) },
            "signers": determination.map { determination in
                .array(
                    determination.signers.map {
                        ["principal": .text($0.principal), "role": .text($0.role)]
                    })
            },
            "problems": determination.map { .texts($0.problems) },
        ])
    }
}

// The signed statement by which a validator puts a version into a risk tier.
//
// An in-toto statement of type https://imprimatur.dev/predicate/tier-determination/v1 about the subject
// {"name":"credit/scorecard@3","digest":{"sha256":ARTIFACT}} with the predicate
//
//     {"origin":"example.com/log","model":"credit/scorecard@3","artifact":ARTIFACT,"card":CARD,
//      "policy":PACK,"derived":2,"tier":3,"reason":"…",
//      "signers":[{"principal":"p-…","role":"validator","assignment":DIGEST}, …],
//      "signedAt":…,"expiresAt":…}
//
// signed by every one of `signers`. `derived` is what the pack of the version's submission makes of its
// card; `tier`, which holds, is never lower. One validator who did not make the version is enough, unless
// the version was in a stricter tier before, or the one before it of the same model that somebody
// approved, or that was permitted, was: then the whole quorum of the stricter tier signs.
//
// A stricter tier restricts, so the log's word for it is enough; a lower one permits, so its statement is
// read again and judged at each gate.

package import CanonicalJSON
package import Cryptography

/// What a validator signed about a version's tier.
package struct TierDetermination: OfficerStatement {
    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/tier-determination/v1"
    /// Roles that can sign at all: those that are given by two people, and judge.
    package static let roles = Set(Role.allCases.filter(\.mayApprove))
    /// How many may sign.
    package static let signerCount = 1...20

    /// The log that the statement is for.
    package var origin: String
    package var version: VersionReference
    /// The version's artifact.
    package var artifact: SHA256Digest
    /// The version's card.
    package var card: SHA256Digest
    /// The pack that the tier is derived by: the one that the version was submitted under.
    package var policy: SHA256Digest
    /// What the pack makes of the card.
    package var derived: Tier
    /// The tier that holds.
    package var tier: Tier
    /// Why; in the log for ever, so without personal data.
    package var reason: String
    package var signers: [SigningOfficer]
    /// As claimed by the signers.
    package var signedAt: Timestamp
    /// Until when the log takes the statement; what it has taken holds.
    package var expiresAt: Timestamp

    package init(
        origin: String, version: VersionReference, artifact: SHA256Digest, card: SHA256Digest,
        policy: SHA256Digest, derived: Tier, tier: Tier, reason: String,
        signers: [SigningOfficer], signedAt: Timestamp, expiresAt: Timestamp
    ) {
        self.origin = origin
        self.version = version
        self.artifact = artifact
        self.card = card
        self.policy = policy
        self.derived = derived
        self.tier = tier
        self.reason = reason
        self.signers = signers
        self.signedAt = signedAt
        self.expiresAt = expiresAt
    }

    package var takenUntil: Timestamp? { expiresAt }

    package var predicate: JSON {
        [
            "origin": .string(origin), "model": .text(version), "artifact": .hex(artifact),
            "card": .hex(card), "policy": .hex(policy), "derived": derived.json,
            "tier": tier.json, "reason": .string(reason),
            "signers": .array(signers.map(\.json)), "signedAt": .text(signedAt),
            "expiresAt": .text(expiresAt),
        ]
    }

    package init?(predicate reader: JSONReader) {
        let origin = reader.origin()
        let version = reader.version()
        let artifact = reader.digest("artifact")
        let card = reader.digest("card")
        let policy = reader.digest("policy")
        let derived = PolicyPack.readTier(reader, "derived")
        let tier = PolicyPack.readTier(reader, "tier")
        let reason = reader.statedReason()
        let signers = reader.array("signers", count: Self.signerCount) { signer in
            signer.object { SigningOfficer.read($0, roles: Self.roles) }
        }
        let times = reader.signingTimes()
        guard let version, let artifact, let card, let policy, let derived, let tier, let times
        else { return nil }
        self.init(
            origin: origin, version: version, artifact: artifact, card: card, policy: policy,
            derived: derived, tier: tier, reason: reason, signers: signers,
            signedAt: times.signedAt, expiresAt: times.expiresAt)
    }
}

/// The tier that something was in before, and that cannot be left downwards by one person.
package struct FormerTier: Sendable, Hashable {
    /// The version that was in it.
    package let version: VersionReference
    package let tier: Tier

    package init(version: VersionReference, tier: Tier) {
        self.version = version
        self.tier = tier
    }
}

extension TierDetermination {
    /// What a determination is judged by.
    package struct Case: Sendable {
        package let card: SHA256Digest
        /// The pack that the version was submitted under; nil when it cannot be read.
        package let pack: PolicyPack?
        /// What that pack makes of the card.
        package let derived: Tier
        /// Everybody who made the version, with all who are the same person.
        package let authors: Set<PrincipalID>
        /// The strictest tier before; nil for none.
        package let former: FormerTier?

        package init(
            card: SHA256Digest, pack: PolicyPack?, derived: Tier, authors: Set<PrincipalID>,
            former: FormerTier?
        ) {
            self.card = card
            self.pack = pack
            self.derived = derived
            self.authors = authors
            self.former = former
        }
    }

    /// What stands against believing that the version belongs into the tier; empty when nothing does.
    package func problems(of judged: Case, in scene: OfficerScene) -> [JSONFinding] {
        var findings = problems(in: scene) + problems(ofAuthors: judged.authors, scene.chain)
        func find(_ member: String, _ code: String, _ message: String) {
            findings.append(.predicate(member, code, message))
        }
        if card != judged.card { find("card", "another-card", "The version has another card.") }
        if policy != judged.pack?.digest {
            find("policy", "another-policy", "The version was submitted under another pack.")
        }
        if derived != judged.derived {
            find(
                "derived", "another-derivation",
                "The pack makes tier \(judged.derived) of the card.")
        }
        if tier < max(derived, judged.derived) {
            find("tier", "below-derived", "A tier can be raised and not be lowered by signing.")
        }
        if !signers.contains(where: { $0.role == .validator }) {
            find("signers", "no-validator", "No validator has signed.")
        }
        if let former = judged.former, tier < former.tier {
            var roles: [String: Set<Role>] = [:]
            for signer in signers {
                let person = scene.chain.person(of: signer.principal)
                roles[person.description, default: []].insert(signer.role)
            }
            let places = judged.pack?.approvals[former.tier]?.places ?? []
            let quorum = Quorum(places: places, rolesByPerson: roles)
            if places.isEmpty || !quorum.isMet {
                let lacking = quorum.unfilled.map(\.rawValue).joined(separator: ", ")
                find(
                    "signers", "quorum",
                    "\(former.version) was in tier \(former.tier), whose whole quorum has to sign; "
                        + "nobody signed as: \(lacking).")
            }
        }
        return findings
    }
}

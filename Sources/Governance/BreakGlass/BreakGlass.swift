// The signed statement by which two people break the glass: in an emergency, what the pack lists as
// overridable does not deny, for one version in one environment, for hours.
//
// An in-toto statement of type https://imprimatur.dev/predicate/break-glass/v1 about the subject
// {"name":"credit/scorecard@3","digest":{"sha256":ARTIFACT}} with the predicate
//
//     {"origin":"example.com/log","model":"credit/scorecard@3","artifact":ARTIFACT,
//      "environment":"production","policy":PACK,"incident":"INC-2041","reason":"…",
//      "signers":[{"principal":"p-…","role":"risk-officer","assignment":DIGEST},
//                 {"principal":"p-…","role":"compliance-officer","assignment":DIGEST}],
//      "signedAt":…,"expiresAt":…}
//
// signed by both: two persons in roles that the pack names, neither of whom made the version. It ends by
// itself, as soon after signing as the pack says at the latest, and what it permitted ends with it.

package import CanonicalJSON
package import Cryptography

/// What two people signed in an emergency.
package struct BreakGlass: OfficerStatement {
    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/break-glass/v1"
    /// Roles that can sign at all: those that are given by two people, and judge.
    package static let roles = Set(Role.allCases.filter(\.mayApprove))

    /// The log that the statement is for.
    package var origin: String
    package var version: VersionReference
    /// The version's artifact: no other bytes.
    package var artifact: SHA256Digest
    /// No other environment.
    package var environment: EnvironmentName
    /// The pack whose rules are overridden.
    package var policy: SHA256Digest
    /// What the emergency is called elsewhere.
    package var incident: String
    /// Why; in the log for ever, so without personal data.
    package var reason: String
    /// The two.
    package var signers: [SigningOfficer]
    package var signedAt: Timestamp
    /// From when on the rules deny again.
    package var expiresAt: Timestamp

    package init(
        origin: String, version: VersionReference, artifact: SHA256Digest,
        environment: EnvironmentName, policy: SHA256Digest, incident: String, reason: String,
        signers: [SigningOfficer], signedAt: Timestamp, expiresAt: Timestamp
    ) {
        self.origin = origin
        self.version = version
        self.artifact = artifact
        self.environment = environment
        self.policy = policy
        self.incident = incident
        self.reason = reason
        self.signers = signers
        self.signedAt = signedAt
        self.expiresAt = expiresAt
    }

    package var takenUntil: Timestamp? { expiresAt }

    package var predicate: JSON {
        [
            "origin": .string(origin), "model": .text(version), "artifact": .hex(artifact),
            "environment": .text(environment), "policy": .hex(policy),
            "incident": .string(incident), "reason": .string(reason),
            "signers": .array(signers.map(\.json)), "signedAt": .text(signedAt),
            "expiresAt": .text(expiresAt),
        ]
    }

    package init?(predicate reader: JSONReader) {
        let origin = reader.origin()
        let version = reader.version()
        let artifact = reader.digest("artifact")
        let environment = reader.parsed("environment", as: "the name of an environment") {
            EnvironmentName($0)
        }
        let policy = reader.digest("policy")
        let incident = reader.string("incident", length: 1...200)
        let reason = reader.statedReason()
        let signers = reader.array("signers", count: 2...2) { signer in
            signer.object { SigningOfficer.read($0, roles: Self.roles) }
        }
        let times = reader.signingTimes()
        guard let version, let artifact, let environment, let policy, let times else { return nil }
        self.init(
            origin: origin, version: version, artifact: artifact, environment: environment,
            policy: policy, incident: incident, reason: reason, signers: signers,
            signedAt: times.signedAt, expiresAt: times.expiresAt)
    }

    /// What stands against believing it; empty when nothing does.
    ///
    /// - Parameters:
    ///   - pack: the pack that decides.
    ///   - tier: the version's.
    ///   - authors: everybody who made the version, with all who are the same person.
    ///   - earlier: what was recorded for the model before, in the order of the log.
    package func problems(
        under pack: PolicyPack, tier: Tier, authors: Set<PrincipalID>,
        after earlier: [RestrictiveFold.Taken<BreakGlassRecorded>], in scene: OfficerScene
    ) -> [JSONFinding] {
        var findings = problems(in: scene) + problems(ofAuthors: authors, scene.chain)
        func find(_ member: String, _ code: String, _ message: String) {
            findings.append(.predicate(member, code, message))
        }
        let people = Set(signers.map { scene.chain.person(of: $0.principal) })
        if people.count < 2 {
            find(
                "signers", BreakGlassProblem.onePerson.rawValue,
                "It takes two persons to break the glass.")
        }
        if policy != pack.digest {
            find(
                "policy", BreakGlassProblem.anotherPolicy.rawValue,
                "The statement is about another pack.")
        }
        guard let rules = pack.breakGlass else {
            find(
                "policy", BreakGlassProblem.noBreakGlass.rawValue,
                "The policy pack in force has no break-glass.")
            return findings
        }
        if !rules.reaches(tier) {
            find(
                "policy", BreakGlassProblem.tierTooHigh.rawValue,
                "The pack lets nobody do this in tier \(tier).")
        }
        for signer in signers where !rules.roles.contains(signer.role) {
            find(
                "signers", BreakGlassProblem.roleNotNamed.rawValue,
                "The pack does not let a \(signer.role) do this.")
        }
        if expiresAt > signedAt.adding(seconds: rules.maximumHours * 3_600) {
            find(
                "expiresAt", BreakGlassProblem.tooLong.rawValue,
                "The pack allows \(rules.maximumHours) hours at a time.")
        }
        let quarter = scene.now.quarter
        let inQuarter = earlier.filter { $0.at.quarter == quarter }
        let used = inQuarter.reduce(expiresAt.milliseconds(since: scene.now)) {
            $0 + $1.event.expiresAt.milliseconds(since: $1.at)
        }
        if used > rules.budgetHours * 3_600_000 {
            find(
                "expiresAt", BreakGlassProblem.budget.rawValue,
                "The pack allows \(rules.budgetHours) hours for a model in a quarter; with this it "
                    + "would be \((used + 3_599_999) / 3_600_000).")
        }
        let isRepeated = inQuarter.contains { taken in
            Set(taken.event.signers.map { scene.chain.person(of: $0.principal) }) == people
        }
        if isRepeated {
            find(
                "signers", BreakGlassProblem.samePair.rawValue,
                "These two have broken the glass for the model in \(quarter) already.")
        }
        return findings
    }
}

extension Timestamp {
    /// The calendar quarter in UTC, such as `2026-Q4`.
    package var quarter: String {
        let text = description
        let month = Int(text.dropFirst(5).prefix(2)) ?? 1
        return "\(text.prefix(4))-Q\((month + 2) / 3)"
    }
}

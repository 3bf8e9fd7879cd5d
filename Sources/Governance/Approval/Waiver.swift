// The signed statement by which somebody whom the pack names sets one of its rules aside for a version.
//
// An in-toto statement of type https://imprimatur.dev/predicate/waiver/v1 about the subject
// {"name":"credit/scorecard@3","digest":{"sha256":ARTIFACT}} with the predicate
//
//     {"origin":"example.com/log","model":"credit/scorecard@3","artifact":ARTIFACT,"rule":"DEP-303",
//      "policy":PACK,"reason":"…","signer":{"principal":"p-…","role":"risk-officer","assignment":DIGEST},
//      "signedAt":…,"expiresAt":…}
//
// It holds for this version, this rule of this very pack, and thirty days at most. The rule must be one
// that the pack calls waivable, and the signer's role one that the pack lets waive it; what belongs to the
// floor cannot be waived by anybody.

package import CanonicalJSON
package import Cryptography

/// What somebody signed about setting a rule aside.
package struct Waiver: OfficerStatement {
    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/waiver/v1"
    /// Roles that can waive anything at all: those that are given by two people, and judge.
    package static let roles = Set(Role.allCases.filter { $0.mayApprove || $0 == .privacyOfficer })

    /// The log that the statement is for.
    package var origin: String
    package var version: VersionReference
    /// The version's artifact.
    package var artifact: SHA256Digest
    /// The rule that is set aside.
    package var rule: String
    /// The pack whose rule it is.
    package var policy: SHA256Digest
    /// Why; in the log for ever, so without personal data.
    package var reason: String
    package var signer: SigningOfficer
    package var signedAt: Timestamp
    /// From when on the rule denies again.
    package var expiresAt: Timestamp

    package init(
        origin: String, version: VersionReference, artifact: SHA256Digest, rule: String,
        policy: SHA256Digest, reason: String, signer: SigningOfficer, signedAt: Timestamp,
        expiresAt: Timestamp
    ) {
        self.origin = origin
        self.version = version
        self.artifact = artifact
        self.rule = rule
        self.policy = policy
        self.reason = reason
        self.signer = signer
        self.signedAt = signedAt
        self.expiresAt = expiresAt
    }

    package var signers: [SigningOfficer] { [signer] }
    package var takenUntil: Timestamp? { expiresAt }

    package var predicate: JSON {
        [
            "origin": .string(origin), "model": .text(version), "artifact": .hex(artifact),
            "rule": .string(rule), "policy": .hex(policy), "reason": .string(reason),
            "signer": signer.json, "signedAt": .text(signedAt), "expiresAt": .text(expiresAt),
        ]
    }

    package init?(predicate reader: JSONReader) {
        let origin = reader.origin()
        let version = reader.version()
        let artifact = reader.digest("artifact")
        let rule = reader.parsed("rule", as: "three capitals, a hyphen and three digits") {
            Rule.isIdentifier($0) ? $0 : nil
        }
        let policy = reader.digest("policy")
        let reason = reader.statedReason()
        let signer = reader.officer(of: Self.roles)
        let times = reader.signingTimes()
        guard let version, let artifact, let rule, let policy, let signer, let times else {
            return nil
        }
        self.init(
            origin: origin, version: version, artifact: artifact, rule: rule, policy: policy,
            reason: reason, signer: signer, signedAt: times.signedAt, expiresAt: times.expiresAt)
    }

    /// What stands against believing that somebody entitled waives the rule; empty when nothing does.
    ///
    /// - Parameters:
    ///   - pack: the pack that decides.
    ///   - authors: everybody who made the version, with all who are the same person.
    package func problems(
        under pack: PolicyPack, authors: Set<PrincipalID>, in scene: OfficerScene
    ) -> [JSONFinding] {
        var findings = problems(in: scene) + problems(ofAuthors: authors, scene.chain)
        if let problem = pack.problem(withWaiving: rule, of: policy, by: signer.role) {
            findings.append(.predicate("rule", problem.rawValue, problem.sentence(rule)))
        }
        return findings
    }
}

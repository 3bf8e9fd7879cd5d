// What all statements have in common by which officers say something about a version: they are for one
// log, about one version and its bytes, and count if whoever they name signed them and held the role then.
//
//     {"origin":"example.com/log","model":"credit/scorecard@3","artifact":DIGEST, …,
//      "signer":{"principal":"p-…","role":"validator","assignment":DIGEST},"signedAt":…}
//
// A statement that looks at the whole state of a version has `digests` in the place of `artifact`, one of
// several people has `signers`, one that can be used up to a moment has `expiresAt`.

package import Attestation
package import CanonicalJSON
package import Cryptography

/// What officers signed about a version.
package protocol OfficerStatement: PredicateStatement {
    /// The log that the statement is for.
    var origin: String { get }
    /// The version that it is about.
    var version: VersionReference { get }
    /// The version's artifact.
    var artifact: SHA256Digest { get }
    /// Everybody who signs.
    var signers: [SigningOfficer] { get }
    /// As the signers claim.
    var signedAt: Timestamp { get }
    /// After which it is no longer taken; nil for a statement that does not say.
    var takenUntil: Timestamp? { get }
}

extension OfficerStatement {
    package var takenUntil: Timestamp? { nil }

    package var statementSubject: Statement.Subject {
        Statement.Subject(name: version.description, sha256: artifact)
    }
}

/// What a statement of officers is judged against.
package struct OfficerScene: Sendable {
    /// The log's origin.
    package let origin: String
    /// The bytes of the version that the statement has to be about.
    package let artifact: SHA256Digest
    /// The keys whose signatures hold.
    package let keys: Set<KeyID>
    package let chain: TrustChain
    /// When the log took the statement, or takes it.
    package let now: Timestamp

    package init(
        origin: String, artifact: SHA256Digest, keys: Set<KeyID>, chain: TrustChain,
        now: Timestamp
    ) {
        self.origin = origin
        self.artifact = artifact
        self.keys = keys
        self.chain = chain
        self.now = now
    }
}

extension OfficerStatement {
    /// What stands against the statement, whatever it says; empty when nothing does.
    package func problems(in scene: OfficerScene) -> [JSONFinding] {
        var findings: [JSONFinding] = []
        if origin != scene.origin {
            findings.append(
                .predicate(
                    "origin", TrustProblem.wrongOrigin.rawValue,
                    "The statement is for another log."))
        }
        if artifact != scene.artifact {
            findings.append(
                .predicate("artifact", "another-artifact", "The version has other bytes."))
        }
        if let takenUntil {
            timeProblem(signedAt, takenUntil, at: scene.now).map { findings.append($0) }
        } else if scene.now.adding(milliseconds: signerSkewMilliseconds) < signedAt {
            findings.append(
                .predicate(
                    "signedAt", TrustProblem.notValidThen.rawValue, "It was signed in the future."))
        }
        for signer in signers {
            findings += signer.problems(
                in: version.model.namespace, keys: scene.keys, chain: scene.chain, at: scene.now)
        }
        return findings
    }

    /// What stands against signers who made the version themselves.
    func problems(ofAuthors authors: Set<PrincipalID>, _ chain: TrustChain) -> [JSONFinding] {
        signers.map(\.principal)
            .filter { !authors.isDisjoint(with: chain.linked(to: $0)) }
            .map { .predicate("signer", "is-author", "\($0) made the version.") }
    }
}

extension SigningOfficer {
    /// What stands against an officer's signature.
    func problems(
        in namespace: Namespace, keys: Set<KeyID>, chain: TrustChain, at now: Timestamp
    ) -> [JSONFinding] {
        chain.entitlement(
            of: principal, signers: keys, role: role, namespace: namespace,
            assignment: assignment, at: now
        ).problems.map {
            .predicate("signer", $0.rawValue, "\(principal) as \(role): \($0.sentence)")
        }
    }
}

extension JSONFinding {
    /// A finding at a member of a statement's predicate.
    static func predicate(_ member: String, _ code: String, _ message: String) -> JSONFinding {
        JSONFinding(JSONPointer(["predicate"]).appending(member), code, message)
    }
}

extension JSONReader {
    /// The version that a statement is about.
    func version() -> VersionReference? {
        parsed("model", as: "namespace/name@number") { VersionReference($0) }
    }

    /// Why something is stated; in the log for ever, so without personal data.
    func statedReason() -> String { string("reason", length: 1...2_000) }

    /// The one who signs, in one of some roles.
    func officer(of roles: Set<Role>) -> SigningOfficer? {
        object("signer") { SigningOfficer.read($0, roles: roles) }
    }
}

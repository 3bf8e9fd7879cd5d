// The signed statement by which the approvers of a version lift its suspension.
//
// An in-toto statement of type https://imprimatur.dev/predicate/suspension-lift/v1 about the subject
// {"name":"credit/scorecard@3","digest":{"sha256":ARTIFACT}} with the predicate
//
//     {"origin":"example.com/log","model":"credit/scorecard@3","restriction":"s-…","reason":"…",
//      "digests":{"card":…,"artifact":…,"evidence":…,"policy":…},
//      "signers":[{"principal":"p-…","role":"validator","assignment":DIGEST}, …],
//      "signedAt":…,"expiresAt":…}
//
// signed by every one of `signers`. To suspend takes one person and no signature; to lift takes what to
// approve takes: distinct persons in every role of the tier's quorum, none of them an author, entitled
// when the log takes the statement, over the state that the version then has. A statement is about one
// suspension by its id: what was signed for one lifts no later one.

package import Attestation
package import CanonicalJSON
package import Cryptography

/// What the approvers signed about ending a suspension.
package struct SuspensionLift: Sendable, Hashable {
    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/suspension-lift/v1"
    /// How long a statement can wait for its last signature, in days.
    package static let longestDays: Int64 = 30

    /// One of those who sign.
    package struct Signer: Sendable, Hashable {
        package var principal: PrincipalID
        package var role: Role
        /// Digest of the role assignment's payload.
        package var assignment: SHA256Digest

        package init(principal: PrincipalID, role: Role, assignment: SHA256Digest) {
            self.principal = principal
            self.role = role
            self.assignment = assignment
        }
    }

    /// The log that the statement is for.
    package var origin: String
    package var version: VersionReference
    /// The suspension's id.
    package var restriction: String
    /// Why; in the log for ever, so without personal data.
    package var reason: String
    /// The state that the signers looked at.
    package var digests: SignedDigests
    package var signers: [Signer]
    /// As claimed by the signers.
    package var signedAt: Timestamp
    package var expiresAt: Timestamp

    package init(
        origin: String, version: VersionReference, restriction: String, reason: String,
        digests: SignedDigests, signers: [Signer], signedAt: Timestamp, expiresAt: Timestamp
    ) {
        self.origin = origin
        self.version = version
        self.restriction = restriction
        self.reason = reason
        self.digests = digests
        self.signers = signers
        self.signedAt = signedAt
        self.expiresAt = expiresAt
    }

    /// The statement to sign.
    package var statement: Statement {
        let signers = signers.map { signer -> JSON in
            [
                "principal": .text(signer.principal), "role": .text(signer.role),
                "assignment": .hex(signer.assignment),
            ]
        }
        return Statement(
            subjects: [.init(name: version.description, sha256: digests.artifact)],
            predicateType: Self.predicateType,
            predicate: [
                "origin": .string(origin), "model": .text(version),
                "restriction": .string(restriction), "reason": .string(reason),
                "digests": digests.json, "signers": .array(signers),
                "signedAt": .text(signedAt), "expiresAt": .text(expiresAt),
            ])
    }

    /// Reads a statement; throws every finding.
    package init(reading statement: Statement) throws(JSONFindings) {
        self = try statement.readPredicate(
            Self.predicateType, subject: { ($0.version.description, $0.digests.artifact) },
            Self.init(predicate:))
    }

    private init?(predicate reader: JSONReader) {
        let origin = reader.origin()
        let version = reader.parsed("model", as: "namespace/name@number") { VersionReference($0) }
        let restriction = reader.string("restriction", length: 1...100)
        let reason = reader.string("reason", length: 1...2_000)
        let digests = reader.object("digests", SignedDigests.init(reading:))
        let signers = reader.array("signers", count: 1...20) { signer in
            signer.object { signer -> Signer? in
                let principal = signer.principal("principal")
                let role = signer.choice("role", of: Role.self)
                let assignment = signer.digest("assignment")
                guard let principal, let role, let assignment else { return nil }
                return Signer(principal: principal, role: role, assignment: assignment)
            }
        }
        let signedAt = reader.time("signedAt")
        let expiresAt = reader.time("expiresAt")
        guard let version, let digests, let signedAt, let expiresAt else { return nil }
        if expiresAt <= signedAt
            || expiresAt > signedAt.adding(seconds: Self.longestDays * 86_400)
        {
            reader.refuse(
                "expiresAt", JSONFinding.Code.range,
                "The end must lie after signedAt, by \(Self.longestDays) days at most.")
        }
        self.init(
            origin: origin, version: version, restriction: restriction, reason: reason,
            digests: digests, signers: signers, signedAt: signedAt, expiresAt: expiresAt)
    }
}

extension SuspensionLift {
    /// What a lift is judged by.
    package struct Case: Sendable {
        /// The log's origin.
        package let origin: String
        /// The present state of the version.
        package let digests: SignedDigests
        /// Everybody who made the version, with all who are the same person.
        package let authors: Set<PrincipalID>
        /// The places of the tier's quorum.
        package let places: [Role]

        package init(
            origin: String, digests: SignedDigests, authors: Set<PrincipalID>, places: [Role]
        ) {
            self.origin = origin
            self.digests = digests
            self.authors = authors
            self.places = places
        }
    }

    /// How far a signer's clock may be ahead of the service's, in seconds.
    private static let skewSeconds: Int64 = 60

    /// What stands against believing the lift of a suspension; empty when it ends it.
    ///
    /// - Parameters:
    ///   - keys: the keys whose signatures hold.
    ///   - now: when the log took the statement, or takes it.
    package func problems(
        of version: VersionReference, restriction: String, keys: Set<KeyID>, chain: TrustChain,
        _ judged: Case, at now: Timestamp
    ) -> [JSONFinding] {
        var findings: [JSONFinding] = []
        func find(_ name: String, _ code: String, _ message: String) {
            findings.append(
                JSONFinding(JSONPointer(["predicate"]).appending(name), code, message))
        }
        if origin != judged.origin {
            find("origin", TrustProblem.wrongOrigin.rawValue, "The statement is for another log.")
        }
        if self.version != version || self.restriction != restriction {
            find("restriction", "another-suspension", "The statement is about another suspension.")
        }
        if digests != judged.digests {
            find("digests", "another-state", "The version is in another state than was signed for.")
        }
        if now > expiresAt || now.adding(seconds: Self.skewSeconds) < signedAt {
            find(
                "expiresAt", TrustProblem.notValidThen.rawValue,
                "The statement holds from \(signedAt) to \(expiresAt); now is \(now).")
        }
        var roles: [String: Set<Role>] = [:]
        for signer in signers {
            let entitlement = chain.entitlement(
                of: signer.principal, signers: keys, role: signer.role,
                namespace: version.model.namespace, assignment: signer.assignment, at: now)
            for problem in entitlement.problems {
                find("signers", problem.rawValue, "\(signer.principal): \(problem.rawValue)")
            }
            if judged.authors.contains(entitlement.person)
                || !judged.authors.isDisjoint(with: chain.linked(to: signer.principal))
            {
                find("signers", "is-author", "\(signer.principal) made the version.")
            }
            roles[entitlement.person.description, default: []].insert(signer.role)
        }
        let quorum = Quorum(places: judged.places, rolesByPerson: roles)
        if judged.places.isEmpty || !quorum.isMet {
            let lacking = quorum.unfilled.map(\.rawValue).joined(separator: ", ")
            find("signers", "quorum", "Nobody signed as: \(lacking).")
        }
        return findings
    }
}

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

package import CanonicalJSON
package import Cryptography

/// What the approvers signed about ending a suspension.
package struct SuspensionLift: OfficerStatement {
    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/suspension-lift/v1"
    /// One of those who sign.
    package typealias Signer = SigningOfficer

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

    package var artifact: SHA256Digest { digests.artifact }
    package var takenUntil: Timestamp? { expiresAt }

    package var predicate: JSON {
        [
            "origin": .string(origin), "model": .text(version),
            "restriction": .string(restriction), "reason": .string(reason),
            "digests": digests.json, "signers": .array(signers.map(\.json)),
            "signedAt": .text(signedAt), "expiresAt": .text(expiresAt),
        ]
    }

    package init?(predicate reader: JSONReader) {
        let origin = reader.origin()
        let version = reader.version()
        let restriction = reader.string("restriction", length: 1...100)
        let reason = reader.statedReason()
        let digests = reader.object("digests", SignedDigests.init(reading:))
        let signers = reader.array("signers", count: 1...20) { signer in
            signer.object { SigningOfficer.read($0, roles: Set(Role.allCases)) }
        }
        let times = reader.signingTimes()
        guard let version, let digests, let times else { return nil }
        self.init(
            origin: origin, version: version, restriction: restriction, reason: reason,
            digests: digests, signers: signers, signedAt: times.signedAt,
            expiresAt: times.expiresAt)
    }
}

extension SuspensionLift {
    /// What a lift is judged by.
    package struct Case: Sendable {
        /// The present state of the version.
        package let digests: SignedDigests
        /// Everybody who made the version, with all who are the same person.
        package let authors: Set<PrincipalID>
        /// The places of the tier's quorum.
        package let places: [Role]

        package init(
            digests: SignedDigests, authors: Set<PrincipalID>, places: [Role]
        ) {
            self.digests = digests
            self.authors = authors
            self.places = places
        }
    }

    /// What stands against believing the lift of a suspension; empty when it ends it.
    package func problems(
        of version: VersionReference, restriction: String, _ judged: Case, in scene: OfficerScene
    ) -> [JSONFinding] {
        var findings = problems(in: scene)
        func find(_ name: String, _ code: String, _ message: String) {
            findings.append(.predicate(name, code, message))
        }
        if self.version != version || self.restriction != restriction {
            find("restriction", "another-suspension", "The statement is about another suspension.")
        }
        if digests != judged.digests {
            find("digests", "another-state", "The version is in another state than was signed for.")
        }
        findings += problems(ofAuthors: judged.authors, scene.chain)
        var roles: [String: Set<Role>] = [:]
        for signer in signers {
            let person = scene.chain.person(of: signer.principal)
            roles[person.description, default: []].insert(signer.role)
        }
        let quorum = Quorum(places: judged.places, rolesByPerson: roles)
        if judged.places.isEmpty || !quorum.isMet {
            let lacking = quorum.unfilled.map(\.rawValue).joined(separator: ", ")
            find("signers", "quorum", "Nobody signed as: \(lacking).")
        }
        return findings
    }
}

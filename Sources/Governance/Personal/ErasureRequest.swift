// The signed statement by which two officers ask that a subject's personal data be erased.
//
// An in-toto statement of type https://imprimatur.dev/predicate/erasure-request/v1 about the subject
// {"name":"personal:<subject>","digest":{"sha256":SHA-256 of <subject>}} with the predicate
//
//     {"origin":"example.com/log","subject":"p-…" or "card/credit/scorecard@3","reason":"…",
//      "privacyOfficer":{"principal":"p-…","role":"privacy-officer","assignment":DIGEST},
//      "complianceOfficer":{"principal":"p-…","role":"compliance-officer","assignment":DIGEST},
//      "signedAt":…,"expiresAt":…}
//
// It is one statement with two signatures, not two statements: then both have signed the same words,
// subject, reason and each other's part in it, and nothing has to be matched afterwards. The two must
// be different persons, neither of them the subject or linked to it. Their assignments must cover every
// namespace in which the subject ever held a role (a principal), or the model's namespace (a card).

package import Attestation
package import CanonicalJSON
package import Cryptography

/// What two officers signed about erasing a subject.
package struct ErasureRequest: PredicateStatement {
    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/erasure-request/v1"

    /// The log that the statement is for.
    package var origin: String
    package var subject: PersonalSubject
    /// Why; in the log for ever, so without personal data.
    package var reason: String
    package var privacyOfficer: SigningOfficer
    package var complianceOfficer: SigningOfficer
    /// As claimed by the signers.
    package var signedAt: Timestamp
    package var expiresAt: Timestamp

    package init(
        origin: String, subject: PersonalSubject, reason: String, privacyOfficer: SigningOfficer,
        complianceOfficer: SigningOfficer, signedAt: Timestamp, expiresAt: Timestamp
    ) {
        self.origin = origin
        self.subject = subject
        self.reason = reason
        self.privacyOfficer = privacyOfficer
        self.complianceOfficer = complianceOfficer
        self.signedAt = signedAt
        self.expiresAt = expiresAt
    }

    package var statementSubject: Statement.Subject {
        subject.statementSubject
    }

    package var predicate: JSON {
        [
            "origin": .string(origin), "subject": .text(subject), "reason": .string(reason),
            "privacyOfficer": privacyOfficer.json, "complianceOfficer": complianceOfficer.json,
            "signedAt": .text(signedAt), "expiresAt": .text(expiresAt),
        ]
    }

    package init?(predicate reader: JSONReader) {
        let origin = reader.origin()
        let subject = reader.parsed("subject", as: "p-… or card/ns/name@n") { PersonalSubject($0) }
        let reason = reader.string("reason", length: 1...2_000)
        let privacy = reader.object("privacyOfficer") {
            SigningOfficer.read($0, roles: [.privacyOfficer])
        }
        let compliance = reader.object("complianceOfficer") {
            SigningOfficer.read($0, roles: [.complianceOfficer])
        }
        let times = reader.signingTimes()
        guard let subject, let privacy, let compliance, let times else { return nil }
        self.init(
            origin: origin, subject: subject, reason: reason, privacyOfficer: privacy,
            complianceOfficer: compliance, signedAt: times.signedAt, expiresAt: times.expiresAt)
    }

    /// What stands against believing the request; empty when both officers have signed it and may.
    ///
    /// - Parameters:
    ///   - signers: every key whose signature over the statement holds.
    ///   - people: whom the personal data is about or came from; neither officer may be among them.
    ///   - origin: this log.
    ///   - now: when the log takes the statement.
    package func problems(
        signers: Set<KeyID>, chain: TrustChain, people: Set<PrincipalID>, origin: String,
        at now: Timestamp
    ) -> [JSONFinding] {
        let place = JSONPointer(["predicate"])
        var findings: [JSONFinding] = []
        if self.origin != origin {
            findings.append(
                JSONFinding(
                    place.appending("origin"), TrustProblem.wrongOrigin.rawValue,
                    TrustProblem.wrongOrigin.sentence))
        }
        if let late = timeProblem(signedAt, expiresAt, at: now) { findings.append(late) }
        let patterns: [NamespacePattern] =
            switch subject {
            case .principal(let principal): chain.patternsEverHeld(by: principal)
            case .card(let version): [NamespacePattern(exactly: version.model.namespace)]
            }
        findings += chain.problems(
            of: .init(name: "privacyOfficer", officer: privacyOfficer, patterns: patterns),
            .init(name: "complianceOfficer", officer: complianceOfficer, patterns: patterns),
            signers: signers, people: people,
            concerned: ("is-subject", "The officer is the subject, or linked to it."), at: now)
        return findings
    }
}

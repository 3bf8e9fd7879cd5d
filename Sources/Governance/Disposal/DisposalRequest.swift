// The signed statement by which two officers ask that documents of a version be disposed of.
//
// An in-toto statement of type https://imprimatur.dev/predicate/disposal-request/v1 about the subject
// {"name":"disposal:credit/scorecard@3","digest":{"sha256":SHA-256 of "credit/scorecard@3"}} with the
// predicate
//
//     {"origin":"example.com/log","version":"credit/scorecard@3","list":DIGEST,"reason":"…",
//      "complianceOfficer":{"principal":"p-…","role":"compliance-officer","assignment":DIGEST},
//      "secondOfficer":{"principal":"p-…","role":ROLE,"assignment":DIGEST},
//      "signedAt":…,"expiresAt":…}
//
// `list` is the digest of the DisposalList: both have signed exactly what goes, and nothing else does.
// ROLE is compliance-officer, risk-officer or privacy-officer. The two are different persons, each with
// an assignment that covers the model's namespace, and neither of them submitted the version.

package import Attestation
package import CanonicalJSON
package import Cryptography

/// What two officers signed about disposing of a version's documents.
package struct DisposalRequest: PredicateStatement {
    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/disposal-request/v1"
    /// Roles of the second officer.
    package static let secondRoles: Set<Role> = [.complianceOfficer, .riskOfficer, .privacyOfficer]

    /// The log that the statement is for.
    package var origin: String
    package var version: VersionReference
    /// Digest of the list of documents.
    package var list: SHA256Digest
    /// Why; in the log for ever, so without personal data.
    package var reason: String
    package var complianceOfficer: SigningOfficer
    package var secondOfficer: SigningOfficer
    /// As claimed by the signers.
    package var signedAt: Timestamp
    package var expiresAt: Timestamp

    package init(
        origin: String, version: VersionReference, list: SHA256Digest, reason: String,
        complianceOfficer: SigningOfficer, secondOfficer: SigningOfficer, signedAt: Timestamp,
        expiresAt: Timestamp
    ) {
        self.origin = origin
        self.version = version
        self.list = list
        self.reason = reason
        self.complianceOfficer = complianceOfficer
        self.secondOfficer = secondOfficer
        self.signedAt = signedAt
        self.expiresAt = expiresAt
    }

    package var statementSubject: Statement.Subject {
        Statement.Subject(kind: "disposal", version)
    }

    package var predicate: JSON {
        [
            "origin": .string(origin), "version": .text(version), "list": .digest(list),
            "reason": .string(reason), "complianceOfficer": complianceOfficer.json,
            "secondOfficer": secondOfficer.json, "signedAt": .text(signedAt),
            "expiresAt": .text(expiresAt),
        ]
    }

    package init?(predicate reader: JSONReader) {
        let origin = reader.origin()
        let version = reader.parsed("version", as: "ns/name@n") { VersionReference($0) }
        let list = reader.digest("list")
        let reason = reader.string("reason", length: 1...2_000)
        let compliance = reader.object("complianceOfficer") {
            SigningOfficer.read($0, roles: [.complianceOfficer])
        }
        let second = reader.object("secondOfficer") {
            SigningOfficer.read($0, roles: Self.secondRoles)
        }
        let times = reader.signingTimes()
        guard let version, let list, let compliance, let second, let times else { return nil }
        self.init(
            origin: origin, version: version, list: list, reason: reason,
            complianceOfficer: compliance, secondOfficer: second, signedAt: times.signedAt,
            expiresAt: times.expiresAt)
    }

    /// What stands against believing the request; empty when both officers have signed it and may.
    ///
    /// - Parameters:
    ///   - signers: every key whose signature over the statement holds.
    ///   - submitters: who submitted the version; neither officer may be among them.
    ///   - origin: this log.
    ///   - now: when the log takes the statement.
    package func problems(
        signers: Set<KeyID>, chain: TrustChain, submitters: Set<PrincipalID>, origin: String,
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
        let patterns = [NamespacePattern(exactly: version.model.namespace)]
        findings += chain.problems(
            of: .init(name: "complianceOfficer", officer: complianceOfficer, patterns: patterns),
            .init(name: "secondOfficer", officer: secondOfficer, patterns: patterns),
            signers: signers, people: submitters,
            concerned: (
                "is-submitter", "The officer submitted the version, or is linked to who did."
            ), at: now)
        return findings
    }
}

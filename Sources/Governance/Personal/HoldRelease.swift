// The signed statement by which two people release a hold, one of them from outside the namespace.
//
// An in-toto statement of type https://imprimatur.dev/predicate/hold-release/v1 about the subject
// {"name":"hold:<id>","digest":{"sha256":SHA-256 of <id>}} with the predicate
//
//     {"origin":"example.com/log","hold":"h-…","scope":"version/credit/scorecard@3",
//      "namespace":"credit","reason":"…",
//      "inside":{"principal":"p-…","role":"compliance-officer","assignment":DIGEST},
//      "outside":{"principal":"p-…","role":"risk-officer","assignment":DIGEST},
//      "signedAt":…,"expiresAt":…}
//
// `inside` is a compliance officer of the namespace in which the hold was placed. `outside` is a
// compliance, risk or privacy officer somewhere, who holds no role that reaches into that namespace:
// whoever answers for the namespace's models cannot alone decide that evidence about them may go.

package import Attestation
package import CanonicalJSON
package import Cryptography

/// What two people signed about ending a hold.
package struct HoldRelease: PredicateStatement {
    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/hold-release/v1"
    /// In which roles somebody from outside can sign.
    package static let outsideRoles: Set<Role> = [
        .complianceOfficer, .riskOfficer, .privacyOfficer,
    ]

    /// The log that the statement is for.
    package var origin: String
    /// The hold's id.
    package var hold: String
    package var scope: HoldScope
    package var namespace: Namespace
    /// Why; in the log for ever, so without personal data.
    package var reason: String
    package var inside: SigningOfficer
    package var outside: SigningOfficer
    /// As claimed by the signers.
    package var signedAt: Timestamp
    package var expiresAt: Timestamp

    package init(
        origin: String, hold: String, scope: HoldScope, namespace: Namespace, reason: String,
        inside: SigningOfficer, outside: SigningOfficer, signedAt: Timestamp, expiresAt: Timestamp
    ) {
        self.origin = origin
        self.hold = hold
        self.scope = scope
        self.namespace = namespace
        self.reason = reason
        self.inside = inside
        self.outside = outside
        self.signedAt = signedAt
        self.expiresAt = expiresAt
    }

    package var statementSubject: Statement.Subject {
        Statement.Subject(kind: "hold", hold)
    }

    package var predicate: JSON {
        [
            "origin": .string(origin), "hold": .string(hold), "scope": .text(scope),
            "namespace": .text(namespace), "reason": .string(reason), "inside": inside.json,
            "outside": outside.json, "signedAt": .text(signedAt), "expiresAt": .text(expiresAt),
        ]
    }

    package init?(predicate reader: JSONReader) {
        let origin = reader.origin()
        let hold = reader.parsed("hold", as: "the id of a hold") {
            NameSegment.isValid($0) ? $0 : nil
        }
        let scope = reader.parsed("scope", as: "principal/p-… or version/ns/name@n") {
            HoldScope($0)
        }
        let namespace = reader.parsed("namespace", as: "a namespace") { Namespace($0) }
        let reason = reader.string("reason", length: 1...2_000)
        let inside = reader.object("inside") {
            SigningOfficer.read($0, roles: [.complianceOfficer])
        }
        let outside = reader.object("outside") {
            SigningOfficer.read($0, roles: Self.outsideRoles)
        }
        let times = reader.signingTimes()
        guard let hold, let scope, let namespace, let inside, let outside, let times else {
            return nil
        }
        self.init(
            origin: origin, hold: hold, scope: scope, namespace: namespace, reason: reason,
            inside: inside, outside: outside, signedAt: times.signedAt, expiresAt: times.expiresAt)
    }

    /// What stands against believing the release of a hold; empty when it ends it.
    ///
    /// - Parameters:
    ///   - placed: the hold, by the log.
    ///   - people: whom the hold concerns; neither signer may be among them.
    ///   - now: when the log took the statement, or takes it.
    package func problems(
        of placed: HoldPlaced, signers: Set<KeyID>, chain: TrustChain, people: Set<PrincipalID>,
        origin: String, at now: Timestamp
    ) -> [JSONFinding] {
        let place = JSONPointer(["predicate"])
        var findings: [JSONFinding] = []
        func find(_ name: String, _ code: String, _ message: String) {
            findings.append(JSONFinding(place.appending(name), code, message))
        }
        if self.origin != origin {
            find("origin", TrustProblem.wrongOrigin.rawValue, TrustProblem.wrongOrigin.sentence)
        }
        if hold != placed.hold || scope != placed.scope || namespace != placed.namespace {
            find("hold", "another-hold", "The statement is about another hold than this one.")
        }
        if let late = timeProblem(signedAt, expiresAt, at: now) { findings.append(late) }
        findings += chain.problems(
            of: .init(
                name: "inside", officer: inside,
                patterns: [NamespacePattern(exactly: placed.namespace)]),
            .init(name: "outside", officer: outside, patterns: []), signers: signers,
            people: people,
            concerned: ("is-subject", "The signer is whom the hold concerns, or linked to it."),
            at: now)
        if chain.holdsAnyRole(outside.principal, in: placed.namespace, at: now) {
            find("outside", "not-outside", "The signer holds a role in \(placed.namespace).")
        }
        return findings
    }
}

// The signed statement that a version is retired.
//
// An in-toto statement of type https://imprimatur.dev/predicate/retirement-certificate/v1 about the
// subject {"name":"credit/scorecard@3","digest":{"sha256":ARTIFACT}}, signed by a permit key of the
// trust root, with the predicate
//
//     {"origin":"example.com/log","model":"credit/scorecard@3","card":DIGEST,"decision":DIGEST,
//      "reason":"…","successor":null,"trustRoot":{"version":1,"digest":DIGEST},
//      "retiredAt":"2026-11-21T08:00:00.000Z","development":false}
//
// `card` is the digest of the card statement's payload, `decision` that of the decision document,
// `trustRoot` the root under which the gate decided, `successor` a version or null.

package import Attestation
package import CanonicalJSON
package import Cryptography

/// Says that a version may never be deployed again.
package struct RetirementCertificate: Sendable, Hashable {
    /// The predicate type.
    package static let predicateType =
        "https://imprimatur.dev/predicate/retirement-certificate/v1"

    /// The log in which the decision stands.
    package var origin: String
    package var version: VersionReference
    package var artifact: SHA256Digest
    /// Digest of the card statement's payload.
    package var card: SHA256Digest
    /// Digest of the decision document.
    package var decision: SHA256Digest
    package var reason: String
    package var successor: VersionReference?
    /// The trust root under which it was decided.
    package var root: Permit.Root
    package var retiredAt: Timestamp
    /// Whether it was made under a development root.
    package var development: Bool

    package init(
        origin: String, version: VersionReference, artifact: SHA256Digest, card: SHA256Digest,
        decision: SHA256Digest, reason: String, successor: VersionReference?, root: Permit.Root,
        retiredAt: Timestamp, development: Bool
    ) {
        self.origin = origin
        self.version = version
        self.artifact = artifact
        self.card = card
        self.decision = decision
        self.reason = reason
        self.successor = successor
        self.root = root
        self.retiredAt = retiredAt
        self.development = development
    }

    /// The statement to sign.
    package var statement: Statement {
        Statement(
            subjects: [.init(name: version.description, sha256: artifact)],
            predicateType: Self.predicateType,
            predicate: [
                "origin": .string(origin), "model": .text(version), "card": .hex(card),
                "decision": .hex(decision), "reason": .string(reason),
                "successor": successor.map { .text($0) } ?? .null,
                "trustRoot": ["version": .integer(root.version), "digest": .hex(root.digest)],
                "retiredAt": .text(retiredAt), "development": .bool(development),
            ])
    }

    /// Reads a statement; throws every finding.
    package init(reading statement: Statement) throws(JSONFindings) {
        // The artifact stands in the subject alone.
        let artifact = statement.subjects.first?.sha256
        self = try statement.readPredicate(
            Self.predicateType,
            subject: { .init(name: $0.version.description, sha256: $0.artifact) }
        ) { Self(predicate: $0, artifact: artifact) }
    }

    private init?(predicate reader: JSONReader, artifact: SHA256Digest?) {
        let origin = reader.origin()
        let version = reader.parsed("model", as: "namespace/name@number") { VersionReference($0) }
        let card = reader.digest("card")
        let decision = reader.digest("decision")
        let reason = reader.string("reason", length: 0...2_000)
        let successor = reader.nullable("successor") {
            $0.parsed(as: "namespace/name@number") { VersionReference($0) }
        }
        let root = reader.object("trustRoot") { root -> Permit.Root? in
            let version = root.integer("version", in: 1...1_000_000_000)
            return root.digest("digest").map { Permit.Root(version: version, digest: $0) }
        }
        let retiredAt = reader.time("retiredAt")
        let development = reader.bool("development")
        guard let version, let artifact, let card, let decision, let root, let retiredAt else {
            return nil
        }
        self.init(
            origin: origin, version: version, artifact: artifact, card: card, decision: decision,
            reason: reason, successor: successor, root: root, retiredAt: retiredAt,
            development: development)
    }
}

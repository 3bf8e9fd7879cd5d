// The signed statement that a key belongs to a principal.
//
// An in-toto statement of type https://imprimatur.dev/predicate/key-assignment/v1 about the subject
// {"name":"principal:p-…","digest":{"sha256":SHA-256 of the id}} with the predicate
//
//     {"origin":"example.com/log","principal":"p-…","kind":"person","credential":{"type":"key",
//      "algorithm":"ecdsa-p256","spki":"<base64 DER>"},"previous":null,
//      "validFrom":…,"validUntil":…}
//
// signed by the new key itself (proof of possession) and by a custodian or administrator; when
// `previous` names an earlier assignment, also by a key that the principal already has.

package import Attestation
package import CanonicalJSON
package import Cryptography

/// Says whose a key is.
package struct KeyAssignment: PredicateStatement {
    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/key-assignment/v1"

    /// The log that the statement is for.
    package var origin: String
    package var principal: PrincipalID
    package var kind: PrincipalKind
    package var key: PublicKey
    /// Payload digest of an earlier key assignment of the same principal; nil for the first.
    package var previous: SHA256Digest?
    package var validFrom: Timestamp
    package var validUntil: Timestamp

    package init(
        origin: String, principal: PrincipalID, kind: PrincipalKind, key: PublicKey,
        previous: SHA256Digest? = nil, validFrom: Timestamp, validUntil: Timestamp
    ) {
        self.origin = origin
        self.principal = principal
        self.kind = kind
        self.key = key
        self.previous = previous
        self.validFrom = validFrom
        self.validUntil = validUntil
    }

    package var statementSubject: Statement.Subject {
        Statement.Subject(kind: "principal", principal)
    }

    package var predicate: JSON {
        [
            "origin": .string(origin), "principal": .text(principal),
            "kind": .string(kind.rawValue),
            "credential": [
                "type": "key", "algorithm": .string(key.algorithm.rawValue),
                "spki": .string(Base64.encode(key.spki)),
            ],
            "previous": previous.map(JSON.hex) ?? .null,
            "validFrom": .text(validFrom), "validUntil": .text(validUntil),
        ]
    }

    package init?(predicate reader: JSONReader) {
        let origin = reader.origin()
        let principal = reader.principal("principal")
        let kind = reader.choice("kind", of: PrincipalKind.self)
        let key = reader.object("credential", Self.readKey)
        let previous = reader.nullableDigest("previous")
        let validity = reader.validity()
        guard let principal, let kind, let key, let validity else { return nil }
        self.init(
            origin: origin, principal: principal, kind: kind, key: key, previous: previous,
            validFrom: validity.lowerBound, validUntil: validity.upperBound)
    }

    private static func readKey(_ reader: JSONReader) -> PublicKey? {
        reader.constant("type", "key")
        let algorithm = reader.choice("algorithm", of: KeyAlgorithm.self)
        let key = reader.parsed("spki", as: "a public key in base64 DER", length: 1...22_000) {
            Base64.decode($0).flatMap { try? PublicKey(spki: $0) }
        }
        guard let algorithm, let key else { return nil }
        guard key.algorithm == algorithm, algorithm.canSign else {
            reader.refuse(
                "algorithm", JSONFinding.Code.value,
                "The key is of another algorithm, or only verifies.")
            return nil
        }
        return key
    }
}

// The signed statement that a key belongs to a principal.
//
// An in-toto statement of type https://imprimatur.dev/predicate/key-assignment/v1 about the subject
// {"name":"principal:p-…","digest":{"sha256":SHA-256 of the id}} with the predicate
//
//     {"origin":"example.com/log","principal":"p-…","kind":"person","credential":{"type":"key",
//      "algorithm":"ecdsa-p256","spki":"<base64 DER>"},"previous":null,
//      "validFrom":…,"validUntil":…}
//
// or with a passkey as the credential (its form: Passkey.swift), which only a person can hold. It is
// signed by the new key or passkey itself (proof of possession) and by a custodian or administrator; when
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
    /// What the principal signs with.
    package var credential: Credential
    /// Payload digest of an earlier key assignment of the same principal; nil for the first.
    package var previous: SHA256Digest?
    package var validFrom: Timestamp
    package var validUntil: Timestamp

    package init(
        origin: String, principal: PrincipalID, kind: PrincipalKind, credential: Credential,
        previous: SHA256Digest? = nil, validFrom: Timestamp, validUntil: Timestamp
    ) {
        self.origin = origin
        self.principal = principal
        self.kind = kind
        self.credential = credential
        self.previous = previous
        self.validFrom = validFrom
        self.validUntil = validUntil
    }

    /// Says whose a plain key is.
    package init(
        origin: String, principal: PrincipalID, kind: PrincipalKind, key: PublicKey,
        previous: SHA256Digest? = nil, validFrom: Timestamp, validUntil: Timestamp
    ) {
        self.init(
            origin: origin, principal: principal, kind: kind, credential: .key(key),
            previous: previous, validFrom: validFrom, validUntil: validUntil)
    }

    package var statementSubject: Statement.Subject {
        Statement.Subject(kind: "principal", principal)
    }

    package var predicate: JSON {
        [
            "origin": .string(origin), "principal": .text(principal),
            "kind": .string(kind.rawValue),
            "credential": credential.json,
            "previous": previous.map(JSON.hex) ?? .null,
            "validFrom": .text(validFrom), "validUntil": .text(validUntil),
        ]
    }

    package init?(predicate reader: JSONReader) {
        let origin = reader.origin()
        let principal = reader.principal("principal")
        let kind = reader.choice("kind", of: PrincipalKind.self)
        let credential = reader.object("credential", Credential.init(reading:))
        let previous = reader.nullableDigest("previous")
        let validity = reader.validity()
        guard let principal, let kind, let credential, let validity else { return nil }
        if kind == .service, credential.factor == .passkey {
            reader.refuse(
                "credential", JSONFinding.Code.value,
                "A passkey verifies a person; a service has none.")
        }
        self.init(
            origin: origin, principal: principal, kind: kind, credential: credential,
            previous: previous, validFrom: validity.lowerBound, validUntil: validity.upperBound)
    }
}

extension Credential {
    /// As it stands in a key assignment.
    fileprivate var json: JSON {
        switch self {
        case .passkey(let passkey): passkey.json
        case .key(let key):
            [
                "type": "key", "algorithm": .string(key.algorithm.rawValue),
                "spki": .string(Base64.encode(key.spki)),
            ]
        }
    }

    fileprivate init?(reading reader: JSONReader) {
        if reader.json("type") == "passkey" {
            guard let passkey = Passkey(reading: reader) else { return nil }
            self = .passkey(passkey)
            return
        }
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
        self = .key(key)
    }
}

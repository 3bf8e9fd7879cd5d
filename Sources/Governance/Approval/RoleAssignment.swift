// The signed statement that a principal holds a role.
//
// An in-toto statement of type https://imprimatur.dev/predicate/role-assignment/v1 about the
// subject {"name":"principal:p-…","digest":{"sha256":SHA-256 of the id}} with the predicate
//
//     {"origin":"example.com/log","principal":"p-…","person":"p-…","role":"validator",
//      "namespace":"credit","credentials":[DIGEST],"validFrom":…,"validUntil":…}
//
// `credentials` are payload digests of key assignments: a key speaks in this role only if its own
// assignment, or one that it was added under, is among them. Who must sign: TrustChain.

package import Attestation
package import CanonicalJSON
package import Cryptography

/// Says who holds a role, where and until when.
package struct RoleAssignment: PredicateStatement {
    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/role-assignment/v1"

    /// The log that the statement is for.
    package var origin: String
    package var principal: PrincipalID
    /// The natural person behind the principal.
    package var person: PrincipalID
    package var role: Role
    package var namespace: NamespacePattern
    /// Payload digests of the key assignments that the role relies on, at least one.
    package var credentials: [SHA256Digest]
    package var validFrom: Timestamp
    package var validUntil: Timestamp

    package init(
        origin: String, principal: PrincipalID, person: PrincipalID, role: Role,
        namespace: NamespacePattern, credentials: [SHA256Digest], validFrom: Timestamp,
        validUntil: Timestamp
    ) {
        self.origin = origin
        self.principal = principal
        self.person = person
        self.role = role
        self.namespace = namespace
        self.credentials = credentials
        self.validFrom = validFrom
        self.validUntil = validUntil
    }

    package var statementSubject: Statement.Subject {
        Statement.Subject(kind: "principal", principal)
    }

    package var predicate: JSON {
        [
            "origin": .string(origin), "principal": .text(principal), "person": .text(person),
            "role": .text(role), "namespace": .text(namespace),
            "credentials": .array(credentials.map(JSON.hex)),
            "validFrom": .text(validFrom), "validUntil": .text(validUntil),
        ]
    }

    package init?(predicate reader: JSONReader) {
        let origin = reader.origin()
        let principal = reader.principal("principal")
        let person = reader.principal("person")
        let role = reader.choice("role", of: Role.self)
        let namespace = reader.parsed("namespace", as: "a pattern such as credit, * or **") {
            NamespacePattern($0)
        }
        let credentials = reader.set("credentials", count: 1...50) { item in
            item.parsed(as: "64 lowercase hex digits") { SHA256Digest(hex: $0) }
        }
        let validity = reader.validity()
        guard let principal, let person, let role, let namespace, let validity else { return nil }
        self.init(
            origin: origin, principal: principal, person: person, role: role, namespace: namespace,
            credentials: credentials.sorted(), validFrom: validity.lowerBound,
            validUntil: validity.upperBound)
    }
}

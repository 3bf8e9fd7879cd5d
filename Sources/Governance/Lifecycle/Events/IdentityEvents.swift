// Who may act: principals, their keys, roles and tokens.

package import CanonicalJSON
package import Cryptography

/// A person or service got a pseudonym.
package struct PrincipalRegistered: EventPayload {
    package static let kind = "principal.registered"
    /// The pseudonym.
    package let principal: PrincipalID
    /// A person or a service.
    package let kind: PrincipalKind
    /// The natural person behind it: linked principals share one (a service names its own id).
    package let person: PrincipalID
    /// Commitment to the printed name (I8).
    package let name: SHA256Digest?

    package init(
        principal: PrincipalID, kind: PrincipalKind, person: PrincipalID, name: SHA256Digest?
    ) {
        self.principal = principal
        self.kind = kind
        self.person = person
        self.name = name
    }

    package init?(_ reader: inout EventReader) {
        guard let principal = reader.principal("principal"),
            let kind = reader.value("kind", { $0.string.flatMap { PrincipalKind(rawValue: $0) } }),
            let person = reader.principal("person"),
            let name = reader.nullableDigest("name")
        else { return nil }
        self.init(
            principal: principal, kind: kind, person: person, name: name)
    }

    package var members: [String: JSON] {
        [
            "principal": .text(principal), "kind": .string(kind.rawValue), "person": .text(person),
            "name": .digest(name),
        ]
    }
}

/// A signed statement gave a principal a key.
package struct KeyAssigned: EventPayload {
    package static let kind = "key.assigned"
    package let principal: PrincipalID
    package let key: KeyID
    /// Digest of the statement's payload.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest
    package let validFrom: Timestamp
    package let validUntil: Timestamp

    package init(
        principal: PrincipalID, key: KeyID, statement: SHA256Digest, document: SHA256Digest,
        validFrom: Timestamp, validUntil: Timestamp
    ) {
        self.principal = principal
        self.key = key
        self.statement = statement
        self.document = document
        self.validFrom = validFrom
        self.validUntil = validUntil
    }

    package init?(_ reader: inout EventReader) {
        guard let principal = reader.principal("principal"),
            let key = reader.keyID("key"),
            let statement = reader.digest("statement"),
            let document = reader.digest("document"),
            let validFrom = reader.time("validFrom"),
            let validUntil = reader.time("validUntil")
        else { return nil }
        self.init(
            principal: principal, key: key, statement: statement, document: document,
            validFrom:
                validFrom, validUntil: validUntil)
    }

    package var members: [String: JSON] {
        [
            "principal": .text(principal), "key": .string(key.hex),
            "statement": .digest(statement), "document": .digest(document),
            "validFrom": .text(validFrom), "validUntil": .text(validUntil),
        ]
    }
}

/// A key is no longer to be believed.
package struct KeyRevoked: EventPayload {
    package static let kind = "key.revoked"
    package let principal: PrincipalID
    package let key: KeyID
    package let reason: String
    /// Signatures after this moment do not count.
    package let effectiveFrom: Timestamp

    package init(
        principal: PrincipalID, key: KeyID, reason: String, effectiveFrom: Timestamp
    ) {
        self.principal = principal
        self.key = key
        self.reason = reason
        self.effectiveFrom = effectiveFrom
    }

    package init?(_ reader: inout EventReader) {
        guard let principal = reader.principal("principal"),
            let key = reader.keyID("key"),
            let reason = reader.string("reason"),
            let effectiveFrom = reader.time("effectiveFrom")
        else { return nil }
        self.init(
            principal: principal, key: key, reason: reason, effectiveFrom: effectiveFrom)
    }

    package var members: [String: JSON] {
        [
            "principal": .text(principal), "key": .string(key.hex), "reason": .string(reason),
            "effectiveFrom": .text(effectiveFrom),
        ]
    }
}

/// A signed statement gave a principal a role.
package struct RoleAssigned: EventPayload {
    package static let kind = "role.assigned"
    package let principal: PrincipalID
    /// The natural person behind the principal.
    package let person: PrincipalID
    package let role: Role
    package let namespace: NamespacePattern
    /// Digest of the statement's payload.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest
    package let validFrom: Timestamp
    package let validUntil: Timestamp

    package init(
        principal: PrincipalID, person: PrincipalID, role: Role, namespace: NamespacePattern,
        statement: SHA256Digest, document: SHA256Digest, validFrom: Timestamp,
        validUntil:
            Timestamp
    ) {
        self.principal = principal
        self.person = person
        self.role = role
        self.namespace = namespace
        self.statement = statement
        self.document = document
        self.validFrom = validFrom
        self.validUntil = validUntil
    }

    package init?(_ reader: inout EventReader) {
        guard let principal = reader.principal("principal"),
            let person = reader.principal("person"),
            let role = reader.role("role"),
            let namespace = reader.pattern("namespace"),
            let statement = reader.digest("statement"),
            let document = reader.digest("document"),
            let validFrom = reader.time("validFrom"),
            let validUntil = reader.time("validUntil")
        else { return nil }
        self.init(
            principal: principal, person: person, role: role, namespace: namespace,
            statement:
                statement, document: document, validFrom: validFrom, validUntil: validUntil)
    }

    package var members: [String: JSON] {
        [
            "principal": .text(principal), "person": .text(person), "role": .text(role),
            "namespace": .text(namespace), "statement": .digest(statement),
            "document": .digest(document), "validFrom": .text(validFrom),
            "validUntil": .text(validUntil),
        ]
    }
}

/// A role assignment is no longer to be believed.
package struct RoleRevoked: EventPayload {
    package static let kind = "role.revoked"
    package let principal: PrincipalID
    /// Digest of the role assignment's payload.
    package let assignment: SHA256Digest
    package let reason: String
    package let effectiveFrom: Timestamp

    package init(
        principal: PrincipalID, assignment: SHA256Digest, reason: String,
        effectiveFrom:
            Timestamp
    ) {
        self.principal = principal
        self.assignment = assignment
        self.reason = reason
        self.effectiveFrom = effectiveFrom
    }

    package init?(_ reader: inout EventReader) {
        guard let principal = reader.principal("principal"),
            let assignment = reader.digest("assignment"),
            let reason = reader.string("reason"),
            let effectiveFrom = reader.time("effectiveFrom")
        else { return nil }
        self.init(
            principal: principal, assignment: assignment, reason: reason,
            effectiveFrom:
                effectiveFrom)
    }

    package var members: [String: JSON] {
        [
            "principal": .text(principal), "assignment": .digest(assignment),
            "reason": .string(reason), "effectiveFrom": .text(effectiveFrom),
        ]
    }
}

/// An API token was issued; only its hash is kept.
package struct TokenIssued: EventPayload {
    package static let kind = "token.issued"
    /// The token's public id.
    package let token: String
    package let principal: PrincipalID
    /// SHA-256 of the secret, which has 256 random bits.
    package let hash: SHA256Digest
    package let expiresAt: Timestamp

    package init(
        token: String, principal: PrincipalID, hash: SHA256Digest, expiresAt: Timestamp
    ) {
        self.token = token
        self.principal = principal
        self.hash = hash
        self.expiresAt = expiresAt
    }

    package init?(_ reader: inout EventReader) {
        guard let token = reader.string("token"),
            let principal = reader.principal("principal"),
            let hash = reader.digest("hash"),
            let expiresAt = reader.time("expiresAt")
        else { return nil }
        self.init(
            token: token, principal: principal, hash: hash, expiresAt: expiresAt)
    }

    package var members: [String: JSON] {
        [
            "token": .string(token), "principal": .text(principal), "hash": .digest(hash),
            "expiresAt": .text(expiresAt),
        ]
    }
}

/// An API token no longer authenticates.
package struct TokenRevoked: EventPayload {
    package static let kind = "token.revoked"
    /// The token's public id.
    package let token: String
    package let principal: PrincipalID
    package let reason: String

    package init(
        token: String, principal: PrincipalID, reason: String
    ) {
        self.token = token
        self.principal = principal
        self.reason = reason
    }

    package init?(_ reader: inout EventReader) {
        guard let token = reader.string("token"),
            let principal = reader.principal("principal"),
            let reason = reader.string("reason")
        else { return nil }
        self.init(
            token: token, principal: principal, reason: reason)
    }

    package var members: [String: JSON] {
        [
            "token": .string(token), "principal": .text(principal), "reason": .string(reason),
        ]
    }
}

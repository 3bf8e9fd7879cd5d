// Who may approve for whom, and who no longer.

package import CanonicalJSON
package import Cryptography

/// A holder of a role lets another person approve in it, until a moment.
package struct DelegationRecorded: EventPayload {
    package static let kind = "delegation.recorded"
    /// Digest of the statement's payload.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest
    /// Whose role it is.
    package let delegator: PrincipalID
    package let delegate: PrincipalID
    package let role: Role
    package let scope: Delegation.Scope
    package let highestTier: Tier
    package let reason: String
    package let validFrom: Timestamp
    package let validUntil: Timestamp

    /// The event of a statement.
    package init(_ delegation: Delegation, statement: SHA256Digest, document: SHA256Digest) {
        self.statement = statement
        self.document = document
        delegator = delegation.delegator.principal
        delegate = delegation.delegate
        role = delegation.delegator.role
        scope = delegation.scope
        highestTier = delegation.highestTier
        reason = delegation.reason
        validFrom = delegation.validFrom
        validUntil = delegation.validUntil
    }

    package init?(_ reader: inout EventReader) {
        guard let statement = reader.digest("statement"),
            let document = reader.digest("document"),
            let delegator = reader.principal("delegator"),
            let delegate = reader.principal("delegate"),
            let role = reader.role("role"),
            let scope = reader.value("scope", { Delegation.Scope(json: $0) }),
            let highestTier = reader.value("highestTier", { Tier(json: $0) }),
            let reason = reader.string("reason"),
            let validFrom = reader.time("validFrom"),
            let validUntil = reader.time("validUntil")
        else { return nil }
        self.statement = statement
        self.document = document
        self.delegator = delegator
        self.delegate = delegate
        self.role = role
        self.scope = scope
        self.highestTier = highestTier
        self.reason = reason
        self.validFrom = validFrom
        self.validUntil = validUntil
    }

    package var members: [String: JSON] {
        [
            "statement": .digest(statement), "document": .digest(document),
            "delegator": .text(delegator), "delegate": .text(delegate), "role": .text(role),
            "scope": scope.json, "highestTier": highestTier.json, "reason": .string(reason),
            "validFrom": .text(validFrom), "validUntil": .text(validUntil),
        ]
    }
}

/// A delegation is over.
package struct DelegationRevoked: EventPayload {
    package static let kind = "delegation.revoked"
    /// Digest of the delegation's payload.
    package let delegation: SHA256Digest
    package let delegator: PrincipalID
    package let delegate: PrincipalID
    /// Whether it was not the delegator's will, or the delegate's key not its own: nothing that was signed
    /// under it counts.
    package let compromised: Bool
    package let reason: String
    /// From when on nothing counts that is signed under it.
    package let effectiveFrom: Timestamp

    package init(
        delegation: SHA256Digest, delegator: PrincipalID, delegate: PrincipalID,
        compromised: Bool, reason: String, effectiveFrom: Timestamp
    ) {
        self.delegation = delegation
        self.delegator = delegator
        self.delegate = delegate
        self.compromised = compromised
        self.reason = reason
        self.effectiveFrom = effectiveFrom
    }

    package init?(_ reader: inout EventReader) {
        guard let delegation = reader.digest("delegation"),
            let delegator = reader.principal("delegator"),
            let delegate = reader.principal("delegate"),
            let compromised = reader.bool("compromised"),
            let reason = reader.string("reason"),
            let effectiveFrom = reader.time("effectiveFrom")
        else { return nil }
        self.init(
            delegation: delegation, delegator: delegator, delegate: delegate,
            compromised: compromised, reason: reason, effectiveFrom: effectiveFrom)
    }

    package var members: [String: JSON] {
        [
            "delegation": .digest(delegation), "delegator": .text(delegator),
            "delegate": .text(delegate), "compromised": .bool(compromised),
            "reason": .string(reason), "effectiveFrom": .text(effectiveFrom),
        ]
    }
}

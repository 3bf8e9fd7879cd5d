// Which rules were set aside for a version.

package import CanonicalJSON
package import Cryptography

/// Somebody whom the pack names set one of its rules aside for a version, until a moment.
package struct WaiverRecorded: EventPayload {
    package static let kind = "waiver.recorded"
    package let version: VersionReference
    /// Digest of the statement's payload.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest
    package let principal: PrincipalID
    package let role: Role
    package let rule: String
    /// The pack whose rule it is.
    package let policy: SHA256Digest
    package let reason: String
    package let expiresAt: Timestamp

    package init(
        version: VersionReference, statement: SHA256Digest, document: SHA256Digest,
        principal: PrincipalID, role: Role, rule: String, policy: SHA256Digest, reason: String,
        expiresAt: Timestamp
    ) {
        self.version = version
        self.statement = statement
        self.document = document
        self.principal = principal
        self.role = role
        self.rule = rule
        self.policy = policy
        self.reason = reason
        self.expiresAt = expiresAt
    }

    /// The event of a statement.
    package init(_ waiver: Waiver, statement: SHA256Digest, document: SHA256Digest) {
        self.init(
            version: waiver.version, statement: statement, document: document,
            principal: waiver.signer.principal, role: waiver.signer.role, rule: waiver.rule,
            policy: waiver.policy, reason: waiver.reason, expiresAt: waiver.expiresAt)
    }

    package init?(_ reader: inout EventReader) {
        guard let version = reader.version("version"),
            let statement = reader.digest("statement"),
            let document = reader.digest("document"),
            let principal = reader.principal("principal"),
            let role = reader.role("role"),
            let rule = reader.string("rule"),
            let policy = reader.digest("policy"),
            let reason = reader.string("reason"),
            let expiresAt = reader.time("expiresAt")
        else { return nil }
        self.init(
            version: version, statement: statement, document: document, principal: principal,
            role: role, rule: rule, policy: policy, reason: reason, expiresAt: expiresAt)
    }

    package var members: [String: JSON] {
        [
            "version": .text(version), "statement": .digest(statement),
            "document": .digest(document), "principal": .text(principal), "role": .text(role),
            "rule": .string(rule), "policy": .digest(policy), "reason": .string(reason),
            "expiresAt": .text(expiresAt),
        ]
    }
}

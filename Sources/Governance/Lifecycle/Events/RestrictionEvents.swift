// What restricts a version, and what ends it.

package import CanonicalJSON
package import Cryptography

/// A version may not be deployed until the suspension is lifted.
package struct VersionSuspended: EventPayload {
    package static let kind = "version.suspended"
    package let version: VersionReference
    /// The suspension's id.
    package let restriction: String
    package let reason: String

    package init(
        version: VersionReference, restriction: String, reason: String
    ) {
        self.version = version
        self.restriction = restriction
        self.reason = reason
    }

    package init?(_ reader: inout EventReader) {
        guard let version = reader.version("version"),
            let restriction = reader.string("restriction"),
            let reason = reader.string("reason")
        else { return nil }
        self.init(
            version: version, restriction: restriction, reason: reason)
    }

    package var members: [String: JSON] {
        [
            "version": .text(version), "restriction": .string(restriction),
            "reason": .string(reason),
        ]
    }
}

/// The owner took the version back; its request is over.
package struct VersionWithdrawn: EventPayload {
    package static let kind = "version.withdrawn"
    package let version: VersionReference
    /// The withdrawal's id.
    package let restriction: String
    package let reason: String

    package init(
        version: VersionReference, restriction: String, reason: String
    ) {
        self.version = version
        self.restriction = restriction
        self.reason = reason
    }

    package init?(_ reader: inout EventReader) {
        guard let version = reader.version("version"),
            let restriction = reader.string("restriction"),
            let reason = reader.string("reason")
        else { return nil }
        self.init(
            version: version, restriction: restriction, reason: reason)
    }

    package var members: [String: JSON] {
        [
            "version": .text(version), "restriction": .string(restriction),
            "reason": .string(reason),
        ]
    }
}

/// The approvers lifted a suspension.
package struct VersionLifted: EventPayload {
    package static let kind = "version.lifted"
    package let version: VersionReference
    /// The suspension's id.
    package let restriction: String
    /// Digest of the statement's payload.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest
    package let reason: String

    package init(
        version: VersionReference, restriction: String, statement: SHA256Digest,
        document: SHA256Digest, reason: String
    ) {
        self.version = version
        self.restriction = restriction
        self.statement = statement
        self.document = document
        self.reason = reason
    }

    package init?(_ reader: inout EventReader) {
        guard let version = reader.version("version"),
            let restriction = reader.string("restriction"),
            let statement = reader.digest("statement"),
            let document = reader.digest("document"),
            let reason = reader.string("reason")
        else { return nil }
        self.init(
            version: version, restriction: restriction, statement: statement, document: document,
            reason: reason)
    }

    package var members: [String: JSON] {
        [
            "version": .text(version), "restriction": .string(restriction),
            "statement": .digest(statement), "document": .digest(document),
            "reason": .string(reason),
        ]
    }
}

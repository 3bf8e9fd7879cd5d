// Who does not judge a version.

package import CanonicalJSON
package import Cryptography

/// Somebody who might approve abstains, or must not judge the version.
package struct AbstentionRecorded: EventPayload {
    package static let kind = "abstention.recorded"
    package let version: VersionReference
    package let request: String
    /// Digest of the statement's payload.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest
    package let principal: PrincipalID
    package let role: Role
    package let meaning: Abstention.Meaning
    package let reason: String

    package init(
        version: VersionReference, request: String, statement: SHA256Digest,
        document: SHA256Digest, principal: PrincipalID, role: Role, meaning: Abstention.Meaning,
        reason: String
    ) {
        self.version = version
        self.request = request
        self.statement = statement
        self.document = document
        self.principal = principal
        self.role = role
        self.meaning = meaning
        self.reason = reason
    }

    /// The event of a statement.
    package init(_ abstention: Abstention, statement: SHA256Digest, document: SHA256Digest) {
        self.init(
            version: abstention.version, request: abstention.request.id, statement: statement,
            document: document, principal: abstention.signer.principal,
            role: abstention.signer.role, meaning: abstention.meaning, reason: abstention.reason)
    }

    package init?(_ reader: inout EventReader) {
        guard let version = reader.version("version"),
            let request = reader.string("request"),
            let statement = reader.digest("statement"),
            let document = reader.digest("document"),
            let principal = reader.principal("principal"),
            let role = reader.role("role"),
            let meaning = reader.value(
                "meaning", { $0.string.flatMap { Abstention.Meaning(rawValue: $0) } }),
            let reason = reader.string("reason")
        else { return nil }
        self.init(
            version: version, request: request, statement: statement, document: document,
            principal: principal, role: role, meaning: meaning, reason: reason)
    }

    package var members: [String: JSON] {
        [
            "version": .text(version), "request": .string(request),
            "statement": .digest(statement), "document": .digest(document),
            "principal": .text(principal), "role": .text(role),
            "meaning": .string(meaning.rawValue), "reason": .string(reason),
        ]
    }
}

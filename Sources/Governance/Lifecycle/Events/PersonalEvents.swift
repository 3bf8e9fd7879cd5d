// Holds, and the erasure of personal data.

package import CanonicalJSON
package import Cryptography

/// Nothing about a subject may be erased or disposed of until the hold is released.
package struct HoldPlaced: EventPayload {
    package static let kind = "hold.placed"
    /// The hold's id.
    package let hold: String
    package let scope: HoldScope
    /// Whose compliance officer placed it; a release needs somebody from outside of it.
    package let namespace: Namespace
    package let reason: String

    package init(hold: String, scope: HoldScope, namespace: Namespace, reason: String) {
        self.hold = hold
        self.scope = scope
        self.namespace = namespace
        self.reason = reason
    }

    package init?(_ reader: inout EventReader) {
        guard let hold = reader.string("hold"), let scope = reader.holdScope("scope"),
            let namespace = reader.namespace("namespace"), let reason = reader.string("reason")
        else { return nil }
        self.init(hold: hold, scope: scope, namespace: namespace, reason: reason)
    }

    package var members: [String: JSON] {
        [
            "hold": .string(hold), "scope": .text(scope), "namespace": .text(namespace),
            "reason": .string(reason),
        ]
    }
}

/// Two people ended a hold by a signed statement.
package struct HoldReleased: EventPayload {
    package static let kind = "hold.released"
    /// The hold's id.
    package let hold: String
    package let scope: HoldScope
    package let reason: String
    /// Digest of the statement's payload.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest

    package init(
        hold: String, scope: HoldScope, reason: String, statement: SHA256Digest,
        document: SHA256Digest
    ) {
        self.hold = hold
        self.scope = scope
        self.reason = reason
        self.statement = statement
        self.document = document
    }

    package init?(_ reader: inout EventReader) {
        guard let hold = reader.string("hold"), let scope = reader.holdScope("scope"),
            let reason = reader.string("reason"), let statement = reader.digest("statement"),
            let document = reader.digest("document")
        else { return nil }
        self.init(
            hold: hold, scope: scope, reason: reason, statement: statement, document: document)
    }

    package var members: [String: JSON] {
        [
            "hold": .string(hold), "scope": .text(scope), "reason": .string(reason),
            "statement": .digest(statement), "document": .digest(document),
        ]
    }
}

/// One reason why personal data has to stay.
package typealias ErasureGround = RefusalGround<ErasureObstacle>

/// What can stand against an erasure.
package enum ErasureObstacle: String, Sendable, Hashable, CaseIterable {
    /// A hold is in force.
    case legalHold = "legal-hold"
    /// Something about a version is still being looked into.
    case openIncident = "open-incident"
    /// A minimum period has not passed.
    case retention
    /// Which period applies cannot be told; then it has not passed.
    case retentionUnknown = "retention-unknown"
}

/// Two officers asked for an erasure, and the data has to stay.
package struct ErasureRefused: EventPayload {
    package static let kind = "erasure.refused"
    package let subject: PersonalSubject
    /// Digest of the statement's payload.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest
    /// Every reason, at least one.
    package let grounds: [ErasureGround]

    package init(
        subject: PersonalSubject, statement: SHA256Digest, document: SHA256Digest,
        grounds: [ErasureGround]
    ) {
        self.subject = subject
        self.statement = statement
        self.document = document
        self.grounds = grounds
    }

    package init?(_ reader: inout EventReader) {
        guard let subject = reader.personalSubject("subject"),
            let statement = reader.digest("statement"), let document = reader.digest("document"),
            let grounds = reader.list("grounds", ErasureGround.init), !grounds.isEmpty
        else { return nil }
        self.init(subject: subject, statement: statement, document: document, grounds: grounds)
    }

    package var members: [String: JSON] {
        [
            "subject": .text(subject), "statement": .digest(statement),
            "document": .digest(document), "grounds": .array(grounds.map(\.json)),
        ]
    }
}

/// The key, the values and the salts of a subject were destroyed; the commitments stay.
package struct SubjectErased: EventPayload {
    package static let kind = "subject.erased"
    package let subject: PersonalSubject
    /// Digest of the statement's payload.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest
    /// What can never be opened again, ascending.
    package let commitments: [SHA256Digest]
    /// Names the key-encryption key in force from now on; the one before is destroyed.
    package let key: SHA256Digest

    package init(
        subject: PersonalSubject, statement: SHA256Digest, document: SHA256Digest,
        commitments: [SHA256Digest], key: SHA256Digest
    ) {
        self.subject = subject
        self.statement = statement
        self.document = document
        self.commitments = commitments
        self.key = key
    }

    package init?(_ reader: inout EventReader) {
        guard let subject = reader.personalSubject("subject"),
            let statement = reader.digest("statement"), let document = reader.digest("document"),
            let commitments = reader.list(
                "commitments", { $0.string.flatMap { SHA256Digest(hex: $0) } }),
            let key = reader.digest("key")
        else { return nil }
        self.init(
            subject: subject, statement: statement, document: document, commitments: commitments,
            key: key)
    }

    package var members: [String: JSON] {
        [
            "subject": .text(subject), "statement": .digest(statement),
            "document": .digest(document),
            "commitments": .array(commitments.map { .string($0.hex) }), "key": .digest(key),
        ]
    }
}

extension EventReader {
    fileprivate mutating func holdScope(_ name: String) -> HoldScope? {
        value(name) { $0.string.flatMap { HoldScope($0) } }
    }

    fileprivate mutating func personalSubject(_ name: String) -> PersonalSubject? {
        value(name) { $0.string.flatMap { PersonalSubject($0) } }
    }

    fileprivate mutating func namespace(_ name: String) -> Namespace? {
        value(name) { $0.string.flatMap { Namespace($0) } }
    }

    mutating func list<Element>(
        _ name: String, _ convert: (JSON) -> Element?
    ) -> [Element]? {
        value(name) { json in
            guard let elements = json.array else { return nil }
            let converted = elements.compactMap(convert)
            return converted.count == elements.count ? converted : nil
        }
    }
}

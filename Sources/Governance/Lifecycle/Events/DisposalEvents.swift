// The disposal of documents whose period has passed, and why one was refused.

package import CanonicalJSON
package import Cryptography

/// One reason why documents have to stay.
package typealias DisposalGround = RefusalGround<DisposalObstacle>

/// What can stand against a disposal.
package enum DisposalObstacle: String, Sendable, Hashable, CaseIterable {
    /// A hold is in force.
    case legalHold = "legal-hold"
    /// A suspension is not lifted.
    case openIncident = "open-incident"
    /// The version runs, or a permit for it has not ended.
    case deployed
    /// The version may still be deployed.
    case notRetired = "not-retired"
    /// The minimum period has not passed.
    case retention
    /// Which period applies cannot be told; then it has not passed.
    case retentionUnknown = "retention-unknown"
}

/// Two officers asked for a disposal, and the documents have to stay.
package struct DisposalRefused: EventPayload {
    package static let kind = "disposal.refused"
    package let version: VersionReference
    /// Digest of the statement's payload.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest
    /// Every reason, at least one.
    package let grounds: [DisposalGround]

    package init(
        version: VersionReference, statement: SHA256Digest, document: SHA256Digest,
        grounds: [DisposalGround]
    ) {
        self.version = version
        self.statement = statement
        self.document = document
        self.grounds = grounds
    }

    package init?(_ reader: inout EventReader) {
        guard let version = reader.version("version"), let statement = reader.digest("statement"),
            let document = reader.digest("document"),
            let grounds = reader.list("grounds", DisposalGround.init), !grounds.isEmpty
        else { return nil }
        self.init(version: version, statement: statement, document: document, grounds: grounds)
    }

    package var members: [String: JSON] {
        [
            "version": .text(version), "statement": .digest(statement),
            "document": .digest(document), "grounds": .array(grounds.map(\.json)),
        ]
    }
}

/// The bytes of documents were disposed of; their digests, and all that names them, stay.
package struct DocumentsDisposed: EventPayload {
    package static let kind = "documents.disposed"
    package let version: VersionReference
    /// Digest of the list of what went, a document that stays.
    package let list: SHA256Digest
    /// How many documents, and how many bytes they had.
    package let count: Int64
    package let bytes: Int64
    /// Until when they had to be kept.
    package let keptUntil: Timestamp
    /// Digest of the statement's payload.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest

    package init(
        version: VersionReference, list: SHA256Digest, count: Int64, bytes: Int64,
        keptUntil: Timestamp, statement: SHA256Digest, document: SHA256Digest
    ) {
        self.version = version
        self.list = list
        self.count = count
        self.bytes = bytes
        self.keptUntil = keptUntil
        self.statement = statement
        self.document = document
    }

    package init?(_ reader: inout EventReader) {
        guard let version = reader.version("version"), let list = reader.digest("list"),
            let count = reader.count("count"), let bytes = reader.count("bytes"),
            let keptUntil = reader.time("keptUntil"), let statement = reader.digest("statement"),
            let document = reader.digest("document")
        else { return nil }
        self.init(
            version: version, list: list, count: count, bytes: bytes, keptUntil: keptUntil,
            statement: statement, document: document)
    }

    package var members: [String: JSON] {
        [
            "version": .text(version), "list": .digest(list), "count": .integer(count),
            "bytes": .integer(bytes), "keptUntil": .text(keptUntil),
            "statement": .digest(statement), "document": .digest(document),
        ]
    }
}

// A version as its row says: an index to documents, believed only after those are checked.

package import Cryptography
package import Database
package import Governance

/// One row of registry.version.
package struct VersionRow: Sendable, Hashable, RowDecodable {
    package let reference: VersionReference
    package let label: String
    package let tier: Tier
    package let state: String
    package let card: SHA256Digest
    package let cardDocument: SHA256Digest
    package let artifact: SHA256Digest
    package let manifestDocument: SHA256Digest
    package let signatureDocument: SHA256Digest
    package let signatureKey: KeyID
    package let submitter: PrincipalID
    package let person: PrincipalID
    package let request: ApprovalStatement.Request
    package let policy: SHA256Digest
    package let submittedAt: Timestamp

    package init(row: inout Row) throws(DatabaseError) {
        let name: String = try row.next()
        label = try row.next()
        let tier: String = try row.next()
        state = try row.next()
        let card: [UInt8] = try row.next()
        let cardDocument: [UInt8] = try row.next()
        let artifact: [UInt8] = try row.next()
        let manifest: [UInt8] = try row.next()
        let signature: [UInt8] = try row.next()
        let key: String = try row.next()
        let submitter: String = try row.next()
        let person: String = try row.next()
        request = .init(id: try row.next(), nonce: try row.next())
        let policy: [UInt8] = try row.next()
        let submittedAt: SQLTimestamp = try row.next()
        guard let reference = VersionReference(name),
            let tier = Int64(tier).flatMap({ Tier(rawValue: $0) }),
            let card = SHA256Digest(bytes: card),
            let cardDocument = SHA256Digest(bytes: cardDocument),
            let artifact = SHA256Digest(bytes: artifact),
            let manifest = SHA256Digest(bytes: manifest),
            let signature = SHA256Digest(bytes: signature), let key = KeyID(hex: key),
            let submitter = PrincipalID(submitter), let person = PrincipalID(person),
            let policy = SHA256Digest(bytes: policy)
        else { throw DatabaseError(.decoding, "a row of registry.version is malformed") }
        self.reference = reference
        self.tier = tier
        self.card = card
        self.cardDocument = cardDocument
        self.artifact = artifact
        manifestDocument = manifest
        signatureDocument = signature
        signatureKey = key
        self.submitter = submitter
        self.person = person
        self.policy = policy
        self.submittedAt = Timestamp(submittedAt)
    }

    /// The row as the log says it must be; `state` is what the row itself says, which only restricts.
    ///
    /// Nil when the event names a tier that does not exist.
    init?(_ submission: LogRecord.Submission, state: String) {
        let event = submission.event
        guard let tier = Int64(event.tier).flatMap({ Tier(rawValue: $0) }) else { return nil }
        reference = event.version
        label = event.label
        self.tier = tier
        self.state = state
        card = event.card
        cardDocument = event.cardDocument
        artifact = event.artifact
        manifestDocument = event.manifestDocument
        signatureDocument = event.signatureDocument
        signatureKey = event.signatureKey
        submitter = event.submitter
        person = event.person
        request = .init(id: event.request, nonce: event.nonce)
        policy = event.policy
        submittedAt = submission.at
    }

    /// The row of a version; nil when there is none.
    static func load(
        _ reference: VersionReference, _ db: borrowing Connection
    ) throws -> VersionRow? {
        try db.oneOrNil(
            """
            SELECT name, label, tier, state, card_statement, card_document, artifact_digest,
                   manifest_document, signature_document, signature_key, submitter, person,
                   request_id, request_nonce, policy, submitted_at
            FROM registry.version WHERE name = \(reference.description)
            """, as: VersionRow.self)
    }

    /// The row of a version, or the refusal that there is none.
    static func require(
        _ reference: VersionReference, _ db: borrowing Connection
    ) throws -> VersionRow {
        guard let row = try load(reference, db) else {
            throw Refusal(.notFound, "version-unknown", "There is no version \(reference).")
        }
        return row
    }
}

extension Timestamp {
    /// A stored time; below a millisecond is cut off.
    package init(_ time: SQLTimestamp) {
        self.init(milliseconds: time.microsecondsSince1970 / 1000)
    }
}

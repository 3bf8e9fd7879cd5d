// What left the service before an erasure: those who have it cannot be made to forget, but can be told.

internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Governance

/// Finds exports in the log.
enum Exports {
    /// Most exports that are listed, the newest of them.
    static let limit = 1_000

    /// Exports with a digest that may show a subject: those about a card's model; for a principal every
    /// one, because a report names everybody from the submitter up to those who gave out roles.
    static func before(
        _ time: Timestamp, of subject: PersonalSubject, _ db: borrowing Connection
    ) throws -> [ErasureExport] {
        let rows = try db.all(
            """
            SELECT e.bytes FROM audit.leaf l JOIN audit.entry e ON e.id = l.entry_id
            WHERE position(\(Array("\"kind\":\"evidence.read\"".utf8)) IN e.bytes) > 0
            ORDER BY l.index DESC LIMIT \(limit)
            """, as: [UInt8].self)
        return rows.compactMap { bytes -> ErasureExport? in
            guard let signed = try? SignedEntry(parsing: bytes),
                let entry = try? Entry(parsing: signed.payload), entry.time <= time,
                entry.event.kind == "evidence.read", let recipient = entry.actor
            else { return nil }
            let members = entry.event.payload.members
            guard let digest = members["digest"]?.string else { return nil }
            if case .card(let version) = subject, let about = members["subject"]?.string,
                about != Subjects.model(version.model)
            {
                return nil
            }
            return ErasureExport(
                kind: members["what"]?.string ?? "", digest: digest, recipient: recipient,
                at: entry.time)
        }
    }
}

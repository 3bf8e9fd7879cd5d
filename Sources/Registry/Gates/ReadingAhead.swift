// What has committed and the follower has not read yet: gates read ahead of it.

internal import Attestation
internal import Database
internal import Governance
internal import TransparencyLog

extension Registry {
    /// The snapshot with every committed entry that the follower has not read yet, so that nothing which
    /// committed before this transaction's locks is overlooked.
    func upToDate(
        _ snapshot: Follower.Snapshot, _ db: borrowing Connection
    ) throws -> Follower.Snapshot {
        let rows = try db.all(
            Self.unread(fromIndex: snapshot.fold.size, afterID: snapshot.lastEntryID),
            as: (Int64, [UInt8]?).self)
        var snapshot = snapshot
        if !rows.isEmpty { snapshot.unread = Int64(rows.count) }
        guard rows.count <= Self.mostUnread else {
            snapshot.isWhole = false
            return snapshot
        }
        for (_, bytes) in rows {
            guard let bytes, let signed = try? SignedEntry(parsing: bytes),
                let entry = try? Entry(parsing: signed.payload),
                authenticator.isAuthentic(signed, entry, MerkleTree.leafHash(of: bytes))
            else {
                snapshot.isWhole = false
                continue
            }
            snapshot.readAhead(entry)
        }
        let read = Set(rows.map(\.0))
        for (id, entry) in snapshot.committed.entries.sorted(by: { $0.key < $1.key })
        where !read.contains(id) {
            snapshot.readAhead(entry)
        }
        return snapshot
    }

    /// Most entries that a gate reads ahead of the follower; with more it denies.
    private static let mostUnread = 1_000
    private static let mostUnreadBytes: Int64 = 8 << 20

    /// Entries from an index on, above an id, or in the queue, oldest first.
    ///
    /// The queue alone would not do: whoever may edit rows may empty it. A plan is made once for all sizes of
    /// the log, so the statement leaves it no choice but to look up the few rows that are new.
    static func unread(fromIndex size: Int64, afterID id: Int64) -> SQL {
        """
        WITH leaves AS MATERIALIZED (
            SELECT entry_id AS id FROM audit.leaf WHERE index >= \(size)
            LIMIT \(mostUnread + 1)),
        unread AS MATERIALIZED (
            SELECT id FROM leaves
            UNION SELECT entry_id FROM audit.pending
            UNION SELECT id FROM audit.entry WHERE id > \(id)
            ORDER BY id LIMIT \(mostUnread + 1))
        SELECT id, CASE WHEN total <= \(mostUnreadBytes) THEN bytes END FROM (
            SELECT unread.id, e.bytes,
                   sum(octet_length(e.bytes)) OVER (ORDER BY unread.id) AS total
            FROM unread LEFT JOIN LATERAL (
                SELECT bytes FROM audit.entry WHERE id = unread.id OFFSET 0) e ON true) AS part
        ORDER BY id
        """
    }
}

// The one row that a crash of PostgreSQL may take although somebody was shown what it said.
//
// A checkpoint is inserted without a flush of its own, because the pin is flushed before anybody sees
// it, and the next batch flushes it in the database too (Publisher.swift). So after a crash at most the
// checkpoint of the last batch is missing: the head stands at its size, and the checkpoint before it,
// which the pin's other file holds or comes after, is there. Whatever else is missing was deleted.

internal import Cryptography
internal import Database
internal import TransparencyLog

/// The pinned checkpoint, missing from the database.
struct LostCheckpoint {
    let kept: Pin.Kept
    let pinned: Checkpoint

    /// Nil when nothing is pinned, or nothing that a key of the log has signed.
    init?(_ kept: Pin.Kept?) {
        guard let kept, let pinned = kept.checkpoint else { return nil }
        self.kept = kept
        self.pinned = pinned
    }

    /// Whether a crash explains that it is missing.
    func isExplained(_ db: borrowing Connection) throws -> Bool {
        try db.one("SELECT EXISTS (\(explained))", as: Bool.self)
    }

    /// Stores it again where a crash explains that it is missing; the tree was compared with it before.
    func restore(_ db: borrowing Connection) throws {
        try db.execute(
            """
            INSERT INTO audit.checkpoint (size, root, note)
            SELECT size, \(pinned.root.bytes), \(kept.note) FROM (\(explained)) AS head
            ON CONFLICT (size) DO NOTHING
            """)
    }

    private var explained: SQL {
        """
        SELECT size FROM audit.head WHERE size = \(pinned.size)
            AND (SELECT coalesce(max(size), 0) FROM audit.checkpoint) >= \(kept.previousSize)
            AND (SELECT coalesce(max(size), 0) FROM audit.checkpoint) < \(pinned.size)
        """
    }
}

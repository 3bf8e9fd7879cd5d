// Signs checkpoints of what is committed and stores them; they are shown when they cannot vanish (I5).
//
// For each new size, in this order:
//   1. sign the head as it was committed          — a crash leaves a signature nobody has seen
//   2. store the checkpoint in the database       — a crash leaves it stored; the next round finds it
// and then, in the follower of every instance:
//   3. verify it against the entries, and pin it  — a crash leaves the pin behind, never ahead
//   4. show it
// The pin is flushed before anybody sees the checkpoint; the row in the database is with the next batch.
// If PostgreSQL crashes between, the tree is there and the row is not: the same note is stored again.
// If another instance has stored the same size, its note is taken over, provided it has our root.

internal import Cryptography
internal import Database
internal import Governance
package import TransparencyLog

/// The checkpoint that is shown.
package struct Published: Sendable, Hashable {
    package let checkpoint: Checkpoint
    /// The signed note, as served.
    package let note: [UInt8]
}

/// Publishes checkpoints of one log.
final class Publisher: Sendable {
    private let origin: String
    private let signer: NoteSigner
    private let roots: RootKeeper

    init(signer: NoteSigner, roots: RootKeeper) {
        origin = roots.history.latest.origin
        self.signer = signer
        self.roots = roots
    }

    /// Publishes the head and answers it as stored; throws `SequencingError.inconsistent` when another
    /// note exists for its size, or when a root within the tree does not certify this log key.
    func publish(
        _ range: CompactRange, through connection: DedicatedConnection
    ) async throws -> Published {
        let checkpoint = try Checkpoint(origin: origin, size: range.size, root: range.root)
        let note = try checkpoint.signed(by: [signer]).bytes
        let known = roots.current.version
        let inserted = try await connection.transaction(.writeUnflushed) { db in
            try db.execute(
                """
                INSERT INTO audit.checkpoint (size, root, note)
                SELECT \(checkpoint.size), \(checkpoint.root.bytes), \(note)
                WHERE NOT EXISTS (SELECT FROM registry.trust_root WHERE version > \(known))
                ON CONFLICT (size) DO NOTHING
                """)
        }
        if inserted == 1 { return Published(checkpoint: checkpoint, note: note) }
        let stored = try await connection.transaction { db in
            try checkKey(db, after: known)
            try db.execute(
                """
                INSERT INTO audit.checkpoint (size, root, note)
                VALUES (\(checkpoint.size), \(checkpoint.root.bytes), \(note))
                ON CONFLICT (size) DO NOTHING
                """)
            return try db.one(
                "SELECT note FROM audit.checkpoint WHERE size = \(checkpoint.size)",
                as: [UInt8].self)
        }
        guard let opened = roots.openWithAny(stored), opened.root == checkpoint.root else {
            throw SequencingError.inconsistent(
                "the checkpoint stored for size \(checkpoint.size) is not one of this tree")
        }
        return Published(checkpoint: opened, note: stored)
    }

    /// The tree may hold a root that the follower has not read yet, because it waits for this checkpoint.
    private func checkKey(_ db: borrowing Connection, after version: Int64) throws {
        let later = try db.all(
            """
            SELECT d.bytes FROM registry.trust_root r
            JOIN audit.document d ON d.sha256 = r.document
            WHERE r.version > \(version) ORDER BY r.version
            """, as: [UInt8].self)
        let vkey = signer.verifierKey.text
        guard roots.certifies(vkey, after: later) else {
            throw SequencingError.inconsistent(
                "the trust root in force does not certify this instance's log key \(vkey)")
        }
    }
}

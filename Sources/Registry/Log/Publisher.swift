// Signs checkpoints of what is committed and stores them; they are shown when they cannot vanish (I5).
//
// For each new size, in this order:
//   1. sign the head as it was committed          — a crash leaves a signature nobody has seen
//   2. store the checkpoint in the database       — a crash leaves it stored; the next round finds it
// and then, in the follower of every instance:
//   3. verify it against the entries, and replace the pin — a crash leaves the pin behind, never ahead
//   4. show it
// If another instance has stored the same size, its note is taken over, provided it has our root.

internal import Cryptography
internal import Database
internal import Governance
internal import Synchronization
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
    private let logKeys: [VerifierKey]

    init(origin: String, signer: NoteSigner, logKeys: [VerifierKey]) {
        self.origin = origin
        self.signer = signer
        self.logKeys = logKeys
    }

    /// Publishes the head and answers it as stored; throws `SequencingError.inconsistent` when another
    /// note exists for its size.
    func publish(
        _ range: CompactRange, through connection: DedicatedConnection
    ) async throws -> Published {
        let checkpoint = try Checkpoint(origin: origin, size: range.size, root: range.root)
        let note = try checkpoint.signed(by: [signer]).bytes
        // A statement by itself commits by itself: one round trip, and one flush.
        let stored = try await connection.withConnection { db -> [UInt8]? in
            let inserted = try db.execute(
                """
                INSERT INTO audit.checkpoint (size, root, note)
                VALUES (\(checkpoint.size), \(checkpoint.root.bytes), \(note))
                ON CONFLICT (size) DO NOTHING
                """)
            guard inserted == 0 else { return nil }
            return try db.one(
                "SELECT note FROM audit.checkpoint WHERE size = \(checkpoint.size)",
                as: [UInt8].self)
        }
        guard let stored else { return Published(checkpoint: checkpoint, note: note) }
        let verdict = Checkpoint.open(stored, origin: origin, logKeys: logKeys)
        guard let opened = verdict.checkpoint, opened.checkpoint.root == checkpoint.root else {
            throw SequencingError.inconsistent(
                "the checkpoint stored for size \(checkpoint.size) is not one of this tree")
        }
        return Published(checkpoint: opened.checkpoint, note: stored)
    }
}

// The right edge of the log in the database.

package import Cryptography
package import Database
internal import Governance
package import TransparencyLog

/// The head row.
package struct LogHead: Sendable, RowDecodable {
    package let origin: String
    /// The append state of the tree; its size is the number of leaves.
    package let range: CompactRange
    /// The hash chain at the last leaf.
    package let chain: SHA256Digest
    /// Which sequencer may write: the fence.
    package let epoch: Int64

    package init(row: inout Row) throws(DatabaseError) {
        origin = try row.next()
        let size: Int64 = try row.next()
        let compact: [UInt8] = try row.next()
        let chain: [UInt8] = try row.next()
        epoch = try row.next()
        guard let range = try? CompactRange(decoding: compact), range.size == size,
            let chain = SHA256Digest(bytes: chain)
        else { throw DatabaseError(.decoding, "audit.head does not hold a compact range") }
        self.range = range
        self.chain = chain
    }

    private static let columns: SQL = "SELECT origin, size, compact, chain, epoch FROM audit.head"

    /// The head as it is.
    package static func load(_ db: borrowing Connection) throws -> LogHead? {
        try db.oneOrNil(columns, as: LogHead.self)
    }

    /// Asks for the head, locked against every other sequencer; for none while the queue is empty,
    /// because a lock would be written to disk.
    static var lockingWhenNeeded: Query<LogHead?> {
        Ask.oneOrNil("\(columns) WHERE EXISTS (SELECT FROM audit.pending) FOR UPDATE")
    }

    /// The head, locked against every other sequencer.
    static func lock(_ db: borrowing Connection) throws -> LogHead? {
        try db.oneOrNil("\(columns) FOR UPDATE", as: LogHead.self)
    }
}

/// Why a batch was not integrated.
package enum SequencingError: Error, Sendable {
    /// Another sequencer took over.
    case deposed
    /// A newer release writes into this log: it has to lead.
    case tooOld(String)
    /// What is stored is not what this process left there.
    case inconsistent(String)
}

// The right edge of the log in the database, and the one transaction that moves it.

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

    /// The head, locked against every other sequencer.
    static func lock(_ db: borrowing Connection) throws -> LogHead? {
        try db.oneOrNil("\(columns) FOR UPDATE", as: LogHead.self)
    }
}

/// Why a batch was not integrated.
package enum SequencingError: Error, Sendable {
    /// Another sequencer took over.
    case deposed
    /// What is stored is not what this process left there.
    case inconsistent(String)
}

/// Takes queue rows into the tree.
struct Integrator: Sendable {
    let epoch: Int64
    /// Most entries of one transaction.
    let batchLimit: Int64
    /// Whether an entry carries a valid signature of a service instance.
    let isAuthentic: @Sendable (_ bytes: [UInt8], _ leafHash: SHA256Digest) -> Bool

    /// What one transaction did.
    struct Batch: Sendable {
        /// The head afterwards.
        let range: CompactRange
        /// How many entries were taken in.
        let count: Int
    }

    /// One batch. A crash before its commit leaves the queue as it was; after it, all is done.
    func integrate(
        expecting expected: CompactRange, skipping refused: [Int64], _ db: borrowing Connection
    ) throws -> Batch {
        guard let head = try LogHead.lock(db) else {
            throw SequencingError.inconsistent("audit.head has no row")
        }
        guard head.epoch == epoch else { throw SequencingError.deposed }
        guard head.range == expected else {
            throw SequencingError.inconsistent(
                "audit.head is at size \(head.range.size), root \(head.range.root); this sequencer "
                    + "left it at size \(expected.size), root \(expected.root)")
        }
        // All visible queue rows in insert-id order: an entry that saw another has the higher id.
        let taken = try db.all(
            """
            WITH taken AS (
                DELETE FROM audit.pending WHERE entry_id IN (
                    SELECT entry_id FROM audit.pending WHERE entry_id <> ALL(\(refused))
                    ORDER BY entry_id LIMIT \(batchLimit))
                RETURNING entry_id)
            SELECT taken.entry_id, e.bytes, e.leaf_hash, placed.index IS NOT NULL
            FROM taken LEFT JOIN audit.entry e ON e.id = taken.entry_id
            LEFT JOIN LATERAL (SELECT l.index FROM audit.leaf l
                               WHERE l.leaf_hash = e.leaf_hash LIMIT 1) placed ON true
            ORDER BY taken.entry_id
            """, as: (Int64, [UInt8]?, [UInt8]?, Bool).self)
        guard !taken.isEmpty else { return Batch(range: head.range, count: 0) }
        var ids: [Int64] = []
        var leaves: [SHA256Digest] = []
        var newlyRefused: [Int64] = []
        var seen: Set<SHA256Digest> = []
        for (id, bytes, stored, isPlaced) in taken {
            guard let bytes, let stored else {
                throw SequencingError.inconsistent(
                    "audit.pending names entry \(id), which is missing")
            }
            // The bytes as stored are hashed again: what is signed is what is there.
            let leaf = MerkleTree.leafHash(of: bytes)
            guard leaf.bytes == stored else {
                throw SequencingError.inconsistent("entry \(id) does not hash to its leaf_hash")
            }
            // An entry that has its place already is a replay: signed, but said once only.
            guard !isPlaced, seen.insert(leaf).inserted, isAuthentic(bytes, leaf) else {
                newlyRefused.append(id)
                continue
            }
            ids.append(id)
            leaves.append(leaf)
        }
        if !newlyRefused.isEmpty { throw Refused(ids: newlyRefused) }
        let growth = try grow(head.range, leaves, db)
        try save(growth, from: head, ids: ids, leaves: leaves, db)
        return Batch(range: growth.range, count: ids.count)
    }

    /// Entries that must stay out; the transaction is undone and tried again without them.
    struct Refused: Error {
        let ids: [Int64]
    }

    private func grow(
        _ range: CompactRange, _ leaves: [SHA256Digest], _ db: borrowing Connection
    ) throws -> TileGrowth {
        let edge = try TileID.rightEdge(of: range.size)
        let stored = try LogTiles.load(edge, db)
        let tiles = try zip(edge, stored).map { id, bytes in
            try Tile(level: id.level, number: id.number, bytes: bytes)
        }
        do {
            return try TileGrowth(extending: range, rightEdge: tiles, with: leaves)
        } catch {
            throw SequencingError.inconsistent("the stored tiles do not fit the head: \(error)")
        }
    }

    private func save(
        _ growth: TileGrowth, from head: LogHead, ids: [Int64], leaves: [SHA256Digest],
        _ db: borrowing Connection
    ) throws {
        var chain = head.chain
        var chains: [[UInt8]] = []
        chains.reserveCapacity(leaves.count)
        for leaf in leaves {
            chain = HashChain.next(chain, leaf)
            chains.append(chain.bytes)
        }
        let indexes = (head.range.size..<growth.newSize).map(\.self)
        try db.executeBatch([
            """
            INSERT INTO audit.leaf (index, entry_id, leaf_hash, chain_hash)
            SELECT * FROM unnest(\(indexes), \(ids), \(leaves.map(\.bytes)), \(chains))
            """,
            """
            INSERT INTO audit.tile (level, number, hashes)
            SELECT * FROM unnest(\(growth.tiles.map { Int64($0.id.level) }),
                                 \(growth.tiles.map(\.id.number)), \(growth.tiles.map(\.bytes)))
            ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes
            """,
            """
            UPDATE audit.head SET size = \(growth.newSize), compact = \(growth.range.encoded),
                                  chain = \(chain.bytes)
            """,
        ])
    }
}

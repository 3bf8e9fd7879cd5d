// The one transaction that moves the right edge of the log.

internal import Cryptography
internal import Database
internal import TransparencyLog

/// Takes queue rows into the tree.
struct Integrator: Sendable {
    let epoch: Int64
    /// Most entries of one transaction, and most of their bytes.
    let batchLimit: Int64
    let batchBytes: Int64
    /// Whether an entry carries a valid signature of a service instance.
    let isAuthentic: @Sendable (_ bytes: [UInt8], _ leafHash: SHA256Digest) -> Bool
    /// The kind of a signed entry, when this release does not know it.
    let kindUnknown: @Sendable (_ bytes: [UInt8]) -> String?

    /// An entry with its place.
    struct Placed: Sendable {
        let index: Int64
        let entryID: Int64
        let bytes: [UInt8]
    }

    /// What one transaction did.
    struct Batch: Sendable {
        /// The head afterwards.
        let range: CompactRange
        /// What was taken in, in order.
        let entries: [Placed]
        /// The tiles at the right edge before, and those that came or changed.
        let tiles: [Tile]
    }

    /// One batch. A crash before its commit leaves the queue as it was; after it, all is done.
    func integrate(
        expecting expected: CompactRange, skipping refused: [Int64], _ db: borrowing Connection
    ) throws -> Batch {
        // One round trip, three statements: each sees what was committed when it began, so the queue
        // is read after the head is locked.
        let edge = try TileID.rightEdge(of: expected.size)
        let (locked, taken, stored) = try db.pipeline(
            LogHead.lockingWhenNeeded, Ask.all(take(skipping: refused), as: Taken.self),
            LogTiles.question(edge))
        if locked == nil, taken.isEmpty { return Batch(range: expected, entries: [], tiles: []) }
        // The queue was empty a moment ago: then the lock comes after the rows, and fences as well.
        guard let head = try locked ?? LogHead.lock(db) else {
            throw SequencingError.inconsistent("audit.head has no row")
        }
        guard head.epoch == epoch else { throw SequencingError.deposed }
        guard head.range == expected else {
            throw SequencingError.inconsistent(
                "audit.head is at size \(head.range.size), root \(head.range.root); this sequencer "
                    + "left it at size \(expected.size), root \(expected.root)")
        }
        guard !taken.isEmpty else { return Batch(range: head.range, entries: [], tiles: []) }
        var entries: [Placed] = []
        var leaves: [SHA256Digest] = []
        var newlyRefused: [Int64] = []
        var seen: Set<SHA256Digest> = []
        for row in taken {
            let id = row.entryID
            guard let bytes = row.bytes, let stored = row.leafHash else {
                throw SequencingError.inconsistent(
                    "audit.pending names entry \(id), which is missing")
            }
            // The bytes as stored are hashed again: what is signed is what is there.
            let leaf = MerkleTree.leafHash(of: bytes)
            guard leaf.bytes == stored else {
                throw SequencingError.inconsistent("entry \(id) does not hash to its leaf_hash")
            }
            // An entry that has its place already is a replay: signed, but said once only.
            guard !row.isPlaced, seen.insert(leaf).inserted, isAuthentic(bytes, leaf) else {
                // Left out, it would come after those that have seen it: a newer release must lead.
                if let kind = kindUnknown(bytes) {
                    throw SequencingError.tooOld(
                        "entry \(id) is of the kind \(kind), which this release does not know")
                }
                newlyRefused.append(id)
                continue
            }
            entries.append(
                Placed(index: head.range.size + Int64(leaves.count), entryID: id, bytes: bytes))
            leaves.append(leaf)
        }
        if !newlyRefused.isEmpty { throw Refused(ids: newlyRefused) }
        let tiles = try zip(edge, LogTiles.arrange(stored, as: edge)).map { id, bytes in
            try Tile(level: id.level, number: id.number, bytes: bytes)
        }
        let growth: TileGrowth
        do {
            growth = try TileGrowth(extending: head.range, rightEdge: tiles, with: leaves)
        } catch {
            throw SequencingError.inconsistent("the stored tiles do not fit the head: \(error)")
        }
        try save(growth, from: head, ids: entries.map(\.entryID), leaves: leaves, db)
        return Batch(range: growth.range, entries: entries, tiles: tiles + growth.tiles)
    }

    /// All visible queue rows in insert-id order: an entry that saw another has the higher id.
    private func take(skipping refused: [Int64]) -> SQL {
        """
        WITH queue AS (
            SELECT p.entry_id, sum(octet_length(e.bytes)) OVER (ORDER BY p.entry_id) AS total
            FROM (SELECT entry_id FROM audit.pending WHERE entry_id <> ALL(\(refused))
                  ORDER BY entry_id LIMIT \(batchLimit)) p
            LEFT JOIN audit.entry e ON e.id = p.entry_id),
        taken AS (
            DELETE FROM audit.pending WHERE entry_id IN (
                SELECT entry_id FROM queue WHERE total IS NULL OR total <= \(batchBytes))
            RETURNING entry_id)
        SELECT taken.entry_id, e.bytes, e.leaf_hash, placed.index IS NOT NULL
        FROM taken LEFT JOIN audit.entry e ON e.id = taken.entry_id
        LEFT JOIN LATERAL (SELECT l.index FROM audit.leaf l
                           WHERE l.leaf_hash = e.leaf_hash LIMIT 1) placed ON true
        ORDER BY taken.entry_id
        """
    }

    /// One queue row with its entry.
    private struct Taken: RowDecodable, Sendable {
        let entryID: Int64
        let bytes: [UInt8]?
        let leafHash: [UInt8]?
        /// Whether the log holds these bytes already.
        let isPlaced: Bool

        init(row: inout Row) throws(DatabaseError) {
            entryID = try row.next()
            bytes = try row.nextOptional()
            leafHash = try row.nextOptional()
            isPlaced = try row.next()
        }
    }

    /// Entries that must stay out; the transaction is undone and tried again without them.
    struct Refused: Error {
        let ids: [Int64]
    }

    /// So many rows are cheaper by COPY, which costs a round trip of its own.
    private static let copiedFrom = 256

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
        var statements: [SQL] = []
        if leaves.count < Self.copiedFrom {
            let indexes = (head.range.size..<growth.newSize).map(\.self)
            statements.append(
                """
                INSERT INTO audit.leaf (index, entry_id, leaf_hash, chain_hash)
                SELECT * FROM unnest(\(indexes), \(ids), \(leaves.map(\.bytes)), \(chains))
                """)
        } else {
            try db.copyRowsIn(
                """
                COPY audit.leaf (index, entry_id, leaf_hash, chain_hash)
                FROM STDIN (FORMAT binary)
                """
            ) { rows in
                for place in leaves.indices {
                    try rows.row(
                        head.range.size + Int64(place), ids[place], leaves[place].bytes,
                        chains[place])
                }
            }
        }
        statements += [
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
        ]
        try db.executeBatch(statements)
    }
}

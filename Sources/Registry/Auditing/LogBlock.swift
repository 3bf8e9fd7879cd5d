// A stretch of the log as stored: rows, entries, tiles of level 0 and checkpoints, read at once.

internal import Cryptography
internal import Database
internal import TransparencyLog

/// Two tiles' worth of places of the log.
struct LogBlock: Sendable {
    /// Most places in a block: even with the largest entries a block stays below 34 MB. Blocks end
    /// at multiples of it.
    static let length: Int64 = 512

    /// A row of audit.leaf with the entry that it names.
    struct LeafRow: Sendable {
        let index: Int64
        let entryID: Int64
        let leafHash: [UInt8]
        let chainHash: [UInt8]
        let bytes: [UInt8]?
        let entryHash: [UInt8]?
    }

    /// A row of audit.checkpoint.
    struct CheckpointRow: Sendable {
        let size: Int64
        let root: [UInt8]
        let note: [UInt8]
    }

    let start: Int64
    /// The place after its last one.
    let limit: Int64
    /// Rows by place; the first where the key has several.
    private(set) var rows: [LeafRow?]
    /// Places with more than one row.
    private(set) var duplicates: [Int64] = []
    /// The bytes of the tiles, by number.
    private(set) var tiles: [Int64: [UInt8]] = [:]
    private(set) var duplicateTiles: [Int64] = []
    /// Those of sizes start + 1 … start + length, ascending.
    let checkpoints: [CheckpointRow]
    /// Where the log ends; nil when it goes on in the next block.
    private(set) var end: Int64?
    /// Entries that no row leads to, found by the hash that tile or row has for their place.
    private(set) var recovered: [Int64: Recovered] = [:]

    /// An entry that was searched for.
    struct Recovered: Sendable {
        let entryID: Int64
        let bytes: [UInt8]
        let entryHash: [UInt8]?
    }

    /// Reads a block.
    ///
    /// - Parameters:
    ///   - headSize: where the head row says that the log ends.
    ///   - lookups: how often all entries may still be searched for a hash.
    init(
        from start: Int64, headSize: Int64, lookups: inout Int, _ db: borrowing Connection
    ) throws {
        self.start = start
        let limit = (start / Self.length + 1) * Self.length
        self.limit = limit
        rows = Array(repeating: nil, count: Int(limit - start))
        let stored = try db.all(
            """
            SELECT l.index, l.entry_id, coalesce(l.leaf_hash, ''), coalesce(l.chain_hash, ''),
                   e.bytes, e.leaf_hash
            FROM audit.leaf l LEFT JOIN audit.entry e ON e.id = l.entry_id
            WHERE l.index >= \(start) AND l.index < \(limit) ORDER BY l.index, l.entry_id
            """, as: (Int64, Int64, [UInt8], [UInt8], [UInt8]?, [UInt8]?).self)
        for row in stored {
            let place = Int(row.0 - start)
            if rows[place] != nil {
                duplicates.append(row.0)
                continue
            }
            rows[place] = LeafRow(
                index: row.0, entryID: row.1, leafHash: row.2, chainHash: row.3, bytes: row.4,
                entryHash: row.5)
        }
        let hashes = try db.all(
            """
            SELECT number, hashes FROM audit.tile
            WHERE level = 0 AND number >= \(start / 256) AND number < \((limit + 255) / 256)
            """, as: (Int64, [UInt8]).self)
        for (number, bytes) in hashes {
            if tiles[number] != nil { duplicateTiles.append(number) }
            tiles[number] = bytes
        }
        checkpoints = try db.all(
            """
            SELECT size, root, note FROM audit.checkpoint
            WHERE size > \(start) AND size <= \(limit) ORDER BY size
            """, as: (Int64, [UInt8], [UInt8]).self
        ).map { CheckpointRow(size: $0.0, root: $0.1, note: $0.2) }
        for index in start..<limit {
            let isKnown = rows[Int(index - start)] != nil
            // Beyond the head a row alone, or a tile alone, is no place of the log.
            let isPlace =
                index < headSize
                ? isKnown || tileHash(at: index) != nil : isKnown && tileHash(at: index) != nil
            if !isPlace {
                end = index
                break
            }
        }
        try recover(&lookups, db)
    }

    private mutating func recover(_ lookups: inout Int, _ db: borrowing Connection) throws {
        var missing: [SHA256Digest: Int64] = [:]
        for index in indexes {
            let row = rows[Int(index - start)]
            guard row?.bytes == nil else { continue }
            let hash = tileHash(at: index) ?? row.flatMap { SHA256Digest(bytes: $0.leafHash) }
            if let hash { missing[hash] = index }
        }
        guard !missing.isEmpty, lookups > 0 else { return }
        lookups -= 1
        let entries = try db.all(
            """
            SELECT id, bytes, leaf_hash FROM audit.entry
            WHERE leaf_hash = ANY(\(missing.keys.map(\.bytes))) ORDER BY id
            """, as: (Int64, [UInt8], [UInt8]).self)
        for (id, bytes, hash) in entries {
            guard let digest = SHA256Digest(bytes: hash), let index = missing[digest],
                recovered[index] == nil
            else { continue }
            recovered[index] = Recovered(entryID: id, bytes: bytes, entryHash: hash)
        }
    }

    /// What is to be examined: the entry of each place that has one, in order of the places.
    var entries: [[UInt8]?] {
        indexes.map { rows[Int($0 - start)]?.bytes ?? recovered[$0]?.bytes }
    }

    /// The places of the log in this block.
    var indexes: Range<Int64> { start..<(end ?? limit) }

    /// The hash that the tile of level 0 holds for a place.
    func tileHash(at index: Int64) -> SHA256Digest? {
        let offset = Int(index % 256) * 32
        guard let bytes = tiles[index / 256], bytes.count >= offset + 32 else { return nil }
        return SHA256Digest(bytes: bytes[offset..<offset + 32])
    }
}

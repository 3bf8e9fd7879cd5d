// Reads tiles from the database, all that are wanted at once.

package import Database
package import TransparencyLog

/// Stored tiles.
package enum LogTiles {
    /// The bytes of each tile, in the order asked for; a missing tile is an error.
    package static func load(
        _ ids: [TileID], _ db: borrowing Connection
    ) throws -> [[UInt8]] {
        guard !ids.isEmpty else { return [] }
        return try arrange(db.all(query(ids), as: StoredTile.self), as: ids)
    }

    /// One row of audit.tile.
    struct StoredTile: RowDecodable, Sendable {
        let level: Int64
        let number: Int64
        let hashes: [UInt8]

        init(row: inout Row) throws(DatabaseError) {
            level = try row.next()
            number = try row.next()
            hashes = try row.next()
        }
    }

    /// Asks for tiles, for a round trip that asks for other things too.
    static func question(_ ids: [TileID]) -> Query<[StoredTile]> { Ask.all(query(ids)) }

    private static func query(_ ids: [TileID]) -> SQL {
        """
        SELECT level, number, hashes FROM audit.tile
        JOIN unnest(\(ids.map { Int64($0.level) }), \(ids.map(\.number))) AS wanted (l, n)
            ON level = l AND number = n
        """
    }

    /// The bytes of each tile, in the order asked for; a missing tile is an error.
    static func arrange(
        _ rows: [StoredTile], as ids: [TileID]
    ) throws(ProofError) -> [[UInt8]] {
        var found: [Int64: [Int64: [UInt8]]] = [:]
        for row in rows { found[row.level, default: [:]][row.number] = row.hashes }
        var tiles: [[UInt8]] = []
        for id in ids {
            guard let bytes = found[Int64(id.level)]?[id.number] else {
                throw .tileMissing(level: id.level, number: id.number)
            }
            tiles.append(bytes)
        }
        return tiles
    }
}

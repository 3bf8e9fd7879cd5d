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
        let rows = try db.all(
            """
            SELECT level, number, hashes FROM audit.tile
            JOIN unnest(\(ids.map { Int64($0.level) }), \(ids.map(\.number))) AS wanted (l, n)
                ON level = l AND number = n
            """, as: (Int64, Int64, [UInt8]).self)
        var found: [Int64: [Int64: [UInt8]]] = [:]
        for (level, number, hashes) in rows { found[level, default: [:]][number] = hashes }
        return try ids.map { id in
            guard let bytes = found[Int64(id.level)]?[id.number] else {
                throw ProofError.tileMissing(level: id.level, number: id.number)
            }
            return bytes
        }
    }
}

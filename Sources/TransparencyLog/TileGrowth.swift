// What a sequencer does to the tree: old state and new leaf hashes in, changed tiles and new state
// out, in one pass.
//
// State: the compact range of the a present leaves (CompactRange.swift) and the partial tiles at the
// right edge (TileID.rightEdge). Both say the same in two ways, so they are compared first: a flipped
// bit in either would otherwise be signed (Yeti 2022 lost a log to one bit).
//
// Then, level by level, the new hashes are appended to the open tile of the level. A tile that
// reaches 256 hashes is closed; its root is a new hash of the next level. Levels without a new hash
// end the work. The compact range is not walked leaf by leaf where a tile closes: its subtrees below
// 2^8 leaves are dropped, each closed level-0 tile is appended as one perfect subtree of height 8,
// and what remains open is appended leaf by leaf. So a batch of n leaves costs about n node hashes.
//
// Worked example: 255 leaves and one more close tile/0/000 and open tile/1/000.p/1; the new compact
// range is the single root of the closed tile.

package import Cryptography

/// The result of appending leaves to a log.
package struct TileGrowth: Sendable {
    /// The number of leaves before.
    package let oldSize: Int64
    /// The compact range afterwards; its `size` is the number of leaves.
    package let range: CompactRange
    /// The root of the tree afterwards.
    package let root: SHA256Digest
    /// Every tile that came into being or changed, whole, ordered by level and number.
    package let tiles: [Tile]

    /// The number of leaves afterwards.
    package var newSize: Int64 { range.size }

    /// Appends `leafHashes` to the tree of `range`, whose partial tiles are `rightEdge`
    /// (`TileID.rightEdge(of: range.size)`, in any order).
    ///
    /// Throws `.tileMissing`, `.tileUnexpected`, `.tileBytes`, `.rightEdgeDisagrees` when the
    /// stored state is not whole, `.size` beyond the limit.
    package init(
        extending range: CompactRange, rightEdge: [Tile], with leafHashes: [SHA256Digest]
    ) throws(ProofError) {
        let (newSize, overflow) = range.size.addingReportingOverflow(Int64(leafHashes.count))
        guard !overflow, newSize <= LogLimits.treeSize else { throw .size(newSize) }
        let edge = try Self.checkedEdge(rightEdge, of: range)

        var grown = range
        var tiles: [Tile] = []
        var incoming = HashBytes.concatenated(leafHashes)
        var level = 0
        while !incoming.isEmpty {
            let count = TileID.hashCount(level: level, treeSize: range.size)
            let closed = Self.fill(
                level: level, number: count >> 8, open: edge[level] ?? [], with: incoming,
                into: &tiles)
            if level == 0 { Self.extend(&grown, by: leafHashes, closedTiles: closed) }
            incoming = closed
            level += 1
        }
        precondition(grown.size == newSize, "every leaf is counted once")
        oldSize = range.size
        self.range = grown
        root = grown.root
        self.tiles = tiles
    }

    /// The partial tiles by level, exactly those of the range, and of the same hashes.
    private static func checkedEdge(_ tiles: [Tile], of range: CompactRange) throws(ProofError)
        -> [Int: [UInt8]]
    {
        let wanted = try TileID.rightEdge(of: range.size)
        var edge: [Int: [UInt8]] = [:]
        for tile in tiles {
            guard let id = wanted.first(where: { $0.level == tile.id.level }),
                id.number == tile.id.number, edge[id.level] == nil
            else { throw .tileUnexpected(level: tile.id.level, number: tile.id.number) }
            // Wider would mean that tiles were written for leaves that the head does not know.
            guard id.width == tile.id.width else {
                throw .tileBytes(
                    level: id.level, number: id.number, expectedAtLeast: 32 * id.width,
                    found: tile.bytes.count)
            }
            edge[id.level] = tile.bytes
        }
        for id in wanted where edge[id.level] == nil {
            throw .tileMissing(level: id.level, number: id.number)
        }
        guard try CompactRange(size: range.size, from: TileSet(tiles)) == range else {
            throw .rightEdgeDisagrees(treeSize: range.size)
        }
        return edge
    }

    /// Appends hashes to the open tile of a level, and gives the roots of the tiles that closed.
    private static func fill(
        level: Int, number: Int64, open: [UInt8], with incoming: [UInt8], into tiles: inout [Tile]
    ) -> [UInt8] {
        let fullBytes = 32 * TileID.fullWidth
        var number = number
        var bytes = open
        var closed: [UInt8] = []
        var position = 0
        while position < incoming.count {
            let end = min(incoming.count, position + fullBytes - bytes.count)
            bytes += incoming[position..<end]
            position = end
            guard bytes.count == fullBytes else { break }
            let root = HashBytes.perfectRoot(in: bytes, firstByte: 0, count: TileID.fullWidth)
            HashBytes.append(root, to: &closed)
            tiles.append(Tile(built: level, number, bytes))
            number += 1
            bytes = []
        }
        if !bytes.isEmpty { tiles.append(Tile(built: level, number, bytes)) }
        return closed
    }

    /// Extends the compact range by leaves, of which those in closed tiles are known by their roots.
    private static func extend(
        _ range: inout CompactRange, by leafHashes: [SHA256Digest], closedTiles: [UInt8]
    ) {
        var open = leafHashes[...]
        if !closedTiles.isEmpty {
            let rest = Int((range.size + Int64(leafHashes.count)) & 255)
            open = leafHashes.suffix(rest)
            range.removeSubtrees(below: 8)
            for root in HashBytes.digests(in: closedTiles) {
                range.append(subtree: root, height: 8)
            }
        }
        for leafHash in open { range.append(leafHash) }
    }
}

// Tiles: the tree cut into files of 256 hashes that never change once they are full
// (c2sp.org/tlog-tiles 0.1.0, tile height 8).
//
// Tile (level l, number n) holds, for i = 0 … 255, the hash
//     MTH(D[(256·n + i)·256^l : (256·n + i + 1)·256^l]),
// that is: level 0 holds the leaf hashes, and each hash of level l + 1 is the root of one full tile
// of level l. A full tile has 256 · 32 = 8,192 bytes.
//
// A tree of s leaves has floor(s / 256^l) hashes at level l. The last tile of a level is *partial*
// with width w = floor(s / 256^l) mod 256, unless that is 0, in which case there is none. A tile of
// width w is a prefix of every later form of itself.
//
// Growing from a to b leaves changes, at every level l where floor(b / 256^l) > floor(a / 256^l),
// the tiles floor(a / 256^l) / 256 … (floor(b / 256^l) − 1) / 256 and no other.
//
// Paths: "tile/<L>/<N>" and, for a partial tile, "tile/<L>/<N>.p/<W>". L is 0 … 63 and W 1 … 255,
// decimal without leading zeros. N is written in groups of three digits, all but the last of them
// preceded by "x", with no more groups than needed: 1234067 is "x001/x234/067", 0 is "000".
// Bundles of entries lie beside them: "tile/entries/<N>[.p/<W>]".
//
// Worked example: 70,000 leaves are 273 full tiles and tile/0/273.p/112, one full tile/1/000 and
// tile/1/001.p/17, and tile/2/000.p/1.

/// The place and width of a tile of hashes.
package struct TileID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The number of hashes of a full tile.
    package static let fullWidth = 256
    /// The highest level that a path can name (tlog-tiles.md).
    package static let maximumLevel = 63
    /// The highest tile number: its last hash has an index within `Int64`.
    package static let maximumNumber = Int64.max / 256

    /// The level: 0 holds leaf hashes.
    package let level: Int
    /// The zero-based position of the tile within its level.
    package let number: Int64
    /// The number of hashes, 1 … 256; fewer than 256 is a partial tile.
    package let width: Int

    /// A tile by its place; nil when a number is out of range.
    package init?(level: Int, number: Int64, width: Int = TileID.fullWidth) {
        guard (0...Self.maximumLevel).contains(level), (0...Self.maximumNumber).contains(number),
            (1...Self.fullWidth).contains(width)
        else { return nil }
        self.init(unchecked: level, number, width)
    }

    /// A tile whose numbers follow from a checked tree size.
    init(unchecked level: Int, _ number: Int64, _ width: Int) {
        self.level = level
        self.number = number
        self.width = width
    }

    /// True when hashes are still to be added.
    package var isPartial: Bool { width < Self.fullWidth }

    /// The path of tlog-tiles.md, without a leading slash.
    package var path: String { "tile/\(level)/" + TilePath.encode(number: number, width: width) }

    package var description: String { path }

    /// Reads a path as `path` writes it, and nothing else.
    package init?(path: String) {
        guard case .hashes(let id) = TilePath(path) else { return nil }
        self = id
    }

    package static func < (left: TileID, right: TileID) -> Bool {
        (left.level, left.number, left.width) < (right.level, right.number, right.width)
    }
}

extension TileID {
    /// The number of hashes at `level` in a tree of `treeSize` leaves: floor(size / 256^level).
    static func hashCount(level: Int, treeSize: Int64) -> Int64 {
        level > 7 ? 0 : treeSize >> Int64(8 * level)
    }

    /// The tile at a place as it is in a tree of `treeSize` leaves; nil when it has no hash there.
    package static func inTree(of treeSize: Int64, level: Int, number: Int64) -> TileID? {
        guard (0...maximumLevel).contains(level), (0...maximumNumber).contains(number) else {
            return nil
        }
        let width = min(256, hashCount(level: level, treeSize: treeSize) - number * 256)
        return width > 0 ? TileID(unchecked: level, number, Int(width)) : nil
    }

    /// Whether a log that has published `treeSize` leaves can serve this tile.
    ///
    /// Partial widths up to the present one may belong to an earlier published size.
    package func exists(inTreeOf treeSize: Int64) -> Bool {
        guard let now = Self.inTree(of: treeSize, level: level, number: number) else {
            return false
        }
        return width <= now.width
    }

    /// The partial tiles at the right edge of a tree: what a sequencer must read before it appends,
    /// and all that is needed to compute the root.
    ///
    /// At most one a level, lowest level first.
    package static func rightEdge(of treeSize: Int64) throws(ProofError) -> [TileID] {
        try MerkleTree.check(size: treeSize)
        return (0...7).compactMap { level in
            let count = hashCount(level: level, treeSize: treeSize)
            let width = Int(count & 255)
            return width == 0 ? nil : TileID(unchecked: level, count >> 8, width)
        }
    }

    /// The tiles that come into being or change when a tree grows, with their widths afterwards,
    /// ordered by level and number.
    package static func changed(from oldSize: Int64, to newSize: Int64) throws(ProofError)
        -> [TileID]
    {
        try MerkleTree.check(size: oldSize)
        try MerkleTree.check(size: newSize)
        guard oldSize <= newSize else {
            throw .sizesDescend(oldSize: oldSize, newSize: newSize)
        }
        var tiles: [TileID] = []
        for level in 0...7 {
            let old = hashCount(level: level, treeSize: oldSize)
            let new = hashCount(level: level, treeSize: newSize)
            guard new > old else { break }
            for number in (old >> 8)...((new - 1) >> 8) {
                let width = Int(min(256, new - number * 256))
                tiles.append(TileID(unchecked: level, number, width))
            }
        }
        return tiles
    }
}

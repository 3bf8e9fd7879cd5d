// The bytes of tiles, and the hashes of perfect subtrees computed from them.

package import Cryptography

/// A tile of hashes with its bytes, 32 for each hash.
package struct Tile: Sendable, Hashable {
    /// Level, number, and the width that follows from the bytes.
    package let id: TileID
    /// The hashes one after another.
    package let bytes: [UInt8]

    /// A tile as it is stored: its width follows from the number of bytes.
    ///
    /// Throws `.tileBytes`.
    package init(level: Int, number: Int64, bytes: [UInt8]) throws(ProofError) {
        guard bytes.count % 32 == 0,
            let id = TileID(level: level, number: number, width: bytes.count / 32)
        else {
            throw .tileBytes(level: level, number: number, expectedAtLeast: 32, found: bytes.count)
        }
        self.id = id
        self.bytes = bytes
    }

    /// A tile whose bytes were just built.
    init(built level: Int, _ number: Int64, _ bytes: [UInt8]) {
        id = TileID(unchecked: level, number, bytes.count / 32)
        self.bytes = bytes
    }

    /// The hash at a position below `id.width`.
    package func hash(at position: Int) -> SHA256Digest {
        precondition((0..<id.width).contains(position), "a tile has no hash beyond its width")
        return HashBytes.digest(in: bytes, at: 32 * position)
    }

    /// Only the first `width` hashes: the tile as a smaller published tree had it; nil when this
    /// tile is narrower.
    package func prefix(width: Int) -> Tile? {
        guard (1...id.width).contains(width) else { return nil }
        return Tile(built: id.level, id.number, Array(bytes.prefix(32 * width)))
    }
}

/// A perfect subtree: the 2^height leaves from position · 2^height on.
struct Subtree: Hashable {
    let height: Int
    let position: Int64

    /// The tile that holds the hashes under (or at) the top of this subtree.
    func tile(treeSize: Int64) -> TileID {
        let level = height / 8
        let number = (position << Int64(height % 8)) >> 8
        let width = min(256, TileID.hashCount(level: level, treeSize: treeSize) - number * 256)
        precondition(width > 0, "a subtree of a tree lies in a tile of that tree")
        return TileID(unchecked: level, number, Int(width))
    }

    /// The perfect subtrees that make up these leaves, from left to right.
    ///
    /// The largest that starts at the lower bound and does not pass the upper one comes first.
    static func covering(_ leaves: Range<Int64>) -> [Subtree] {
        var subtrees: [Subtree] = []
        var start = leaves.lowerBound
        while start < leaves.upperBound {
            let room = 63 - (leaves.upperBound - start).leadingZeroBitCount
            let height = start == 0 ? room : min(room, start.trailingZeroBitCount)
            subtrees.append(Subtree(height: height, position: start >> Int64(height)))
            start += 1 << Int64(height)
        }
        return subtrees
    }
}

/// The tiles that a computation asked for, found by their place.
package struct TileSet: Sendable {
    private struct Place: Hashable {
        let level: Int
        let number: Int64
    }

    private var bytes: [Place: [UInt8]] = [:]

    /// What a reader answered, in the order of `ids`; each may be wider than asked for, as storage
    /// holds the present form of a tile.
    ///
    /// Throws `.tileCount`, `.tileBytes`.
    package init(_ ids: [TileID], _ answers: [[UInt8]]) throws(ProofError) {
        guard ids.count == answers.count else {
            throw .tileCount(expected: ids.count, found: answers.count)
        }
        bytes.reserveCapacity(ids.count)
        for (id, answer) in zip(ids, answers) {
            guard answer.count % 32 == 0, answer.count >= 32 * id.width,
                answer.count <= 32 * TileID.fullWidth
            else {
                throw .tileBytes(
                    level: id.level, number: id.number, expectedAtLeast: 32 * id.width,
                    found: answer.count)
            }
            bytes[Place(level: id.level, number: id.number)] = answer
        }
    }

    /// Tiles that carry their places.
    package init(_ tiles: [Tile]) {
        for tile in tiles {
            bytes[Place(level: tile.id.level, number: tile.id.number)] = tile.bytes
        }
    }

    /// The root of a perfect subtree.
    ///
    /// Throws `.tileMissing`, `.tileBytes`.
    func root(of subtree: Subtree) throws(ProofError) -> SHA256Digest {
        let level = subtree.height / 8
        let firstHash = subtree.position << Int64(subtree.height % 8)
        let offset = Int(firstHash & 255)
        let count = 1 << (subtree.height % 8)
        guard let tile = bytes[Place(level: level, number: firstHash >> 8)] else {
            throw .tileMissing(level: level, number: firstHash >> 8)
        }
        guard tile.count >= 32 * (offset + count) else {
            throw .tileBytes(
                level: level, number: firstHash >> 8, expectedAtLeast: 32 * (offset + count),
                found: tile.count)
        }
        return HashBytes.perfectRoot(in: tile, firstByte: 32 * offset, count: count)
    }

    /// MTH of a range of leaves as it appears in proofs.
    ///
    /// Throws `.tileMissing`, `.tileBytes`.
    func root(of leaves: Range<Int64>) throws(ProofError) -> SHA256Digest {
        var root: SHA256Digest?
        for subtree in Subtree.covering(leaves).reversed() {
            let left = try self.root(of: subtree)
            root = root.map { MerkleTree.nodeHash(left, $0) } ?? left
        }
        return root ?? MerkleTree.emptyRoot
    }
}

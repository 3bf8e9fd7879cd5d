// The tree, the hash chain and the upper tiles as they follow from leaf hashes alone.
//
// A tree of n leaves is kept as one compact range for the open tile of each level. A level that
// reaches 256 hashes has one root left, which is the next hash of the level above. The compact
// range of the whole is the ranges of all levels one after the other, the highest first, because n
// in binary is its digits to base 256 one after the other. So no node is hashed twice.
//
// Worked example: 70,000 = 1·65,536 + 17·256 + 112 leaves are ranges of 112, 17 and 1 hashes.

package import Cryptography
package import TransparencyLog

/// A log that grows leaf by leaf.
package struct GrowingTree: Sendable {
    /// A tile above level 0 that became full.
    package struct UpperTile: Sendable, Hashable {
        package let level: Int
        package let number: Int64
        /// The hashes one after another.
        package let bytes: [UInt8]
    }

    /// The number of leaves.
    package private(set) var size: Int64 = 0
    /// The hash chain at the last leaf.
    package private(set) var chain = HashChain.start
    /// Full tiles above level 0 that nobody has compared yet.
    package private(set) var closed: [UpperTile] = []
    private var levels: [CompactRange] = [CompactRange()]
    /// The hashes of the open tile of each level; level 0 is not kept.
    private var open: [[UInt8]] = [[]]

    package init() {}

    /// A log that grows on from the tiles at its right edge, each of which may be wider than the
    /// tree needs; nil when they are not those of a tree of this size.
    package init?(
        size: Int64, chain: SHA256Digest, rightEdge: [(id: TileID, bytes: [UInt8])]
    ) {
        self.size = size
        self.chain = chain
        let height = (size.bitWidth - size.leadingZeroBitCount + 7) / 8
        levels = Array(repeating: CompactRange(), count: max(1, height))
        open = Array(repeating: [], count: levels.count)
        for (id, bytes) in rightEdge {
            let width = 32 * id.width
            guard id.level < levels.count, bytes.count >= width else { return nil }
            for start in stride(from: 0, to: width, by: 32) {
                guard let hash = SHA256Digest(bytes: bytes[start..<start + 32]) else { return nil }
                levels[id.level].append(hash)
            }
            if id.level > 0 { open[id.level] = Array(bytes[..<width]) }
        }
        guard zip(levels.indices, levels).allSatisfy({ $1.size == size >> Int64(8 * $0) & 255 })
        else { return nil }
    }

    /// Appends one leaf.
    package mutating func append(_ leaf: SHA256Digest) {
        size += 1
        chain = HashChain.next(chain, leaf)
        push(leaf, level: 0)
    }

    private mutating func push(_ hash: SHA256Digest, level: Int) {
        if level == levels.count {
            levels.append(CompactRange())
            open.append([])
        }
        levels[level].append(hash)
        if level > 0 { hash.withUnsafeBytes { open[level].append(contentsOf: $0) } }
        guard levels[level].size == Int64(TileID.fullWidth) else { return }
        let root = levels[level].root
        levels[level] = CompactRange()
        if level > 0 {
            let number = (size >> Int64(8 * level + 8)) - 1
            closed.append(UpperTile(level: level, number: number, bytes: open[level]))
            open[level] = []
        }
        push(root, level: level + 1)
    }

    /// Hands over the full tiles above level 0.
    package mutating func takeClosed() -> [UpperTile] {
        defer { closed = [] }
        return closed
    }

    /// The open tiles above level 0, those with a hash.
    package var openTiles: [UpperTile] {
        levels.indices.dropFirst().filter { levels[$0].size > 0 }.map { level in
            UpperTile(level: level, number: size >> Int64(8 * level + 8), bytes: open[level])
        }
    }

    /// The compact range of the whole tree.
    package var range: CompactRange {
        let hashes = levels.reversed().flatMap(\.hashes)
        // The number of hashes is that of the set bits by construction; see the head of the file.
        return (try? CompactRange(size: size, hashes: hashes)) ?? CompactRange()
    }

    /// The root of the whole tree.
    package var root: SHA256Digest { range.root }
}

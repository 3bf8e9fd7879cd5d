import Cryptography
import Testing

@testable import TransparencyLog

@Suite struct TilePathTests {
    @Test(
        arguments: [
            ("tile/0/x001/x234/067", 0, 1_234_067, 256), ("tile/0/000", 0, 0, 256),
            ("tile/15/x455/667", 15, 455_667, 256),
            ("tile/15/x123/x456/789.p/41", 15, 123_456_789, 41),
            ("tile/63/999.p/255", 63, 999, 255),
            ("tile/1/x001/000.p/1", 1, 1_000, 1),
            ("tile/0/x036/x028/x797/x018/x963/967", 0, TileID.maximumNumber, 256),
        ] as [(String, Int, Int64, Int)])
    func `paths of tiles are written and read`(path: String, level: Int, number: Int64, width: Int)
        throws
    {
        let id = try #require(TileID(level: level, number: number, width: width))
        #expect(id.path == path)
        #expect(TileID(path: path) == id)
        #expect(TilePath(path) == .hashes(id))
    }

    @Test(
        arguments: [
            ("tile/entries/000.p/255", 251, 255), ("tile/entries/001.p/1", 256, 257),
            ("tile/entries/x123/x456/789", 123_456_789 * 256, 123_456_790 * 256),
        ] as [(String, Int64, Int64)])
    func `paths of bundles are written and read`(path: String, index: Int64, size: Int64) throws {
        let id = try #require(EntryBundleID(index: index, treeSize: size))
        #expect(id.path == path)
        #expect(TilePath(path) == .entries(id))
        #expect(id.indexes.contains(index))
        #expect(id.exists(inTreeOf: size))
        #expect(!id.exists(inTreeOf: (index >> 8) << 8))
    }

    @Test(arguments: [
        "", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000",
        "tile/00/000", "tile/01/000", "tile/64/000", "tile/-1/000", "tile/+1/000", "tile/a/000",
        "tile/0/x000", "tile/0/x000/001", "tile/0/x001", "tile/0/x001/x002", "tile/0/001/002",
        "tile/0/x01/002", "tile/0/x0001/002", "tile/0/X001/002", "tile/0/x001//002",
        "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01",
        "tile/0/000.p/-1", "tile/0/000.p/1/", "tile/0/000.p/1.p/1", "tile/0/000.q/1",
        "tile/0/.p/1", "tile/0/x001.p/067", "tile/0/x001.p/67", "tile/0/000/", "/tile/0/000",
        "tile/0/000?x", "tile/0/../000", "tile/0/000\n", "tile/0/٠٠٠", "tile/entries",
        "tile/data/000",
        "tile/8/0/x001/x234/067", "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/x036/x028/x797/x018/x963/968",
        "tile/0/x001/x001/x001/x001/x001/x001/x001/001", "Tile/0/000", "tiles/0/000",
        "tile/entries/0", "tile/entries/000.p/256", "tile/0/000.p/18446744073709551617",
    ])
    func `any other path is refused`(path: String) {
        #expect(TilePath(path) == nil)
        #expect(TileID(path: path) == nil)
    }

    @Test func `numbers out of range make no tile`() {
        #expect(TileID(level: 64, number: 0) == nil)
        #expect(TileID(level: -1, number: 0) == nil)
        #expect(TileID(level: 0, number: -1) == nil)
        #expect(TileID(level: 0, number: .max) == nil)
        #expect(TileID(level: 0, number: 0, width: 0) == nil)
        #expect(TileID(level: 0, number: 0, width: 257) == nil)
    }
}

@Suite struct TileGeometryTests {
    @Test func `70,000 leaves are the tiles of the worked example`() throws {
        let edge = try TileID.rightEdge(of: 70_000).map(\.path)
        #expect(edge == ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"])
        let all = try TileID.changed(from: 0, to: 70_000)
        #expect(all.count == 274 + 2 + 1)
        #expect(all.count { $0.level == 0 && !$0.isPartial } == 273)
        #expect(all.count { $0.level == 1 && !$0.isPartial } == 1)
    }

    @Test func `256 leaves are a full tile and one hash above it`() throws {
        #expect(
            try TileID.changed(from: 255, to: 256).map(\.path) == ["tile/0/000", "tile/1/000.p/1"])
        #expect(try TileID.rightEdge(of: 256).map(\.path) == ["tile/1/000.p/1"])
        #expect(TileID.inTree(of: 256, level: 0, number: 0)?.width == 256)
        #expect(TileID.inTree(of: 256, level: 0, number: 1) == nil)
    }

    @Test func `growth by nothing changes nothing, and a tree does not shrink`() throws {
        #expect(try TileID.changed(from: 300, to: 300).isEmpty)
        #expect(throws: ProofError.sizesDescend(oldSize: 5, newSize: 4)) {
            try TileID.changed(from: 5, to: 4)
        }
        #expect(throws: ProofError.size(-1)) { try TileID.rightEdge(of: -1) }
        #expect(throws: ProofError.size(.max)) { try TileID.rightEdge(of: .max) }
        #expect(try TileID.rightEdge(of: LogLimits.treeSize).map(\.level) == [7])
    }

    @Test func `a tile exists from the size that fills it to its width`() throws {
        let id = try #require(TileID(path: "tile/1/000.p/2"))
        #expect(!id.exists(inTreeOf: 511))
        #expect(id.exists(inTreeOf: 512))
        #expect(id.exists(inTreeOf: 70_000))
        #expect(!(try #require(TileID(path: "tile/15/000.p/1"))).exists(inTreeOf: 1 << 62))
    }
}

@Suite struct TileGrowthTests {
    /// Sizes around the edges of tiles of two levels.
    static let steps: [[Int]] = [
        [1, 1, 1], [255, 1, 1], [256, 256], [257, 255, 1], [100, 155, 1, 1, 255, 300],
        [65_535, 1, 1], [65_536, 1], [65_537], [65_280, 255, 1, 264], [0, 3, 0, 300],
    ]

    @Test(arguments: steps)
    func `tiles grown step by step are those built at once`(steps: [Int]) throws {
        let leaves = Big.leaves
        var store = TileStore()
        var size = 0
        for step in steps {
            let growth = try store.grow(Array(leaves[size..<(size + step)]))
            #expect(growth.oldSize == Int64(size))
            let changed = try TileID.changed(from: Int64(size), to: Int64(size + step))
            #expect(growth.tiles.map(\.id) == changed)
            size += step
            #expect(growth.newSize == Int64(size))
            let once = try TileStore(Array(leaves.prefix(size)))
            #expect(once.tiles == store.tiles)
            #expect(once.range == store.range)
            #expect(growth.root == NaiveTree(Array(leaves.prefix(size))).root(0..<size))
        }
    }

    @Test func `batches of changing size give the same tiles and range as single leaves`() throws {
        let leaves = testLeaves(1_400)
        var single = TileStore()
        var batched = TileStore()
        var range = CompactRange()
        var size = 0
        var step = 1
        while size < leaves.count {
            let end = min(leaves.count, size + step)
            try batched.grow(Array(leaves[size..<end]))
            for leaf in leaves[size..<end] {
                try single.grow([leaf])
                range.append(leaf)
            }
            size = end
            step = step * 7 % 311 + 1
            #expect(batched.tiles == single.tiles)
            #expect(batched.range == range)
            #expect(single.range == range)
        }
    }

    @Test func `a tile holds the roots of the definition`() throws {
        let store = Big.store
        let naive = Big.naive(65_800)
        let one = try Tile(
            level: 1, number: 0,
            bytes: try store.read([try #require(TileID(level: 1, number: 0))])[0])
        for position in [0, 1, 100, 255] {
            #expect(one.hash(at: position) == naive.root((256 * position)..<(256 * position + 256)))
        }
        let two = try store.read([try #require(TileID(level: 2, number: 0, width: 1))])[0]
        #expect(two == naive.root(0..<65_536).bytes)
        #expect(one.prefix(width: 7)?.bytes == Array(one.bytes.prefix(7 * 32)))
        #expect(one.prefix(width: 257) == nil)
    }

    @Test func `a flipped bit in the stored edge stops the sequencer`() throws {
        let leaves = testLeaves(700)
        for (level, byte) in [(0, 0), (0, 5_000), (1, 33)] {
            var store = try TileStore(leaves)
            store.flip(level: level, number: level == 0 ? 2 : 0, byte: byte)
            #expect(throws: ProofError.rightEdgeDisagrees(treeSize: 700)) {
                try store.grow([testLeaf(700)])
            }
        }
    }

    @Test func `an edge that is not that of the range is refused`() throws {
        let store = try TileStore(testLeaves(300))
        let ids = try TileID.rightEdge(of: 300)
        let tiles = try zip(ids, store.read(ids)).map {
            try Tile(level: $0.level, number: $0.number, bytes: $1)
        }
        func grow(_ edge: [Tile]) throws -> TileGrowth {
            try TileGrowth(extending: store.range, rightEdge: edge, with: [testLeaf(300)])
        }
        #expect(try grow(tiles.reversed()).newSize == 301)
        #expect(throws: ProofError.tileMissing(level: 1, number: 0)) { try grow([tiles[0]]) }
        #expect(throws: ProofError.tileUnexpected(level: 0, number: 1)) {
            try grow(tiles + [tiles[0]])
        }
        let wide = try Tile(level: 0, number: 1, bytes: tiles[0].bytes + tiles[1].bytes)
        #expect(throws: ProofError.self) { try grow([wide, tiles[1]]) }
        let elsewhere = try Tile(level: 0, number: 2, bytes: tiles[0].bytes)
        #expect(throws: ProofError.tileUnexpected(level: 0, number: 2)) {
            try grow([elsewhere, tiles[1]])
        }
        #expect(throws: ProofError.self) { try Tile(level: 0, number: 0, bytes: [1]) }
        #expect(throws: ProofError.self) { try Tile(level: 0, number: 0, bytes: []) }
    }

    @Test func `a hundred thousand leaves are appended within seconds`() throws {
        let leaves = testLeaves(100_000)
        var store = try TileStore(testLeaves(1_000))
        let time = try ContinuousClock().measure { try store.grow(leaves) }
        #expect(store.range.size == 101_000)
        // Measured with -O: 16 ms. The bound only catches quadratic work.
        #expect(time < .seconds(20))
    }
}

@Suite struct EntryBundleTests {
    @Test func `the worked example`() throws {
        let bytes = try EntryBundle.encode([Array("one".utf8), []])
        #expect(Hex.encode(bytes) == "00036f6e650000")
        #expect(try EntryBundle.decode(bytes) == [Array("one".utf8), []])
    }

    @Test func `256 entries of the largest size are read back`() throws {
        let entries = (0..<256).map { [UInt8](repeating: UInt8($0), count: $0 == 9 ? 65_535 : $0) }
        #expect(try EntryBundle.decode(EntryBundle.encode(entries)) == entries)
    }

    @Test func `too much, too little and cut bundles are refused`() throws {
        #expect(throws: EntryBundle.Failure.entryCount(0)) { try EntryBundle.encode([]) }
        #expect(throws: EntryBundle.Failure.entryCount(257)) {
            try EntryBundle.encode([[UInt8]](repeating: [], count: 257))
        }
        #expect(throws: EntryBundle.Failure.entryTooLarge(position: 1, bytes: 65_536)) {
            try EntryBundle.encode([[], [UInt8](repeating: 0, count: 65_536)])
        }
        let bytes = try EntryBundle.encode([Array("one".utf8), Array("two".utf8)])
        for count in bytes.indices where count != 5 {
            #expect(throws: EntryBundle.Failure.self) {
                try EntryBundle.decode(Array(bytes.prefix(count)))
            }
        }
        #expect(throws: EntryBundle.Failure.entryCount(257)) {
            try EntryBundle.decode([UInt8](repeating: 0, count: 2 * 257))
        }
    }
}

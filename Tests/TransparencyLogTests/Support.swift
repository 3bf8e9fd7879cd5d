// What several suites need: leaves, a store of tiles as a sequencer keeps it, the published vectors.

import Cryptography
import Testing

@testable import TransparencyLog

/// The leaf hash of the entry with this number as 4 bytes, big-endian.
func testLeaf(_ number: Int) -> SHA256Digest {
    MerkleTree.leafHash(of: HashBytes.bigEndian(UInt32(number)))
}

/// The first `count` test leaves.
func testLeaves(_ count: Int) -> [SHA256Digest] { (0..<count).map(testLeaf) }

/// The present bytes of every tile by (level, number), as the database keeps them.
struct TileStore {
    struct Place: Hashable {
        let level: Int
        let number: Int64
    }

    private(set) var tiles: [Place: [UInt8]] = [:]
    private(set) var range = CompactRange()

    init() {}

    init(_ leaves: [SHA256Digest]) throws { try grow(leaves) }

    /// Appends leaves as a sequencer does: reads the right edge, grows, writes the changed tiles.
    @discardableResult
    mutating func grow(_ leaves: [SHA256Digest]) throws -> TileGrowth {
        let edge = try TileID.rightEdge(of: range.size).map { id in
            let bytes = try #require(tiles[Place(level: id.level, number: id.number)])
            return try Tile(level: id.level, number: id.number, bytes: bytes)
        }
        let growth = try TileGrowth(extending: range, rightEdge: edge, with: leaves)
        for tile in growth.tiles {
            tiles[Place(level: tile.id.level, number: tile.id.number)] = tile.bytes
        }
        range = growth.range
        return growth
    }

    /// Answers for all tiles at once; the bytes may be wider than asked for.
    func read(_ ids: [TileID]) throws -> [[UInt8]] {
        try ids.map { try #require(tiles[Place(level: $0.level, number: $0.number)]) }
    }

    /// The same with one byte of one tile flipped.
    mutating func flip(level: Int, number: Int64, byte: Int) {
        tiles[Place(level: level, number: number)]?[byte] ^= 1
    }
}

func hex(_ text: String) throws -> SHA256Digest { try #require(SHA256Digest(hex: text)) }

func keyName(_ text: String) throws -> KeyName { try #require(KeyName(text)) }

/// The 8 entries of RFC 6962's test data and the roots of the trees of 0 … 8 of them
/// (transparency-dev/merkle testonly/constants.go).
enum Canonical {
    static let entries: [[UInt8]] = [
        [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43],
        Array(0x50...0x57), Array(0x60...0x6f),
    ]
    static let leaves = entries.map { MerkleTree.leafHash(of: $0) }
    static let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]
}

/// The log and the witness of our own vectors (Ed25519 seed of 32 zero bytes), cross-checked with
/// Go's x/mod, metamorphic-log and sigstore-python.
enum Example {
    static let logKey = "example.com/audit+72b50a8f+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
    static let witnessKey = "example.com/w1+cc5a83a6+BDtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
    static let text = "example.com/audit\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n"
    static let logLine =
        "— example.com/audit crUKj8Xv8sJO6hhEKwPgL7aAUWxq9Kl4TA3uXYAbM0L4d6AhkqSGWd3fq86V8pUcc7leTS4n"
        + "IWLy2A7KwJrKR/yVcws=\n"
    static let witnessLine =
        "— example.com/w1 zFqDpgAAAABlU/EAAROqaaGykslj2+6Kwr914IwnmjxMEEyPnZVJDKJ2OxqHNL0x1XKc8esQtCj"
        + "LrgpWVyx89zezD6UvWx65FE3tAQ==\n"

    static func seed(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 32) }

    static func logSigner() throws -> NoteSigner {
        try NoteSigner(name: keyName("example.com/audit"), key: PrivateKey(ed25519Seed: seed(0)))
    }

    static func cosigner(_ name: String = "example.com/w1", seed byte: UInt8 = 0) throws -> Cosigner
    {
        try Cosigner(name: keyName(name), key: PrivateKey(ed25519Seed: seed(byte)))
    }

    /// The checkpoint of 8 leaves with the log's line and, after it, the witness's.
    static var note: [UInt8] { Array((text + "\n" + logLine + witnessLine).utf8) }
}

import Cryptography
import Testing

@testable import TransparencyLog

@Suite struct ProofTests {
    @Test func `inclusion proofs of the published vectors`() throws {
        let store = try TileStore(Canonical.leaves)
        let proof = try InclusionProof.make(index: 5, treeSize: 8, readTiles: store.read)
        #expect(
            proof.hashes.map(\.hex) == [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ])
        #expect(proof.verify(leafHash: Canonical.leaves[5], root: try hex(Canonical.roots[8])))
        #expect(!proof.verify(leafHash: Canonical.leaves[4], root: try hex(Canonical.roots[8])))
        let small = try InclusionProof.make(index: 2, treeSize: 3, readTiles: store.read)
        #expect(small.hashes.map(\.hex) == [Canonical.roots[2]])
        #expect(small.verify(leafHash: Canonical.leaves[2], root: try hex(Canonical.roots[3])))
    }

    @Test func `consistency proofs of the published vectors`() throws {
        let store = try TileStore(Canonical.leaves)
        let (four, two) = (Canonical.roots[4], Canonical.roots[2])
        let middle = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
        let expected: [(Int64, Int64, [String])] = [
            (
                6, 8,
                ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a", middle, four]
            ),
            (4, 8, ["6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]),
            (
                3, 7,
                [
                    "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
                    "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7", two,
                    "837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e",
                ]
            ),
        ]
        for (old, new, hashes) in expected {
            let proof = try ConsistencyProof.make(oldSize: old, newSize: new, readTiles: store.read)
            #expect(proof.hashes.map(\.hex) == hashes)
            let verdict = proof.check(
                oldRoot: try hex(Canonical.roots[Int(old)]),
                newRoot: try hex(Canonical.roots[Int(new)]))
            #expect(verdict.holds)
        }
    }

    @Test func `the compact range stands for the right edge in every proof`() throws {
        let leaves = testLeaves(700)
        let store = try TileStore(leaves)
        var range = CompactRange()
        for size in 1...700 {
            range.append(leaves[size - 1])
            guard size < 140 || size % 37 == 0 || (510...515).contains(size) else { continue }
            for index in stride(from: 0, to: size, by: size < 70 ? 1 : 13) {
                let proof = try InclusionProof.make(
                    index: Int64(index), in: range, readTiles: store.read)
                #expect(
                    try proof
                        == InclusionProof.make(
                            index: Int64(index), treeSize: Int64(size), readTiles: store.read))
                let tiles = try InclusionProof.tiles(index: Int64(index), in: range)
                // No more than one a level: those on the path.
                #expect(Set(tiles.map(\.level)).count == tiles.count)
                #expect(tiles.allSatisfy { Int64(index) >> Int64(8 * $0.level + 8) == $0.number })
            }
            #expect(throws: ProofError.self) {
                try InclusionProof.make(index: Int64(size), in: range, readTiles: store.read)
            }
        }
    }

    @Test func `proofs that are made together are those made one by one`() throws {
        let leaves = testLeaves(600)
        let store = try TileStore(leaves)
        for size in [Int64(1), 2, 255, 256, 257, 600] {
            let ids = try (0..<size).flatMap { try InclusionProof.tiles(index: $0, treeSize: size) }
            let unique = Set(ids).sorted()
            var prover = InclusionProver(
                treeSize: size,
                tiles: try TileSet(unique, unique.isEmpty ? [] : store.read(unique)))
            for index in 0..<size {
                #expect(
                    try prover.proof(of: index)
                        == InclusionProof.make(
                            index: index, treeSize: size, readTiles: store.read))
            }
            #expect(throws: ProofError.self) { try prover.proof(of: size) }
        }
    }

    @Test func `every proof up to 130 leaves is that of the recursive definition`() throws {
        let leaves = testLeaves(130)
        let naive = NaiveTree(leaves)
        let store = try TileStore(leaves)
        for size in 0...130 {
            let root = naive.root(0..<size)
            #expect(try MerkleTree.root(treeSize: Int64(size), readTiles: store.read) == root)
            for index in 0..<size {
                let proof = try InclusionProof.make(
                    index: Int64(index), treeSize: Int64(size), readTiles: store.read)
                #expect(proof.hashes == naive.path(index, 0..<size))
                #expect(proof.verify(leafHash: leaves[index], root: root))
            }
            for old in 1..<(size + 1) {
                let proof = try ConsistencyProof.make(
                    oldSize: Int64(old), newSize: Int64(size), readTiles: store.read)
                #expect(proof.hashes == naive.subproof(old, 0..<size))
                #expect(proof.verify(oldRoot: naive.root(0..<old), newRoot: root))
            }
        }
    }

    @Test func `every altered inclusion proof up to 24 leaves is refused`() throws {
        let leaves = testLeaves(24)
        let naive = NaiveTree(leaves)
        for size in 1...24 {
            let root = naive.root(0..<size)
            for index in 0..<size {
                let path = naive.path(index, 0..<size)
                let leaf = leaves[index]
                func holds(_ index: Int, _ size: Int, _ hashes: [SHA256Digest]) -> Bool {
                    InclusionProof(index: Int64(index), treeSize: Int64(size), hashes: hashes)
                        .verify(leafHash: leaf, root: root)
                }
                #expect(holds(index, size, path))
                for position in path.indices {
                    for altered in flips(of: path[position]) {
                        var wrong = path
                        wrong[position] = altered
                        #expect(!holds(index, size, wrong))
                    }
                }
                for other in 0...size where other != index {
                    #expect(!holds(other, size, path))
                }
                #expect(!holds(index, size, path + [root]))
                #expect(!holds(index, size, [root] + path))
                if !path.isEmpty { #expect(!holds(index, size, Array(path.dropLast()))) }
                #expect(!holds(-1, size, path))
            }
        }
    }

    @Test func `every altered consistency proof up to 24 leaves is refused`() throws {
        let naive = NaiveTree(testLeaves(24))
        for size in 2...24 {
            let root = naive.root(0..<size)
            for old in 1..<size {
                let oldRoot = naive.root(0..<old)
                let hashes = naive.subproof(old, 0..<size)
                func holds(_ hashes: [SHA256Digest], old: Int = old, new: Int = size) -> Bool {
                    ConsistencyProof(oldSize: Int64(old), newSize: Int64(new), hashes: hashes)
                        .verify(oldRoot: oldRoot, newRoot: root)
                }
                #expect(holds(hashes))
                for position in hashes.indices {
                    for altered in flips(of: hashes[position]) {
                        var wrong = hashes
                        wrong[position] = altered
                        #expect(!holds(wrong))
                    }
                }
                #expect(!holds(hashes + [root]))
                #expect(!holds(Array(hashes.dropLast())))
                #expect(!holds([]))
                #expect(!holds(hashes, old: old - 1))
                #expect(!holds(hashes, new: old))
                #expect(!holds(hashes, old: size, new: old))
                #expect(
                    !ConsistencyProof(oldSize: Int64(old), newSize: Int64(size), hashes: hashes)
                        .verify(oldRoot: root, newRoot: oldRoot))
            }
        }
    }

    @Test func `a verdict carries every reason in words`() throws {
        let store = try TileStore(Canonical.leaves)
        let proof = try ConsistencyProof.make(oldSize: 6, newSize: 8, readTiles: store.read)
        let wrong = MerkleTree.emptyRoot
        let verdict = proof.check(oldRoot: wrong, newRoot: wrong)
        #expect(verdict.reasons.count == 2)
        #expect(verdict.description.contains("older root"))
        #expect(verdict.description.contains("newer root"))
        let fork = ConsistencyProof(oldSize: 8, newSize: 8, hashes: [])
        #expect(
            fork.check(oldRoot: wrong, newRoot: try hex(Canonical.roots[8])).reasons
                == [.sameSizeDifferentRoot(size: 8)])
        #expect(fork.verify(oldRoot: wrong, newRoot: wrong))
    }

    @Test func `impossible positions are refused, not computed`() throws {
        let root = MerkleTree.emptyRoot
        for (index, size) in [(0, 0), (8, 8), (-1, 8), (0, -1), (0, Int64.max), (.max, .max)]
            as [(Int64, Int64)]
        {
            let proof = InclusionProof(index: index, treeSize: size, hashes: [])
            #expect(!proof.verify(leafHash: root, root: root))
            #expect(throws: ProofError.self) {
                try InclusionProof.tiles(index: index, treeSize: size)
            }
        }
        for (old, new) in [(0, 0), (0, 5), (5, 4), (-1, 3), (1, .max), (.min, .max)]
            as [(Int64, Int64)]
        {
            let proof = ConsistencyProof(oldSize: old, newSize: new, hashes: [])
            #expect(!proof.verify(oldRoot: root, newRoot: root))
        }
        #expect(try ConsistencyProof.tiles(oldSize: 0, newSize: 5).isEmpty)
        #expect(throws: ProofError.sizesDescend(oldSize: 5, newSize: 4)) {
            try ConsistencyProof.tiles(oldSize: 5, newSize: 4)
        }
    }

    @Test func `a proof in the largest tree is computed without overflow`() throws {
        let size = LogLimits.treeSize
        #expect(try InclusionProof.length(index: size - 1, treeSize: size) == 62)
        #expect(try InclusionProof.length(index: size - 2, treeSize: size - 1) == 61)
        #expect(try InclusionProof.tiles(index: size - 1, treeSize: size).count == 8)
        #expect(!(try ConsistencyProof.tiles(oldSize: size - 1, newSize: size).isEmpty))
    }

    @Test(arguments: [255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537] as [Int])
    func `proofs across the edges of tiles`(size: Int) throws {
        let leaves = Big.leaves
        let store = Big.store
        let naive = Big.naive(size)
        let root = naive.root(0..<size)
        #expect(try MerkleTree.root(treeSize: Int64(size), readTiles: store.read) == root)
        let edges =
            [0, 1, 2, 127, 128, 253, 254, 255, 256, 257, 511, 512, 32_767, 32_768, 65_279]
            + [65_280, 65_534, 65_535, 65_536, size - 2, size - 1]
        for index in edges where index < size {
            let proof = try InclusionProof.make(
                index: Int64(index), treeSize: Int64(size), readTiles: store.read)
            #expect(proof.hashes == naive.path(index, 0..<size))
            #expect(proof.verify(leafHash: leaves[index], root: root))
        }
        for old in edges + [size] where old > 0 && old <= size {
            let proof = try ConsistencyProof.make(
                oldSize: Int64(old), newSize: Int64(size), readTiles: store.read)
            #expect(proof.hashes == naive.subproof(old, 0..<size))
            #expect(proof.verify(oldRoot: naive.root(0..<old), newRoot: root))
        }
    }

    @Test func `a million entries need at most three levels of tiles twice`() throws {
        for index in stride(from: Int64(0), to: 1_000_003, by: 9_973) {
            let tiles = try InclusionProof.tiles(index: index, treeSize: 1_000_003)
            #expect(tiles.count <= 6)
            #expect(tiles == tiles.sorted() && Set(tiles).count == tiles.count)
            #expect(tiles.allSatisfy { $0.exists(inTreeOf: 1_000_003) })
        }
    }

    @Test func `missing, short and surplus tiles are named`() throws {
        let store = try TileStore(testLeaves(300))
        let ids = try InclusionProof.tiles(index: 3, treeSize: 300)
        var bytes = try store.read(ids)
        #expect(throws: ProofError.tileCount(expected: ids.count, found: 0)) {
            try TileSet(ids, [])
        }
        bytes[0].removeLast()
        #expect(throws: ProofError.self) { try TileSet(ids, bytes) }
        let some = try TileSet(Array(ids.dropLast()), try store.read(Array(ids.dropLast())))
        #expect(throws: ProofError.self) {
            try InclusionProof(index: 3, treeSize: 300, from: some)
        }
    }

    /// A hash with each of its bytes altered in turn.
    private func flips(of hash: SHA256Digest) -> [SHA256Digest] {
        (0..<32).compactMap { position in
            var bytes = hash.bytes
            bytes[position] ^= 0x01
            return SHA256Digest(bytes: bytes)
        }
    }
}

/// One larger tree for the suites that cross the edges of tiles.
enum Big {
    static let leaves = testLeaves(65_800)
    static let store: TileStore = {
        guard let store = try? TileStore(leaves) else { preconditionFailure("the tree grows") }
        return store
    }()

    static func naive(_ size: Int) -> NaiveTree { NaiveTree(Array(leaves.prefix(size))) }
}

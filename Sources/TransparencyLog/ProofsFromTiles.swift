// Making proofs and roots from tiles, in three small parts: which tiles (pure), compute from them
// (pure), check (InclusionProof.check, ConsistencyProof.check).
//
// PATH and SUBPROOF (see InclusionProof.swift, ConsistencyProof.swift) are lists of MTH(D[x:y]). A
// `ProofPlan` names those ranges [x, y). Each range splits into perfect subtrees, and the top of a
// perfect subtree of 2^h leaves is either one hash of level h/8 or the root of 2^(h mod 8) ≤ 128
// neighbouring hashes of that level, all in one tile. So a proof in a log of a million entries needs
// three tiles for the path and at most three more at the right edge, read in a single question.
//
// Worked example: leaf 5 of 8 has the ranges [4,5), [6,8), [0,4), all in tile/0/000.p/8.

package import Cryptography

/// The ranges of leaves whose roots make up a proof, in the order of the proof.
enum ProofPlan {
    /// PATH(index, D[0:treeSize]) of RFC 6962 section 2.1.1; needs 0 ≤ index < treeSize.
    static func inclusion(index: Int64, treeSize: Int64) -> [Range<Int64>] {
        var ranges: [Range<Int64>] = []
        var start: Int64 = 0
        var end = treeSize
        while end - start > 1 {
            let middle = start + MerkleTree.split(end - start)
            if index < middle {
                ranges.append(middle..<end)
                end = middle
            } else {
                ranges.append(start..<middle)
                start = middle
            }
        }
        return ranges.reversed()
    }

    /// PROOF(oldSize, D[0:newSize]) of RFC 6962 section 2.1.2; needs 0 ≤ oldSize ≤ newSize.
    ///
    /// Empty for equal sizes and for an old size of 0.
    static func consistency(oldSize: Int64, newSize: Int64) -> [Range<Int64>] {
        guard oldSize > 0, oldSize < newSize else { return [] }
        var ranges: [Range<Int64>] = []
        var start: Int64 = 0
        var end = newSize
        while oldSize < end {
            let middle = start + MerkleTree.split(end - start)
            if oldSize <= middle {
                ranges.append(middle..<end)
                end = middle
            } else {
                ranges.append(start..<middle)
                start = middle
            }
        }
        // The verifier knows the old root itself, but not the part of it right of some node.
        if start > 0 { ranges.append(start..<end) }
        return ranges.reversed()
    }

    /// The tiles that hold these ranges in a tree of `treeSize`, each once, ordered.
    static func tiles(for ranges: [Range<Int64>], treeSize: Int64) -> [TileID] {
        var tiles: Set<TileID> = []
        for range in ranges {
            for subtree in Subtree.covering(range) {
                tiles.insert(subtree.tile(treeSize: treeSize))
            }
        }
        return tiles.sorted()
    }
}

extension InclusionProof {
    /// The tiles from which the proof can be made.
    ///
    /// Throws `.size`, `.indexOutsideTree`.
    package static func tiles(index: Int64, treeSize: Int64) throws(ProofError) -> [TileID] {
        _ = try length(index: index, treeSize: treeSize)
        return ProofPlan.tiles(
            for: ProofPlan.inclusion(index: index, treeSize: treeSize), treeSize: treeSize)
    }

    /// The proof, computed from the tiles that `tiles(index:treeSize:)` names.
    ///
    /// Throws also when a tile is missing or too short.
    package init(index: Int64, treeSize: Int64, from tiles: TileSet) throws(ProofError) {
        _ = try Self.length(index: index, treeSize: treeSize)
        var hashes: [SHA256Digest] = []
        for range in ProofPlan.inclusion(index: index, treeSize: treeSize) {
            hashes.append(try tiles.root(of: range))
        }
        self.init(index: index, treeSize: treeSize, hashes: hashes)
    }

    /// The proof, with all wanted tiles read at once.
    ///
    /// Throws `ProofError` and what the reader throws.
    package static func make(
        index: Int64, treeSize: Int64, readTiles: ([TileID]) throws -> [[UInt8]]
    ) throws -> InclusionProof {
        let ids = try tiles(index: index, treeSize: treeSize)
        let read = try TileSet(ids, ids.isEmpty ? [] : readTiles(ids))
        return try InclusionProof(index: index, treeSize: treeSize, from: read)
    }
}

extension InclusionProof {
    /// The tiles that are wanted beside the right edge, which its compact range stands for: those on
    /// the path of the leaf, one a level.
    ///
    /// Throws `.indexOutsideTree`.
    package static func tiles(index: Int64, in edge: CompactRange) throws(ProofError) -> [TileID] {
        _ = try length(index: index, treeSize: edge.size)
        let ranges = ProofPlan.inclusion(index: index, treeSize: edge.size)
        return ProofPlan.tiles(
            for: ranges.filter { edge.root(of: $0) == nil }, treeSize: edge.size)
    }

    /// The proof in the tree of a compact range, with all wanted tiles read at once.
    ///
    /// Throws `ProofError` and what the reader throws.
    package static func make(
        index: Int64, in edge: CompactRange, readTiles: ([TileID]) throws -> [[UInt8]]
    ) throws -> InclusionProof {
        let ids = try tiles(index: index, in: edge)
        let read = try TileSet(ids, ids.isEmpty ? [] : readTiles(ids))
        var hashes: [SHA256Digest] = []
        for range in ProofPlan.inclusion(index: index, treeSize: edge.size) {
            hashes.append(try edge.root(of: range) ?? read.root(of: range))
        }
        return InclusionProof(index: index, treeSize: edge.size, hashes: hashes)
    }
}

extension CompactRange {
    /// MTH of a range of leaves that consists of whole subtrees of this compact range, the last of
    /// them among them or only one; nil for any other.
    func root(of leaves: Range<Int64>) -> SHA256Digest? {
        var start: Int64 = 0
        for (position, height) in heights.enumerated() {
            let end = start + (1 << height)
            if start == leaves.lowerBound {
                if end == leaves.upperBound { return hashes[position] }
                guard leaves.upperBound == size, var root = hashes.last else { return nil }
                for left in hashes[position...].dropLast().reversed() {
                    root = MerkleTree.nodeHash(left, root)
                }
                return root
            }
            guard start < leaves.lowerBound else { return nil }
            start = end
        }
        return nil
    }

    /// The heights of the subtrees, largest first.
    private var heights: [Int64] {
        (Int64(0)..<63).reversed().filter { size >> $0 & 1 == 1 }
    }
}

/// Makes many inclusion proofs in one tree: what they have in common is hashed once.
package struct InclusionProver {
    private let treeSize: Int64
    private let tiles: TileSet
    private var roots: [Range<Int64>: SHA256Digest] = [:]

    /// A prover for a tree, with the tiles of all leaves that will be asked for.
    package init(treeSize: Int64, tiles: TileSet) {
        self.treeSize = treeSize
        self.tiles = tiles
    }

    /// The proof of one leaf, as `InclusionProof.init(index:treeSize:from:)` makes it.
    package mutating func proof(of index: Int64) throws(ProofError) -> InclusionProof {
        _ = try InclusionProof.length(index: index, treeSize: treeSize)
        var hashes: [SHA256Digest] = []
        for range in ProofPlan.inclusion(index: index, treeSize: treeSize) {
            if let known = roots[range] {
                hashes.append(known)
                continue
            }
            let root = try tiles.root(of: range)
            roots[range] = root
            hashes.append(root)
        }
        return InclusionProof(index: index, treeSize: treeSize, hashes: hashes)
    }
}

extension ConsistencyProof {
    /// The tiles from which the proof can be made; none from size 0.
    ///
    /// Throws `.size`, `.sizesDescend`.
    package static func tiles(oldSize: Int64, newSize: Int64) throws(ProofError) -> [TileID] {
        try checkSizes(oldSize, newSize)
        return ProofPlan.tiles(
            for: ProofPlan.consistency(oldSize: oldSize, newSize: newSize), treeSize: newSize)
    }

    /// The proof, computed from the tiles that `tiles(oldSize:newSize:)` names; empty from size 0.
    package init(oldSize: Int64, newSize: Int64, from tiles: TileSet) throws(ProofError) {
        try Self.checkSizes(oldSize, newSize)
        var hashes: [SHA256Digest] = []
        for range in ProofPlan.consistency(oldSize: oldSize, newSize: newSize) {
            hashes.append(try tiles.root(of: range))
        }
        self.init(oldSize: oldSize, newSize: newSize, hashes: hashes)
    }

    /// The proof, with all wanted tiles read at once.
    ///
    /// Throws `ProofError` and what the reader throws.
    package static func make(
        oldSize: Int64, newSize: Int64, readTiles: ([TileID]) throws -> [[UInt8]]
    ) throws -> ConsistencyProof {
        let ids = try tiles(oldSize: oldSize, newSize: newSize)
        let read = try TileSet(ids, ids.isEmpty ? [] : readTiles(ids))
        return try ConsistencyProof(oldSize: oldSize, newSize: newSize, from: read)
    }

    private static func checkSizes(_ oldSize: Int64, _ newSize: Int64) throws(ProofError) {
        try MerkleTree.check(size: oldSize)
        try MerkleTree.check(size: newSize)
        guard oldSize <= newSize else {
            throw .sizesDescend(oldSize: oldSize, newSize: newSize)
        }
    }
}

extension CompactRange {
    /// The compact range of a tree, computed from the tiles `TileID.rightEdge(of:)` names.
    package init(size: Int64, from tiles: TileSet) throws(ProofError) {
        try MerkleTree.check(size: size)
        var hashes: [SHA256Digest] = []
        for subtree in Subtree.covering(0..<size) { hashes.append(try tiles.root(of: subtree)) }
        try self.init(size: size, hashes: hashes)
    }
}

extension MerkleTree {
    /// The root of a tree, with its right-edge tiles read at once.
    ///
    /// Throws `ProofError` and what the reader throws. Also gives the root of any earlier size.
    package static func root(
        treeSize: Int64, readTiles: ([TileID]) throws -> [[UInt8]]
    ) throws -> SHA256Digest {
        let ids = try TileID.rightEdge(of: treeSize)
        let read = try TileSet(ids, ids.isEmpty ? [] : readTiles(ids))
        return try CompactRange(size: treeSize, from: read).root
    }
}

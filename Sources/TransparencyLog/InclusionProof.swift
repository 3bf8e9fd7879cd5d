// Inclusion proofs (audit paths): RFC 6962 section 2.1.1, RFC 9162 section 2.1.3.
//
// The path of leaf m in a tree of n leaves lists the roots of the subtrees that are missing to
// compute the tree's root from the leaf, from the leaf's sibling upwards:
//
//     PATH(0, {d})    = {}
//     PATH(m, D[0:n]) = PATH(m, D[0:k]) ‖ MTH(D[k:n])       for m < k   (k as in MTH)
//                     = PATH(m − k, D[k:n]) ‖ MTH(D[0:k])   for m ≥ k
//
// Its length is b + popcount(m >> b), where b is the bit length of m xor (n − 1).
//
// Check (RFC 9162 section 2.1.3.2): fail unless m < n. Let fn = m, sn = n − 1, r = leaf hash. For
// each hash p of the path: fail if sn is 0. If fn is odd or fn = sn, then r = node(p, r), and if fn
// is even shift fn and sn right until fn is odd or 0. Otherwise r = node(r, p). Then shift fn and sn
// right once more. The proof holds iff sn is 0 at the end and r is the trusted root.
//
// Worked example: leaf 2 in a tree of 3 has the path { MTH(D[0:2]) }: one hash, fac54203…e3c125 for
// the entries "", 00, 10, and leads to the root aeb6bcfe…e06e77.

package import Cryptography

/// The path from one leaf to the root of a tree.
package struct InclusionProof: Sendable, Hashable {
    /// The zero-based position of the leaf.
    package let index: Int64
    /// The number of leaves of the tree.
    package let treeSize: Int64
    /// The hashes from the leaf's sibling upwards.
    package let hashes: [SHA256Digest]

    /// A proof as it was received; nothing is checked before `check`.
    package init(index: Int64, treeSize: Int64, hashes: [SHA256Digest]) {
        self.index = index
        self.treeSize = treeSize
        self.hashes = hashes
    }

    /// The number of hashes in the path of leaf `index`; throws `.size` or `.indexOutsideTree`.
    package static func length(index: Int64, treeSize: Int64) throws(ProofError) -> Int {
        try MerkleTree.check(size: treeSize)
        guard index >= 0, index < treeSize else {
            throw .indexOutsideTree(index: index, treeSize: treeSize)
        }
        let bits = 64 - (index ^ (treeSize - 1)).leadingZeroBitCount
        return bits + (index >> Int64(bits)).nonzeroBitCount
    }

    /// The root to which the leaf and this path lead (RFC 9162 section 2.1.3.2).
    package func root(from leafHash: SHA256Digest) throws(ProofError) -> SHA256Digest {
        let expected = try Self.length(index: index, treeSize: treeSize)
        guard hashes.count == expected else {
            throw .hashCount(expected: expected, found: hashes.count)
        }
        var first = index
        var last = treeSize - 1
        var root = leafHash
        for hash in hashes {
            if first & 1 == 1 || first == last {
                root = MerkleTree.nodeHash(hash, root)
                while first & 1 == 0, first != 0 {
                    first >>= 1
                    last >>= 1
                }
            } else {
                root = MerkleTree.nodeHash(root, hash)
            }
            first >>= 1
            last >>= 1
        }
        precondition(last == 0, "a path of the right length ends at the root")
        return root
    }

    /// Whether the leaf is at `index` in the tree with this root, and if not, why.
    package func check(leafHash: SHA256Digest, root: SHA256Digest) -> ProofVerdict {
        do {
            let computed = try self.root(from: leafHash)
            guard computed == root else {
                return ProofVerdict(reasons: [.rootMismatch(computed: computed, expected: root)])
            }
            return ProofVerdict(reasons: [])
        } catch {
            return ProofVerdict(reasons: [error])
        }
    }

    /// Whether the leaf is at `index` in the tree with this root.
    package func verify(leafHash: SHA256Digest, root: SHA256Digest) -> Bool {
        check(leafHash: leafHash, root: root).holds
    }
}

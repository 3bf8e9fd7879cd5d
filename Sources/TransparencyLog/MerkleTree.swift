// The Merkle tree hash of RFC 6962 section 2.1 (unchanged in RFC 9162 section 2.1).
//
// A log is a list of entries d[0], d[1], … , each a byte string. Its root commits to all of them
// in their order:
//
//     leaf(d)     = SHA-256(0x00 ‖ d)
//     node(l, r)  = SHA-256(0x01 ‖ l ‖ r)
//     MTH({})     = SHA-256("")
//     MTH({d})    = leaf(d)
//     MTH(D[0:n]) = node(MTH(D[0:k]), MTH(D[k:n])), k the largest power of two smaller than n
//
// The two prefixes keep leaves and nodes apart, so that no entry can pose as an inner node. The
// tree is not padded: where n is no power of two the right subtree is smaller. A subtree whose
// 2^h leaves start at a multiple of 2^h is *perfect*; it never changes again once it is full.
// Everything else in this room (compact ranges, tiles, proofs) is built from perfect subtrees.
//
// Worked example: the entries "" and 0x00 have the leaf hashes 6e340b9c…afa01d and
// 96a296d2…09cfc7; the root of the tree of both is fac54203…e3c125.

package import Cryptography

/// The hashes of the log's tree (RFC 6962 section 2.1).
package enum MerkleTree {
    /// The root of the tree without leaves: SHA-256 of nothing.
    package static let emptyRoot = SHA256.hash([UInt8]())

    /// The hash of an entry as a leaf: SHA-256(0x00 ‖ entry).
    package static func leafHash(of entry: [UInt8]) -> SHA256Digest {
        SHA256.hash(tag: 0x00, entry)
    }

    /// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
    package static func nodeHash(_ left: SHA256Digest, _ right: SHA256Digest) -> SHA256Digest {
        SHA256.hash(tag: 0x01, left, right)
    }

    /// The root of the tree with these leaf hashes, in this order.
    package static func root(of leafHashes: [SHA256Digest]) -> SHA256Digest {
        var range = CompactRange()
        for leafHash in leafHashes { range.append(leafHash) }
        return range.root
    }

    /// The size of the left subtree: the largest power of two smaller than `size`, which is ≥ 2.
    static func split(_ size: Int64) -> Int64 {
        precondition(size >= 2, "a tree of fewer than two leaves has no left subtree")
        return 1 << (63 - (size - 1).leadingZeroBitCount)
    }

    /// Throws unless `size` is a size that a tree of this room may have.
    static func check(size: Int64) throws(ProofError) {
        guard size >= 0, size <= LogLimits.treeSize else { throw .size(size) }
    }
}

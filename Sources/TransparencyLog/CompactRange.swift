// The compact range: all that a log must remember in order to grow and to state its root.
//
// A tree of n leaves splits from left to right into perfect subtrees, one for each set bit of n,
// the largest first. Their roots, in that order, are the compact range of [0, n).
//
// Append(leaf): start with h = leaf; for each trailing one bit of n, pop the last hash p and let
// h = node(p, h); push h; n = n + 1. This is binary counting: equal subtrees merge into the next
// larger one.
// Root: fold from the right: acc = last hash; for each earlier hash p, acc = node(p, acc). The
// empty range has the root of the empty tree.
//
// Bytes for storage: the size as 8 bytes big-endian, then the hashes, 32 bytes each, nothing else.
// The number of hashes is the number of set bits of the size; a decoder checks it. At most
// 8 + 62 · 32 = 1,992 bytes.
//
// Worked example: size 3 (binary 11) over the entries "", 00, 10 has two hashes, the root of the
// first two leaves fac54203…e3c125 and the leaf 0298d122…7a7fe7, and the root aeb6bcfe…e06e77.
// Its bytes are 0000000000000003 ‖ fac54203…e3c125 ‖ 0298d122…7a7fe7, 72 in all.

package import Cryptography

/// The append state of a log: the roots of its perfect subtrees, largest first.
package struct CompactRange: Sendable, Hashable {
    /// The number of leaves.
    package private(set) var size: Int64
    /// The root of each perfect subtree, one for each set bit of `size`, largest first.
    package private(set) var hashes: [SHA256Digest]

    /// The range of the empty log.
    package init() {
        size = 0
        hashes = []
    }

    /// A range as it was stored in two columns; throws `.size` or `.hashCount`.
    package init(size: Int64, hashes: [SHA256Digest]) throws(ProofError) {
        try MerkleTree.check(size: size)
        guard hashes.count == size.nonzeroBitCount else {
            throw .hashCount(expected: size.nonzeroBitCount, found: hashes.count)
        }
        self.size = size
        self.hashes = hashes
    }

    /// Reads `bytes` as `encoded` wrote them; throws `.compactRangeBytes` or `.size`.
    package init(decoding bytes: [UInt8]) throws(ProofError) {
        guard bytes.count >= 8 else { throw .compactRangeBytes(found: bytes.count) }
        let stated = HashBytes.number(bigEndian: bytes.prefix(8))
        guard stated <= UInt64(LogLimits.treeSize) else {
            throw .size(Int64(truncatingIfNeeded: stated))
        }
        guard bytes.count == 8 + 32 * stated.nonzeroBitCount else {
            throw .compactRangeBytes(found: bytes.count)
        }
        size = Int64(stated)
        hashes = HashBytes.digests(in: bytes, from: 8)
    }

    /// The bytes to store: the size in 8 bytes big-endian, then the hashes.
    package var encoded: [UInt8] {
        HashBytes.bigEndian(size) + HashBytes.concatenated(hashes)
    }

    /// The root of the tree of `size` leaves.
    package var root: SHA256Digest {
        guard var root = hashes.last else { return MerkleTree.emptyRoot }
        for left in hashes.dropLast().reversed() { root = MerkleTree.nodeHash(left, root) }
        return root
    }

    /// Appends one leaf; at most as many node hashes as `size` has trailing one bits.
    package mutating func append(_ leafHash: SHA256Digest) {
        append(subtree: leafHash, height: 0)
    }

    /// Appends the root of a perfect subtree of 2^height leaves, which must fit where the range
    /// ends: the size must be a multiple of 2^height.
    mutating func append(subtree root: SHA256Digest, height: Int) {
        let width: Int64 = 1 << Int64(height)
        precondition(size & (width - 1) == 0, "a perfect subtree starts at a multiple of its width")
        precondition(size <= LogLimits.treeSize - width, "a log cannot have more leaves than this")
        var merged = root
        var rest = size >> Int64(height)
        while rest & 1 == 1 {
            merged = MerkleTree.nodeHash(hashes.removeLast(), merged)
            rest >>= 1
        }
        hashes.append(merged)
        size += width
    }

    /// Takes away the subtrees of fewer than 2^height leaves, at the right end.
    mutating func removeSubtrees(below height: Int) {
        size = (size >> Int64(height)) << Int64(height)
        hashes.removeLast(hashes.count - size.nonzeroBitCount)
    }
}

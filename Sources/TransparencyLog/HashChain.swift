// The hash chain: a running digest beside the tree, for readers who walk the log from its start.
//
//     chain[0]     = 32 zero bytes                       (nothing logged yet)
//     chain[i + 1] = SHA-256(0x02 ‖ chain[i] ‖ leaf[i])  (leaf[i]: RFC 6962 leaf hash of entry i)
//
// The prefix 0x02 keeps links apart from leaves (0x00) and nodes (0x01). The chain is derived when
// an index is assigned, never while an entry is written, so it cannot fork. It is a convenience:
// trust comes from the tree's signed root alone, and a chain that disagrees with the tree is a
// finding (immudb's "linear-fake" was a chain trusted by itself).
//
// Worked example: the chain after the one entry "" is SHA-256(02 ‖ 00…00 ‖ 6e340b9c…afa01d) =
// 53cc28b2…6ee791.

package import Cryptography

/// The linear hash chain over leaf hashes.
package enum HashChain {
    /// The value before the first entry: 32 zero bytes.
    package static let start = SHA256Digest.zero

    /// The value after one more leaf: SHA-256(0x02 ‖ previous ‖ leafHash).
    package static func next(_ previous: SHA256Digest, _ leafHash: SHA256Digest) -> SHA256Digest {
        SHA256.hash(tag: 0x02, previous, leafHash)
    }
}

// Consistency proofs (append-only): RFC 6962 section 2.1.2, RFC 9162 section 2.1.4.
//
// The proof between the trees of a and b leaves (0 < a ≤ b) lists the roots of subtrees from which
// both roots follow, so that the first a leaves are the same in both:
//
//     PROOF(a, D[0:b])          = SUBPROOF(a, D[0:b], true)
//     SUBPROOF(m, D[0:m], true) = {}                       (the verifier knows this root)
//     SUBPROOF(m, D[0:m], false)= { MTH(D[0:m]) }
//     SUBPROOF(m, D[0:n], known)= SUBPROOF(m, D[0:k], known) ‖ MTH(D[k:n])        for m ≤ k
//                               = SUBPROOF(m − k, D[k:n], false) ‖ MTH(D[0:k])    for m > k
//
// Check (RFC 9162 section 2.1.4.2): for a = b the proof is empty and the roots are equal. Otherwise
// the proof is not empty; if a is a power of two, the old root is put in front of it. Let
// fn = a − 1, sn = b − 1, and shift both right while fn is odd. fr = sr = the first hash. For each
// further hash c: fail if sn is 0. If fn is odd or fn = sn, then fr = node(c, fr), sr = node(c, sr),
// and if fn is even shift both right until fn is odd or 0. Otherwise sr = node(sr, c). Then shift
// both right once more. The proof holds iff sn is 0, fr is the old root and sr the new one.
//
// a = 0 is refused: an empty tree is consistent with every tree, so a caller that "verifies" it has
// learnt nothing and should know. (The witness protocol sends an empty proof then, and checks none;
// `making` one from 0 therefore gives an empty proof.)
//
// Worked example: from 3 to 7 leaves (entries "", 00, 10, …) the proof is leaf 2, leaf 3,
// MTH(D[0:2]), MTH(D[4:7]) = 0298d122…, 07506a85…, fac54203…, 837dbb15….

package import Cryptography

/// The proof that a newer tree only appended to an older one.
package struct ConsistencyProof: Sendable, Hashable {
    /// The number of leaves of the older tree.
    package let oldSize: Int64
    /// The number of leaves of the newer tree.
    package let newSize: Int64
    /// The hashes, in the order of RFC 6962.
    package let hashes: [SHA256Digest]

    /// A proof as it was received; nothing is checked before `check`.
    package init(oldSize: Int64, newSize: Int64, hashes: [SHA256Digest]) {
        self.oldSize = oldSize
        self.newSize = newSize
        self.hashes = hashes
    }

    /// Whether the tree with `newRoot` appends to the one with `oldRoot`, and if not, every reason.
    package func check(oldRoot: SHA256Digest, newRoot: SHA256Digest) -> ProofVerdict {
        if let wrong = wrongShape { return ProofVerdict(reasons: [wrong]) }
        guard oldSize < newSize else {
            let same = oldRoot == newRoot
            return ProofVerdict(reasons: same ? [] : [.sameSizeDifferentRoot(size: newSize)])
        }
        let computed = roots(oldRoot: oldRoot)
        var reasons: [ProofError] = []
        if computed.old != oldRoot {
            reasons.append(.oldRootMismatch(computed: computed.old, expected: oldRoot))
        }
        if computed.new != newRoot {
            reasons.append(.newRootMismatch(computed: computed.new, expected: newRoot))
        }
        return ProofVerdict(reasons: reasons)
    }

    /// Whether the tree with `newRoot` appends to the one with `oldRoot`.
    package func verify(oldRoot: SHA256Digest, newRoot: SHA256Digest) -> Bool {
        check(oldRoot: oldRoot, newRoot: newRoot).holds
    }

    /// What is wrong with the sizes or with the number of hashes.
    private var wrongShape: ProofError? {
        for size in [oldSize, newSize] where size < 0 || size > LogLimits.treeSize {
            return .size(size)
        }
        guard oldSize <= newSize else {
            return .sizesDescend(oldSize: oldSize, newSize: newSize)
        }
        guard oldSize > 0 else { return .emptyOldTree }
        let expected = ProofPlan.consistency(oldSize: oldSize, newSize: newSize).count
        guard hashes.count == expected else {
            return .hashCount(expected: expected, found: hashes.count)
        }
        return nil
    }

    /// Both roots as they follow from the hashes; only for a proof of the right shape, old < new.
    private func roots(oldRoot: SHA256Digest) -> (old: SHA256Digest, new: SHA256Digest) {
        var first = oldSize - 1
        var last = newSize - 1
        while first & 1 == 1 {
            first >>= 1
            last >>= 1
        }
        // "If first is an exact power of 2, then prepend first_hash to the consistency_path."
        let isPowerOfTwo = oldSize.nonzeroBitCount == 1
        var old = isPowerOfTwo ? oldRoot : hashes[0]
        var new = old
        for hash in hashes.dropFirst(isPowerOfTwo ? 0 : 1) {
            if first & 1 == 1 || first == last {
                old = MerkleTree.nodeHash(hash, old)
                new = MerkleTree.nodeHash(hash, new)
                while first & 1 == 0, first != 0 {
                    first >>= 1
                    last >>= 1
                }
            } else {
                new = MerkleTree.nodeHash(new, hash)
            }
            first >>= 1
            last >>= 1
        }
        precondition(last == 0, "a proof of the right length ends at the root")
        return (old, new)
    }
}

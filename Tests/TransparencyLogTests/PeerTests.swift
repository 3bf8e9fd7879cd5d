// Differential test against PyPI `pymerkle`, an independent implementation of RFC 9162 trees.
//
// One Python process answers for all sizes, a line each: root, digest of all inclusion proofs, digest
// of all consistency proofs.

import Cryptography
import TestSupport
import Testing

@testable import TransparencyLog

@Suite struct PeerTests {
    @Test(.enabled(if: Peers.has("pymerkle"), Peers.hint))
    func `roots and proofs of 0 … 600 leaves are those of pymerkle`() throws {
        let largest = 600
        let answers = try Peer.answers(largest: largest)
        try #require(answers.count == largest + 1)
        let store = try TileStore(testLeaves(largest))
        let roots = try (0...largest).map {
            try MerkleTree.root(treeSize: Int64($0), readTiles: store.read)
        }
        for size in 0...largest {
            var inclusion = SHA256Hasher()
            for index in Peer.positions(0..<size) {
                let proof = try InclusionProof.make(
                    index: Int64(index), treeSize: Int64(size), readTiles: store.read)
                for hash in proof.hashes { inclusion.update(hash.bytes) }
            }
            var consistency = SHA256Hasher()
            for old in Peer.positions(1..<max(1, size)) {
                let proof = try ConsistencyProof.make(
                    oldSize: Int64(old), newSize: Int64(size), readTiles: store.read)
                for hash in proof.hashes { consistency.update(hash.bytes) }
                #expect(proof.verify(oldRoot: roots[old], newRoot: roots[size]))
            }
            let ours = [roots[size].hex, inclusion.finalize().hex, consistency.finalize().hex]
            #expect(answers[size] == ours.joined(separator: " "), "size \(size)")
        }
    }
}

/// The Python side.
private enum Peer {
    /// The first 16 positions, then every 17th, and the last ones: bounded time.
    static func positions(_ range: Range<Int>) -> [Int] {
        range.filter { $0 < 16 || $0 % 17 == range.count % 17 || $0 >= range.upperBound - 3 }
    }

    /// The same choice, and the proofs: inclusion from pymerkle's own proof without its first hash
    /// (the leaf).
    ///
    /// For consistency pymerkle goes down to a leaf where RFC 6962 stops at the old root, so its
    /// roots of ranges are put in the RFC's order, and its own verifier must agree with both roots.
    static let program = #"""
        import hashlib, struct, sys
        from pymerkle import InmemoryTree, verify_inclusion, verify_consistency
        largest = int(sys.argv[1])
        tree = InmemoryTree(algorithm='sha256')
        for i in range(largest):
            tree.append_entry(struct.pack('>I', i))
        def positions(r):
            return [i for i in r if i < 16 or i % 17 == len(r) % 17 or i >= r.stop - 3]
        def split(n):
            return 1 << ((n - 1).bit_length() - 1)
        def subproof(m, start, n, known):
            if m == n:
                return [] if known else [tree._get_root(start, start + n)]
            k = split(n)
            if m <= k:
                return subproof(m, start, k, known) + [tree._get_root(start + k, start + n)]
            return subproof(m - k, start + k, n - k, False) + [tree._get_root(start, start + k)]
        roots = [tree.get_root(n) for n in range(largest + 1)]
        for n in range(largest + 1):
            inclusion, consistency = hashlib.sha256(), hashlib.sha256()
            for i in positions(range(0, n)):
                proof = tree.prove_inclusion(i + 1, n)
                if i % 29 == 0:
                    verify_inclusion(tree.get_leaf(i + 1), roots[n], proof)
                inclusion.update(b''.join(proof.path[1:]))
            for m in positions(range(1, max(1, n))):
                if m % 29 == 0:
                    verify_consistency(roots[m], roots[n], tree.prove_consistency(m, n))
                consistency.update(b''.join(subproof(m, 0, n, True)))
            print(roots[n].hex(), inclusion.hexdigest(), consistency.hexdigest())
        """#

    static func answers(largest: Int) throws -> [String] {
        let ran = try Peers.python(["-c", program, String(largest)])
        try #require(ran.code == 0, "\(ran)")
        return ran.output.split(separator: "\n").map(String.init)
    }
}

// Differential test against PyPI `pymerkle`, an independent implementation of RFC 9162 trees.
//
// One Python process answers for all sizes, a line each: root, digest of all inclusion proofs, digest
// of all consistency proofs.

import Cryptography
import TestSupport
import Testing

@testable import TransparencyLog

@Suite struct PeerTests {
    /// Every small tree, and those whose tiles of the lowest two levels are about to be full or just are.
    static let sizes =
        Array(0...600) + [65_279, 65_280, 65_281, 65_535, 65_536, 65_537, 65_791, 65_792, 65_793]

    @Test(.enabled(if: Peers.has("pymerkle"), Peers.hint))
    func `roots and proofs of 0 … 65,793 leaves are those of pymerkle`() throws {
        let answers = try Peer.answers(Self.sizes)
        try #require(answers.count == Self.sizes.count)
        let store = Big.store
        func root(_ size: Int) throws -> SHA256Digest {
            try MerkleTree.root(treeSize: Int64(size), readTiles: store.read)
        }
        for (answer, size) in zip(answers, Self.sizes) {
            let whole = try root(size)
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
                #expect(try proof.verify(oldRoot: root(old), newRoot: whole))
            }
            let ours = [whole.hex, inclusion.finalize().hex, consistency.finalize().hex]
            #expect(answer == ours.joined(separator: " "), "size \(size)")
        }
    }
}

/// The Python side.
private enum Peer {
    /// The first 16 positions, the last ones, and some 35 between, others for each size.
    static func positions(_ range: Range<Int>) -> [Int] {
        let step = max(17, range.count / 35)
        return range.filter {
            $0 < 16 || $0 % step == range.count % step || $0 >= range.upperBound - 3
        }
    }

    /// The same choice, and the proofs: inclusion from pymerkle's own proof without its first hash
    /// (the leaf).
    ///
    /// For consistency pymerkle goes down to a leaf where RFC 6962 stops at the old root, so its
    /// roots of ranges are put in the RFC's order, and its own verifier must agree with both roots.
    static let program = #"""
        import hashlib, struct, sys
        from pymerkle import InmemoryTree, verify_inclusion, verify_consistency
        sizes = [int(size) for size in sys.argv[1].split(',')]
        tree = InmemoryTree(algorithm='sha256')
        for i in range(max(sizes)):
            tree.append_entry(struct.pack('>I', i))
        def positions(r):
            step = max(17, len(r) // 35)
            return [i for i in r if i < 16 or i % step == len(r) % step or i >= r.stop - 3]
        def split(n):
            return 1 << ((n - 1).bit_length() - 1)
        def subproof(m, start, n, known):
            if m == n:
                return [] if known else [tree._get_root(start, start + n)]
            k = split(n)
            if m <= k:
                return subproof(m, start, k, known) + [tree._get_root(start + k, start + n)]
            return subproof(m - k, start + k, n - k, False) + [tree._get_root(start, start + k)]
        for n in sizes:
            root = tree.get_root(n)
            inclusion, consistency = hashlib.sha256(), hashlib.sha256()
            for i in positions(range(0, n)):
                proof = tree.prove_inclusion(i + 1, n)
                if i % 29 == 0:
                    verify_inclusion(tree.get_leaf(i + 1), root, proof)
                inclusion.update(b''.join(proof.path[1:]))
            for m in positions(range(1, max(1, n))):
                if m % 29 == 0:
                    verify_consistency(
                        tree.get_root(m), root, tree.prove_consistency(m, n))
                consistency.update(b''.join(subproof(m, 0, n, True)))
            print(root.hex(), inclusion.hexdigest(), consistency.hexdigest())
        """#

    static func answers(_ sizes: [Int]) throws -> [String] {
        let list = sizes.map(String.init).joined(separator: ",")
        let ran = try Peers.python(["-c", program, list])
        try #require(ran.code == 0, "\(ran)")
        return ran.output.split(separator: "\n").map(String.init)
    }
}

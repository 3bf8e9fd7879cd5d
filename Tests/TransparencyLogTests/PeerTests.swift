// Differential test against PyPI `pymerkle`, an independent implementation of RFC 9162 trees.
//
// It is installed into a virtual environment under .build when pip can reach an index; otherwise the
// test says that it was skipped. One Python process answers for all sizes, a line each:
// root, digest of all inclusion proofs, digest of all consistency proofs.

import Cryptography
import Foundation
import Testing

@testable import TransparencyLog

@Suite struct PeerTests {
    @Test(.enabled(if: Peer.isReady, "pymerkle cannot be installed: no python3, pip or index"))
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

    private static let environment: URL = {
        var directory = URL(filePath: #filePath)
        while directory.path != "/",
            !FileManager.default.fileExists(
                atPath: directory.appending(path: "Package.swift").path)
        {
            directory.deleteLastPathComponent()
        }
        return directory.appending(path: ".build/peer-pymerkle")
    }()

    private static var python: String { environment.appending(path: "bin/python3").path }

    /// Installs pymerkle once; false when that is not possible here.
    static let isReady: Bool = {
        if (try? run(python, ["-c", "import pymerkle"])) != nil { return true }
        return (try? run("/usr/bin/env", ["python3", "-m", "venv", environment.path])) != nil
            && (try? run(
                python,
                ["-m", "pip", "install", "-q", "--timeout", "20", "--retries", "1"]
                    + ["pymerkle==7.0.0"])) != nil
    }()

    static func answers(largest: Int) throws -> [String] {
        try run(python, ["-c", program, String(largest)]).split(separator: "\n").map(String.init)
    }

    private struct Failed: Error {}

    /// Standard output of a program that ends well within three minutes.
    @discardableResult
    private static func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["timeout", "180", program] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed() }
        return String(decoding: data, as: UTF8.self)
    }
}

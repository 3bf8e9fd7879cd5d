// What we make, judged by other people's verifiers: the code of Go's checksum database, the Rust of
// PyPI `metamorphic-log`, and the checkpoint parser of PyPI `sigstore`.

import Cryptography
import Foundation
import TestSupport
import Testing

@testable import TransparencyLog

@Suite struct ForeignVerifierTests {
    static let sizes = [
        1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 600, 65_279, 65_280, 65_281, 65_535, 65_536, 65_537,
    ]

    static let hasGo = Peers.hasGo
    static let noGo: Comment =
        "skipped: no Go with golang.org/x/mod (`.ci/packages test` installs both)"

    /// A proof as the foreign verifiers take it.
    struct Proof {
        let kind: String
        let size: Int
        let root: SHA256Digest
        let position: Int
        let known: SHA256Digest
        var hashes: [SHA256Digest]

        var line: String {
            "\(kind) \(size) \(root.hex) \(position) \(known.hex) "
                + hashes.map(\.hex).joined(separator: ",")
        }
    }

    /// Proofs of both kinds at these sizes, of positions at both ends and between.
    static func proofs() throws -> [Proof] {
        let store = Big.store
        func root(_ size: Int) throws -> SHA256Digest {
            try MerkleTree.root(treeSize: Int64(size), readTiles: store.read)
        }
        var proofs: [Proof] = []
        for size in sizes {
            let whole = try root(size)
            for index in stride(from: 0, to: size, by: 1 + size / 40) + [size - 1] {
                let inclusion = try InclusionProof.make(
                    index: Int64(index), treeSize: Int64(size), readTiles: store.read)
                proofs.append(
                    Proof(
                        kind: "inclusion", size: size, root: whole, position: index,
                        known: Big.leaves[index], hashes: inclusion.hashes))
                let old = index + 1
                let consistency = try ConsistencyProof.make(
                    oldSize: Int64(old), newSize: Int64(size), readTiles: store.read)
                proofs.append(
                    Proof(
                        kind: "consistency", size: size, root: whole, position: old,
                        known: try root(old), hashes: consistency.hashes))
            }
        }
        return proofs
    }

    /// The same proofs, each with one bit of one hash flipped; proofs without hashes fall away.
    static func damaged(_ proofs: [Proof]) -> [Proof] {
        proofs.enumerated().compactMap { number, proof in
            guard !proof.hashes.isEmpty else { return nil }
            var proof = proof
            let place = number % proof.hashes.count
            var bytes = proof.hashes[place].bytes
            bytes[number % 32] ^= 1
            guard let hash = SHA256Digest(bytes: bytes) else { return nil }
            proof.hashes[place] = hash
            return proof
        }
    }

    @Test(.enabled(if: hasGo, noGo))
    func `Go's checksum database accepts every proof, and none with a bit changed`() throws {
        let proofs = try Self.proofs()
        let ran = try Peers.goChecks(proofs: proofs.map(\.line))
        #expect(ran.code == 0 && ran.output == "proofs \(proofs.count)\n", "\(ran)")
        for proof in Self.damaged(proofs).filter({ $0.size < 300 }).prefix(12) {
            #expect(try Peers.goChecks(proofs: [proof.line]).code == 1, "\(proof.line)")
        }
    }

    @Test(.enabled(if: Peers.has("metamorphic_log"), Peers.hint))
    func `metamorphic-log accepts every proof, and none with a bit changed`() throws {
        let program = """
            import sys, metamorphic_log as log
            holds = fails = 0
            for line in sys.stdin:
                kind, size, root, position, known, rest = line.rstrip("\\n").split(" ")
                proof = [bytes.fromhex(h) for h in rest.split(",") if h]
                size, position, root, known = (
                    int(size), int(position), bytes.fromhex(root), bytes.fromhex(known))
                try:
                    if kind == "inclusion":
                        log.verify_inclusion(position, size, known, proof, root)
                    else:
                        log.verify_consistency(position, size, proof, known, root)
                    holds += 1
                except log.VerifyError:
                    fails += 1
            print(holds, fails)
            """
        let proofs = try Self.proofs()
        let damaged = Self.damaged(proofs)
        for (given, answer) in [
            (proofs, "\(proofs.count) 0\n"), (damaged, "0 \(damaged.count)\n"),
        ] {
            let ran = try Peers.python(
                ["-c", program], input: given.flatMap { Array(($0.line + "\n").utf8) })
            #expect(ran.output == answer, "\(ran)")
        }
    }

    @Test(.enabled(if: hasGo, noGo), arguments: [1, 255, 256, 257, 65_535, 65_536, 65_537])
    func `Go's checksum database reads our tiles, entries and checkpoint`(size: Int) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("imprimatur-log-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ path: String, _ bytes: [UInt8]) throws {
            let file = folder.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: file)
        }
        let signer = try Example.logSigner()
        let checkpoint = try Checkpoint(
            origin: "example.com/audit", size: Int64(size),
            root: MerkleTree.root(treeSize: Int64(size), readTiles: Big.store.read))
        var note = try checkpoint.signed(by: [signer])
        try note.append(Example.cosigner().cosign(note.text, timestampSeconds: 1_700_000_000))
        try write("checkpoint", note.bytes)
        // What a reader of this size may ask for: full tiles, and partials only of its right edge.
        for id in try TileID.changed(from: 0, to: Int64(size)) {
            try write(id.path, Array(try Big.store.read([id])[0].prefix(id.width * 32)))
        }
        for first in stride(from: 0, to: size, by: 256) {
            let id = try #require(EntryBundleID(index: Int64(first), treeSize: Int64(size)))
            try write(
                id.path,
                EntryBundle.encode(id.indexes.map { HashBytes.bigEndian(UInt32($0)) }))
        }
        let read = try Peers.goReads(folder.path, key: Example.logKey)
        #expect(read.code == 0 && read.output.hasPrefix("size \(size) records "), "\(read)")

        // One bit of a tile, of an entry, of the signature.
        let edge = try #require(TileID.rightEdge(of: Int64(size)).last)
        let last = try #require(EntryBundleID(index: Int64(size) - 1, treeSize: Int64(size)))
        for path in [edge.path, last.path, "checkpoint"] {
            let kept = try Data(contentsOf: folder.appendingPathComponent(path))
            var bytes = [UInt8](kept)
            bytes[path == "checkpoint" ? note.text.count + 40 : bytes.count - 1] ^= 1
            try write(path, bytes)
            let refused = try Peers.goReads(folder.path, key: Example.logKey)
            #expect(refused.code == 1 && refused.output.isEmpty, "\(path): \(refused)")
            try write(path, [UInt8](kept))
        }
    }

    @Test(.enabled(if: Peers.has("metamorphic_log", "sigstore"), Peers.hint))
    func `metamorphic-log and sigstore read our cosigned checkpoint`() throws {
        let program = """
            import sys, metamorphic_log as log
            from sigstore._internal.rekor.checkpoint import SignedCheckpoint
            text = sys.stdin.buffer.read().decode()
            head = log.checkpoint_verify(text, [sys.argv[1]])
            signed = SignedCheckpoint.from_text(text)
            print(head.origin, head.size, head.root.hex())
            print(signed.checkpoint.origin, signed.checkpoint.log_size, signed.checkpoint.log_hash)
            print([s.name for s in signed.signed_note.signatures])
            """
        let ran = try Peers.python(
            ["-W", "ignore", "-c", program, Example.logKey], input: Example.note)
        let line = "example.com/audit 8 \(Canonical.roots[8])\n"
        #expect(
            ran.output == line + line + "['example.com/audit', 'example.com/w1']\n", "\(ran)")
        var altered = Example.note
        altered[Example.text.utf8.count - 4] ^= 1
        let refused = try Peers.python(
            ["-W", "ignore", "-c", program, Example.logKey], input: altered)
        #expect(refused.code == 1 && refused.errors.contains("VerifyError"), "\(refused)")
    }
}

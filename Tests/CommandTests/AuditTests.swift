// `audit proof`, `check` and `consistency`: what they answer, and whom they do not believe.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Testing
import TransparencyLog

@Suite(.enabled(if: Postgres.isThere, "skipped: there is no PostgreSQL server"))
struct `Proofs on the command line` {
    @Test func `are fetched, kept, and checked without the service`() throws {
        let program = try Program()
        let served = try Served(program)
        let asking = [
            "--server", served.url, "--root", "service/root.json", "--token-file",
            "service/credentials/auditor.token",
        ]
        // By all three names the same entry.
        let first = try program.run(
            ["audit", "proof", "1", "-o", "a.tlog-proof", "--entry", "a.entry"] + asking)
        #expect(first.code == 0 && first.line == "a.tlog-proof", "\(first)")
        let leaf = MerkleTree.leafHash(of: try program.read("a.entry")).hex
        for name in [leaf, "id:2", "1"] {
            let ran = try program.run(["audit", "proof", name, "--json"] + asking)
            let json = try JSON(parsing: ran.output)
            #expect(ran.code == 0 && json["index"]?.integer == 1, "\(ran)")
            #expect(json["leafHash"]?.string == leaf)
        }
        for (name, code) in [
            ("100000", 1), ("id:100000", 1), (String(repeating: "0", count: 64), 1), ("x", 64),
            ("-1", 64), ("007", 64),
        ] {
            let ran = try program.run(["audit", "proof", name] + asking)
            #expect(ran.code == code && ran.output.isEmpty, "\(ran)")
        }
        // An administrator is no auditor: the receipt yes, the bytes no.
        let administrator = [
            "--server", served.url, "--root", "service/root.json", "--token-file",
            "service/credentials/administrator.token",
        ]
        #expect(try program.run(["audit", "proof", "1"] + administrator).code == 0)
        let bytes = try program.run(
            ["audit", "proof", "1", "--entry", "b.entry"] + administrator)
        #expect(bytes.code == 1 && bytes.errors.contains("auditor"), "\(bytes)")

        let note = try JSON(
            parsing: program.run(["audit", "consistency", "a.tlog-proof", "--json"] + asking).output
        )
        #expect(note["consistent"]?.bool == true)
        #expect(served.stop() == 0)

        // Nobody is asked any more.
        for given in [["--entry", "a.entry"], ["--leaf", leaf]] {
            let ran = try program.run(
                ["audit", "check", "a.tlog-proof", "--root", "service/root.json"] + given)
            #expect(ran.code == 0 && ran.output.contains("entry 1 of"), "\(ran)")
        }
        let other = try program.run(
            "audit", "check", "a.tlog-proof", "--root", "service/root.json", "--leaf",
            String(repeating: "0", count: 64))
        #expect(other.code == 1 && other.output.isEmpty, "\(other)")
        let gone = try program.run(["audit", "proof", "1"] + asking)
        #expect(gone.code == 2 && gone.output.isEmpty, "\(gone)")
    }
}

@Suite struct `Two checkpoints` {
    /// A log whose key the test has, so that it can sign what no honest log would.
    private struct Scene {
        let program: Program
        let root: TrustRoot
        let signer: NoteSigner
        let leaves = (0..<20).map { SHA256.hash("leaf \($0)") }

        init() throws {
            program = try Program()
            let now = try #require(Timestamp("2026-11-21T08:00:00.000Z"))
            let forge = try PermitForge(
                ArtifactManifest(files: [
                    FileRecord(path: "weights.bin", size: 1, sha256: SHA256.hash("w"))
                ]), now: now)
            let envelope = try forge.root()
            root = try TrustRoot.verify(envelope)
            signer = try NoteSigner(
                name: #require(KeyName(forge.origin)), key: forge.log)
            try program.write("root.json", envelope.canonicalBytes)
        }

        func note(_ size: Int, _ leaves: [SHA256Digest]? = nil) throws -> [UInt8] {
            let leaves = (leaves ?? self.leaves).prefix(size)
            return try Checkpoint(
                origin: root.origin, size: Int64(size), root: MerkleTree.root(of: Array(leaves))
            ).signed(by: [signer]).bytes
        }

        func proof(_ old: Int64, _ new: Int64) throws -> JSON {
            let growth = try TileGrowth(
                extending: CompactRange(), rightEdge: [], with: Array(leaves.prefix(Int(new))))
            let proof = try ConsistencyProof.make(oldSize: old, newSize: new) { ids in
                ids.map { _ in growth.tiles[0].bytes }
            }
            return [
                "oldSize": .integer(old), "newSize": .integer(new),
                "hashes": .array(proof.hashes.map { .string(Base64.encode($0.bytes)) }),
            ]
        }

        func run(_ a: String, _ b: String, _ answers: [String: ForgedService.Answer]) throws -> Ran
        {
            let service = try ForgedService(answers)
            defer { service.close() }
            return try program.run(
                "audit", "consistency", a, b, "--server", service.url, "--root", "root.json",
                "--timeout", "10")
        }
    }

    @Test func `of one history agree, of two are evidence`() throws {
        let scene = try Scene()
        var forked = scene.leaves
        forked[3] = SHA256.hash("another")
        try scene.program.write("7", [])
        for (name, note) in [
            ("seven", try scene.note(7)), ("nineteen", try scene.note(19)),
            ("forked", try scene.note(19, forked)), ("other-seven", try scene.note(7, forked)),
        ] { try scene.program.write(name, note) }
        let stranger = try NoteSigner(
            name: #require(KeyName(scene.root.origin)), key: .generate(.ed25519))
        try scene.program.write(
            "foreign",
            try Checkpoint(
                origin: scene.root.origin, size: 19, root: MerkleTree.root(of: scene.leaves)
            ).signed(by: [stranger]).bytes)
        let path = "/api/v1/log/consistency/7/19"
        let honest = [path: ForgedService.Answer(json: try scene.proof(7, 19))]
        let rows: [(String, String, [String: ForgedService.Answer], Int32)] = [
            ("seven", "nineteen", honest, 0), ("nineteen", "seven", honest, 0),
            ("seven", "seven", [:], 0),
            ("seven", "forked", honest, 1), ("seven", "other-seven", [:], 1),
            ("seven", "foreign", honest, 2), ("root.json", "seven", honest, 2),
            ("seven", "nineteen", [path: .init(json: ["hashes": []])], 1),
            ("seven", "nineteen", [:], 2), ("missing", "seven", honest, 2),
            (
                "seven", "latest",
                honest.merging([
                    "/log/checkpoint": .init(
                        status: 200, text: String(decoding: try scene.note(19), as: UTF8.self))
                ]) { $1 }, 0
            ),
            (
                "7", "nineteen",
                honest.merging([
                    "/api/v1/log/checkpoints/7": .init(
                        status: 200, text: String(decoding: try scene.note(7), as: UTF8.self))
                ]) { $1 }, 0
            ),
        ]
        for (a, b, answers, code) in rows {
            let ran = try scene.run(a, b, answers)
            #expect(ran.code == code, "\(a) \(b): \(ran)")
            #expect(ran.output.contains("consistent") == (code == 0))
        }
        let evidence = try scene.run("seven", "other-seven", [:])
        #expect(evidence.errors.contains("two histories"), "\(evidence)")
    }
}

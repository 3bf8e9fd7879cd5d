// `imprimatur-check`: the same answers as `imprimatur`, without anything of the service.

import Artifacts
import Attestation
import CanonicalJSON
import Foundation
import Governance
import Testing
import TransparencyLog

@Suite struct `The checker` {
    /// A model, a permit for it, a receipt, and the program.
    struct Scene {
        let program: Program
        let forge: PermitForge

        init() throws {
            program = try Program()
            try program.write("model/weights.bin", "weights")
            let scan = try ArtifactScan.scan(program.folder + "/model")
            forge = try PermitForge(
                scan.manifest,
                now: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)))
            let bundle = try forge.bundle()
            try program.write("root.json", forge.root().canonicalBytes)
            try program.write("permit.json", bundle.json.canonicalBytes)
            let entry = try #require(bundle.logEntries.first)
            let inclusion = try #require(entry.inclusionProof)
            try program.write("entry", entry.canonicalizedBody)
            try program.write(
                "receipt",
                try LogProof(
                    index: inclusion.proof.index, hashes: inclusion.proof.hashes,
                    checkpoint: SignedNote(parsing: Array(inclusion.checkpoint.utf8))
                ).bytes)
        }

        func check(_ arguments: String...) throws -> Ran {
            let path = try #require(Program.path) + "-check"
            return try Program.execute(path, arguments, in: program.folder, [:])
        }
    }

    @Test func `says of permits what imprimatur says, and stages what it checked`() throws {
        let scene = try Scene()
        let permit = ["permit", "check", "permit.json", "model", "--root", "root.json", "--json"]
        func both() throws -> (Ran, Ran) {
            let path = try #require(Program.path) + "-check"
            return (
                try Program.execute(path, permit, in: scene.program.folder, [:]),
                try scene.program.run(permit)
            )
        }
        let (ours, theirs) = try both()
        #expect(ours.code == 0 && ours.output == theirs.output, "\(ours)\n\(theirs)")
        let staged = try scene.check(
            "permit", "check", "permit.json", "model", "--root", "root.json", "--stage", "staged")
        #expect(staged.code == 0, "\(staged)")
        let place = "staged/sha256-\(scene.forge.manifest.digest)/weights.bin"
        #expect(try scene.program.read(place) == Array("weights".utf8))
        try scene.program.write("model/weights.bin", "Weights")
        let (no, alsoNo) = try both()
        #expect(no.code == 1 && alsoNo.code == 1 && no.output == alsoNo.output, "\(no)")
    }

    @Test func `proves receipts, and not those of other entries`() throws {
        let scene = try Scene()
        let yes = try scene.check(
            "audit", "check", "receipt", "--root", "root.json", "--entry", "entry")
        #expect(yes.code == 0 && yes.output.hasPrefix("proven: entry "), "\(yes)")
        let no = try scene.check(
            "audit", "check", "receipt", "--root", "root.json", "--entry", "model/weights.bin")
        #expect(no.code == 1, "\(no)")
    }

    @Test func `verifies signatures of models`() throws {
        let scene = try Scene()
        try scene.program.run("key", "new", "k.pem", "--public-key", "k.pub")
        try scene.program.run("artifact", "sign", "model", "--key", "k.pem", "--bundle", "m.sig")
        let verify = { () throws -> Ran in
            try scene.check(
                "artifact", "verify", "model", "--bundle", "m.sig", "--public-key", "k.pub")
        }
        #expect(try verify().code == 0)
        try scene.program.write("model/extra", "x")
        #expect(try verify().code == 1)
    }

    @Test func `ends as everything here ends`() throws {
        let scene = try Scene()
        #expect(try scene.check("--help").code == 0)
        #expect(try scene.check("--version").output == scene.program.run("--version").output)
        #expect(try scene.check("serve").code == 64)
        #expect(try scene.check("artifact", "sign", "model").code == 64)
        let missing = try scene.check("artifact", "digest", "nowhere")
        #expect(missing.code == 2 && missing.errors.hasPrefix("error: "), "\(missing)")
    }

    @Test func `needs no library of PostgreSQL, of TLS or of compression`() throws {
        let path = try #require(Program.path)
        let needed = try Program.execute("/usr/bin/ldd", [path + "-check"], in: "/", [:])
        #expect(needed.code == 0 && needed.output.contains("libcrypto"), "\(needed)")
        for library in ["libpq", "libssl", "libz.", "libFoundationNetworking"] {
            #expect(!needed.output.contains(library), "\(needed)")
        }
        // The service does need it: the test can tell.
        let service = try Program.execute("/usr/bin/ldd", [path], in: "/", [:])
        #expect(service.output.contains("libpq"), "\(service)")
    }

    @Test func `runs where libpq is none`() throws {
        let scene = try Scene()
        try scene.program.write("libraries/libpq.so.5", "no library")
        let path = try #require(Program.path)
        let environment = ["LD_LIBRARY_PATH": scene.program.folder + "/libraries", "PATH": "/none"]
        let permit = ["permit", "check", "permit.json", "model", "--root", "root.json"]
        let checked = try Program.execute(
            path + "-check", permit, in: scene.program.folder, environment)
        #expect(checked.code == 0, "\(checked)")
        let service = try Program.execute(path, permit, in: scene.program.folder, environment)
        #expect(service.code == 127, "\(service)")
    }

    @Test(.enabled(if: releasedChecker != nil, "no release build is here"))
    func `needs no Swift where it runs, as it is released`() throws {
        let path = try #require(releasedChecker)
        let needed = try Program.execute("/usr/bin/ldd", [path], in: "/", [:])
        #expect(needed.code == 0 && !needed.output.contains("libswift"), "\(needed)")
        #expect(!needed.output.contains("libFoundation"), "\(needed)")
    }
}

/// The checker of `make build`, when somebody built it.
private let releasedChecker: String? = {
    let path =
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path + "/.build/release/imprimatur-check"
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
}()

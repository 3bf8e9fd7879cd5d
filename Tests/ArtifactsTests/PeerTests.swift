// The other implementation, `model-signing` 1.1.1 from PyPI: each side verifies what the other signs.
//
// It is installed once into .build/oms-peer beside the package. Where pip cannot, these tests say
// that they were skipped.

import Attestation
import Cryptography
import Foundation
import Testing

@testable import Artifacts

enum Peer {
    /// The Python with the peer in it; nil when it cannot be had.
    static let python: String? = {
        let parts = #filePath.split(separator: "/").dropLast(3)
        let folder = "/" + parts.joined(separator: "/") + "/.build/oms-peer"
        let python = folder + "/bin/python"
        if run(python, ["-c", "import model_signing, OpenSSL, jsonschema"]) == 0 { return python }
        guard run("python3", ["-m", "venv", folder]) == 0,
            run(
                python,
                [
                    "-m", "pip", "install", "--quiet", "model-signing==1.1.1", "pyOpenSSL",
                    "jsonschema",
                ]) == 0
        else { return nil }
        return python
    }()

    static let isThere = python != nil

    /// The schemas of the specification, read where they lie; nil when absent.
    static let schemas: String? = {
        let variable = ProcessInfo.processInfo.environment["IMPRIMATUR_FIXTURES"]
        var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        var candidates = variable.map { [$0] } ?? []
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            candidates.append(folder.path + "/shared/fixtures")
        }
        return candidates.map { $0 + "/oms-spec/schemas/v1.0" }
            .first { FileManager.default.fileExists(atPath: $0) }
    }()

    /// Runs a program without a shell; the answer is its exit code, or -1.
    static func run(_ program: String, _ arguments: [String]) -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return -1 }
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -1
    }

    static func modelSigning(_ arguments: [String]) -> Int32 {
        guard let python else { return -1 }
        return run(python, ["-m", "model_signing"] + arguments)
    }
}

@Suite(.enabled(if: Peer.isThere, "skipped: pip cannot install model-signing 1.1.1"))
struct `The PyPI package model-signing` {
    static let files = [
        "a-b/y": "y\n", "a/x": "x\n", "config.json": #"{"arch":"tiny"}"#, "empty.txt": "",
        "模型.bin": "1", "line\nbreak": "2", "colon:0:4": "3", ".gitignore": "*.pyc",
    ]

    struct Scene {
        let folder: ScratchFolder
        let key: PrivateKey
        let model: String
        var signature: String { "\(folder.path)/model.sig" }
        var privateKey: String { "\(folder.path)/key.pem" }
        var publicKey: String { "\(folder.path)/key.pub" }

        init(_ algorithm: KeyAlgorithm, files: [String: String]) throws {
            folder = try ScratchFolder()
            key = try PrivateKey.generate(algorithm)
            model = try folder.write(files)
            try WholeFile.write(try key.pem(), to: privateKey)
            try WholeFile.write(Array(key.publicKey.pem.utf8), to: publicKey)
        }

        func peerSigns(_ path: String) -> Int32 {
            Peer.modelSigning([
                "sign", "key", path, "--private_key", privateKey, "--signature", signature,
            ])
        }

        func peerVerifies(_ path: String) -> Int32 {
            Peer.modelSigning([
                "verify", "key", path, "--public_key", publicKey, "--signature", signature,
            ])
        }

        func weVerify(_ path: String) throws -> ModelSignatureVerdict {
            try ArtifactScan.scan(path, signatureFiles: [signature]).verify(
                bundle: WholeFile.read(signature), key: key.publicKey)
        }
    }

    @Test(arguments: [KeyAlgorithm.ecdsaP256, .ecdsaP384, .ecdsaP521])
    func `signs a directory, and we verify it`(algorithm: KeyAlgorithm) throws {
        let scene = try Scene(algorithm, files: Self.files)
        #expect(scene.peerSigns(scene.model) == 0)
        let verdict = try scene.weVerify(scene.model)
        #expect(verdict.findings == [])
        #expect(verdict.uncovered == [".gitignore"])
        try scene.folder.write(["a/x": "X\n"])
        #expect(try scene.weVerify(scene.model).findings.map(\.code) == [.fileAltered])
    }

    @Test(arguments: [KeyAlgorithm.ecdsaP256, .ecdsaP384, .ecdsaP521])
    func `verifies a directory that we sign, and not when it is altered`(
        algorithm: KeyAlgorithm
    ) throws {
        let scene = try Scene(algorithm, files: Self.files)
        let bundle = try ArtifactScan.scan(scene.model).sign(with: scene.key)
        try WholeFile.write(bundle, to: scene.signature)
        #expect(scene.peerVerifies(scene.model) == 0)
        #expect(try scene.weVerify(scene.model).isValid)
        try scene.folder.write(["extra": ""])
        #expect(scene.peerVerifies(scene.model) != 0)
        #expect(try scene.weVerify(scene.model).findings.map(\.code) == [.fileExtra])
    }

    @Test func `and we agree about a model that is one file`() throws {
        let scene = try Scene(.ecdsaP256, files: ["m.bin": "1"])
        let file = scene.model + "/m.bin"
        #expect(scene.peerSigns(file) == 0)
        #expect(try scene.weVerify(file).findings == [])
        try WholeFile.write(try ArtifactScan.scan(file).sign(with: scene.key), to: scene.signature)
        #expect(scene.peerVerifies(file) == 0)
        try scene.folder.write(["m.bin": "2"])
        #expect(scene.peerVerifies(file) != 0)
        #expect(try scene.weVerify(file).findings.map(\.code) == [.fileAltered])
    }

    @Test(.enabled(if: Peer.schemas != nil, "skipped: shared/fixtures is not there"))
    func `is not needed to see that what we sign follows the published schemas`() throws {
        let scene = try Scene(.ecdsaP256, files: Self.files)
        try WholeFile.write(
            try ArtifactScan.scan(scene.model).sign(with: scene.key, ignoredPaths: ["a"]),
            to: scene.signature)
        let program = """
            import base64, glob, json, sys
            from jsonschema import Draft202012Validator
            from referencing import Registry, Resource
            schemas = {}
            for path in glob.glob(sys.argv[1] + "/*.schema.json"):
                schema = json.load(open(path)); schemas[schema["$id"]] = schema
            registry = Registry().with_resources(
                (i, Resource.from_contents(s)) for i, s in schemas.items())
            def check(name, document):
                Draft202012Validator(
                    schemas["https://model_signing/%s/v1.0/schema" % name], registry=registry
                ).validate(document)
            bundle = json.load(open(sys.argv[2]))
            check("bundle", bundle)
            check("statement", json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"])))
            """
        let python = try #require(Peer.python)
        let schemas = try #require(Peer.schemas)
        #expect(Peer.run(python, ["-c", program, schemas, scene.signature]) == 0)
        // The check does check: a bundle without its envelope is refused.
        try WholeFile.write(Array("{}".utf8), to: scene.signature)
        #expect(Peer.run(python, ["-c", program, schemas, scene.signature]) != 0)
    }

    @Test func `signs by shards, and we hash and verify them`() throws {
        let scene = try Scene(.ecdsaP256, files: Self.files)
        let program = """
            import pathlib, sys, model_signing
            c = model_signing.hashing.Config().use_shard_serialization(shard_size=2)
            model_signing.signing.Config().use_elliptic_key_signer(
                private_key=pathlib.Path(sys.argv[2])
            ).set_hashing_config(c).sign(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[3]))
            """
        let python = try #require(Peer.python)
        #expect(
            Peer.run(
                python, ["-c", program, scene.model, scene.privateKey, scene.signature]) == 0)
        let verdict = try scene.weVerify(scene.model)
        #expect(verdict.findings == [])
        #expect(verdict.uncovered == [".gitignore", "empty.txt"])
        try scene.folder.write(["config.json": #"{"arch":"TINY"}"#])
        #expect(Set(try scene.weVerify(scene.model).findings.map(\.code)) == [.fileAltered])
    }
}

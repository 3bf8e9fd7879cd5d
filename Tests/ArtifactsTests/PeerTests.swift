// The other implementation, `model-signing` 1.1.1 from PyPI: each side verifies what the other signs.
//
// Where it is not installed, these tests say that they were skipped.

import Attestation
import Cryptography
import TestSupport
import Testing

@testable import Artifacts

@Suite(.enabled(if: Peers.has("model_signing", "OpenSSL", "jsonschema"), Peers.hint))
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

        func peerSigns(_ path: String) throws -> Int32 {
            try Peers.modelSigning([
                "sign", "key", path, "--private_key", privateKey, "--signature", signature,
            ]).code
        }

        func peerVerifies(_ path: String) throws -> Int32 {
            try Peers.modelSigning([
                "verify", "key", path, "--public_key", publicKey, "--signature", signature,
            ]).code
        }

        func weVerify(_ path: String) throws -> ModelSignatureVerdict {
            try ArtifactScan.scan(path, signatureFiles: [signature]).verify(
                bundle: WholeFile.read(signature), key: key.publicKey)
        }
    }

    @Test(arguments: [KeyAlgorithm.ecdsaP256, .ecdsaP384, .ecdsaP521])
    func `signs a directory, and we verify it`(algorithm: KeyAlgorithm) throws {
        let scene = try Scene(algorithm, files: Self.files)
        #expect(try scene.peerSigns(scene.model) == 0)
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
        #expect(try scene.peerVerifies(scene.model) == 0)
        #expect(try scene.weVerify(scene.model).isValid)
        try scene.folder.write(["extra": ""])
        #expect(try scene.peerVerifies(scene.model) != 0)
        #expect(try scene.weVerify(scene.model).findings.map(\.code) == [.fileExtra])
    }

    @Test func `and we agree about a model that is one file`() throws {
        let scene = try Scene(.ecdsaP256, files: ["m.bin": "1"])
        let file = scene.model + "/m.bin"
        #expect(try scene.peerSigns(file) == 0)
        #expect(try scene.weVerify(file).findings == [])
        try WholeFile.write(try ArtifactScan.scan(file).sign(with: scene.key), to: scene.signature)
        #expect(try scene.peerVerifies(file) == 0)
        try scene.folder.write(["m.bin": "2"])
        #expect(try scene.peerVerifies(file) != 0)
        #expect(try scene.weVerify(file).findings.map(\.code) == [.fileAltered])
    }

    @Test(.enabled(if: Fixtures.has("oms-spec/schemas/v1.0"), "skipped: no shared/fixtures"))
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
        let schemas = try #require(Fixtures.directory()) + "/oms-spec/schemas/v1.0"
        let check = ["-c", program, schemas, scene.signature]
        #expect(try Peers.python(check).code == 0)
        // The check does check: a bundle without its envelope is refused.
        try WholeFile.write(Array("{}".utf8), to: scene.signature)
        #expect(try Peers.python(check).code != 0)
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
        let signed = try Peers.python(
            ["-c", program, scene.model, scene.privateKey, scene.signature])
        #expect(signed.code == 0, "\(signed)")
        let verdict = try scene.weVerify(scene.model)
        #expect(verdict.findings == [])
        #expect(verdict.uncovered == [".gitignore", "empty.txt"])
        try scene.folder.write(["config.json": #"{"arch":"TINY"}"#])
        #expect(Set(try scene.weVerify(scene.model).findings.map(\.code)) == [.fileAltered])
    }

    @Test func `signs by BLAKE2b, and we hash and verify it`() throws {
        let scene = try Scene(.ecdsaP256, files: Self.files)
        let program = """
            import pathlib, sys, model_signing
            c = model_signing.hashing.Config().use_file_serialization(hashing_algorithm="blake2")
            model_signing.signing.Config().use_elliptic_key_signer(
                private_key=pathlib.Path(sys.argv[2])
            ).set_hashing_config(c).sign(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[3]))
            """
        let signed = try Peers.python(
            ["-c", program, scene.model, scene.privateKey, scene.signature])
        #expect(signed.code == 0, "\(signed)")
        #expect(try scene.weVerify(scene.model).findings == [])
        try scene.folder.write(["a/x": "X\n"])
        #expect(try scene.weVerify(scene.model).findings.map(\.code) == [.fileAltered])
    }

    @Test(arguments: [nil, Int64(2)], [ResourceDigest.sha256, .blake2b])
    func `has the same digests as we when we sign in other ways`(
        shardSize: Int64?, digest: ResourceDigest
    ) throws {
        let scene = try Scene(.ecdsaP256, files: Self.files)
        let bundle = try ArtifactScan.scan(scene.model).sign(
            with: scene.key, shardSize: shardSize, digest: digest)
        try WholeFile.write(bundle, to: scene.signature)
        #expect(try scene.weVerify(scene.model).findings == [])
        let program = """
            import base64, json, pathlib, sys, model_signing
            name = {"sha256": "sha256", "blake2b": "blake2"}[sys.argv[4]]
            c = model_signing.hashing.Config()
            if sys.argv[3] == "0": c.use_file_serialization(hashing_algorithm=name)
            else: c.use_shard_serialization(hashing_algorithm=name, shard_size=int(sys.argv[3]))
            c.set_ignored_paths(paths=[], ignore_git_paths=True)
            theirs = {str(d.identifier): d.digest.digest_hex
                      for d in c.hash(pathlib.Path(sys.argv[1])).resource_descriptors()}
            bundle = json.load(open(sys.argv[2]))
            payload = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
            ours = {r["name"]: r["digest"] for r in payload["predicate"]["resources"]}
            sys.exit(0 if ours == theirs else repr((ours, theirs)))
            """
        let compared = try Peers.python([
            "-c", program, scene.model, scene.signature, "\(shardSize ?? 0)", digest.rawValue,
        ])
        #expect(compared.code == 0, "\(compared)")
    }

    @Test func `and we verify by certificate what the other signs`() throws {
        let workshop = try CertificateWorkshop()
        try workshop.issue("root", CertificateWorkshop.authority)
        try workshop.issue(
            "middle", by: "root", CertificateWorkshop.authority + ["authorityKeyIdentifier=keyid"])
        try workshop.issue("signer", by: "middle", CertificateWorkshop.signer)
        let scene = try Scene(.ecdsaP256, files: Self.files)
        let trust = CertificateTrust(
            anchors: try Certificate.all(pem: workshop.bytes("root.crt")),
            identity: "release@example.org", now: 1_800_000_000)
        let signed = try Peers.modelSigning([
            "sign", "certificate", scene.model, "--private_key", "\(workshop.folder)/signer.key",
            "--signing_certificate", "\(workshop.folder)/signer.crt", "--certificate_chain",
            "\(workshop.folder)/middle.crt", "--signature", scene.signature,
        ])
        #expect(signed.code == 0, "\(signed)")
        func weVerify() throws -> [AttestationFinding] {
            try ArtifactScan.scan(scene.model).verify(
                bundle: WholeFile.read(scene.signature), trust: .certificate(trust)
            ).findings
        }
        #expect(try weVerify() == [])
        try WholeFile.write(
            try ArtifactScan.scan(scene.model).sign(
                with: PrivateKey(pem: workshop.bytes("signer.key")),
                certificates: ["signer", "middle"].flatMap {
                    try Certificate.all(pem: workshop.bytes("\($0).crt"))
                }), to: scene.signature)
        #expect(try weVerify() == [])
        func theyVerify() throws -> Int32 {
            try Peers.modelSigning([
                "verify", "certificate", scene.model, "--certificate_chain",
                "\(workshop.folder)/root.crt", "--signature", scene.signature,
            ]).code
        }
        #expect(try theyVerify() == 0)
        try scene.folder.write(["a/x": "X\n"])
        #expect(try theyVerify() != 0)
        #expect(try weVerify().map(\.code) == [.fileAltered])
    }
}

import CanonicalJSON
import Cryptography
import Testing

@testable import Attestation

/// A signed model in memory, and what somebody might do to it.
struct SignedModel {
    let key: PrivateKey
    let files: [FileRecord]
    let bundle: [UInt8]

    static let files = [
        record("a-b/y", "y\n"), record("a/x", "x\n"), record("config.json", #"{"arch":"tiny"}"#),
        record("empty.txt", ""), record("模型.bin", "1"),
    ]

    init(_ files: [FileRecord] = SignedModel.files, ignoring: [String] = []) throws {
        self.key = try PrivateKey.generate(.ecdsaP256)
        self.files = files
        self.bundle = try ModelSignature.sign(
            ModelSignature.statement(name: "m", files: files, ignoredPaths: ignoring), with: key)
    }

    func verify(
        _ files: [FileRecord]? = nil, bundle: [UInt8]? = nil, key: PublicKey? = nil
    ) -> ModelSignatureVerdict {
        ModelSignature.verify(
            bundle: bundle ?? self.bundle, key: key ?? self.key.publicKey,
            model: ObservedModel(files: files ?? self.files))
    }
}

/// A bundle around any predicate, well signed: what a signer of other habits might make.
func bundle(
    signedBy key: PrivateKey, resources: [JSON], serialization: JSON = filesMethod,
    root: SHA256Digest? = nil, subjects: Int = 1
) throws -> [UInt8] {
    let digests = resources.compactMap { $0["digest"]?.string.flatMap(SHA256Digest.init(hex:)) }
    let statement = Statement(
        subjects: Array(
            repeating: .init(name: "m", sha256: root ?? ModelSignature.rootDigest(digests)),
            count: subjects),
        predicateType: ModelSignature.predicateType,
        predicate: ["resources": .array(resources), "serialization": serialization])
    return try ModelSignature.sign(statement, with: key)
}

let filesMethod: JSON = ["method": "files", "hash_type": "sha256", "allow_symlinks": false]

func resource(_ name: String, _ contents: String, algorithm: String = "sha256") -> JSON {
    [
        "name": .string(name), "algorithm": .string(algorithm),
        "digest": .string(SHA256.hash(contents).hex),
    ]
}

@Suite struct `A model signature` {
    @Test func `has the root digest of its worked example`() throws {
        let statement = try ModelSignature.statement(name: "m", files: SignedModel.files.reversed())
        #expect(
            statement.subjects[0].digests["sha256"]
                == "02aa579ebdaed047088fe53d39886b32c3e80ed4fa43c7fe0923510ede51af5d")
        let names = statement.predicate["resources"]?.array?.compactMap { $0["name"]?.string }
        #expect(names == ["a-b/y", "a/x", "config.json", "empty.txt", "模型.bin"])
    }

    @Test func `lists files as the older signers do, and is accepted all the same`() throws {
        let files = SignedModel.files
        let order = [files[1], files[0], files[2], files[3], files[4]]
        #expect(
            ModelSignature.rootDigest(order.map(\.sha256)).hex
                == "e790c198225c09687365addbb0e41ad7204f0fd146ecd3dd22bcf1632f6a05bd")
        let key = try PrivateKey.generate(.ecdsaP256)
        let bytes = try bundle(
            signedBy: key,
            resources: order.map { file in
                [
                    "name": .string(file.path), "algorithm": "sha256",
                    "digest": .string(file.sha256.hex),
                ]
            })
        let verdict = ModelSignature.verify(
            bundle: bytes, key: key.publicKey, model: ObservedModel(files: files))
        #expect(verdict.findings == [])
        #expect(verdict.isValid)
    }

    @Test func `holds over the files that were signed`() throws {
        let model = try SignedModel()
        let verdict = model.verify()
        #expect(verdict.findings == [])
        #expect(verdict.uncovered == [])
        #expect(verdict.signature?.files == model.files)
        #expect(verdict.signature?.signer == model.key.publicKey.id)
    }

    @Test func `tells missing, extra, altered and renamed files apart, all at once`() throws {
        let model = try SignedModel()
        let verdict = model.verify([
            record("a-b/y", "Y\n"), record("a/X", "x\n"),
            record("config.json", #"{"arch":"tiny"}"#), record("empty.txt", ""),
            record("模型.bin", "1"), record("zz", ""),
        ])
        #expect(
            verdict.findings.map { "\($0.code.rawValue) \($0.path ?? "")" } == [
                "file-altered a-b/y", "file-extra a/X", "file-missing a/x", "file-extra zz",
            ])
        #expect(!verdict.isValid)
    }

    @Test func `sees a name of the other Unicode form as another file`() throws {
        let model = try SignedModel([record("\u{E9}", "1")])
        #expect(model.verify([record("e\u{301}", "1")]).findings.count == 2)
    }

    @Test func `covers nothing that is ignored, and says so`() throws {
        let files = SignedModel.files + [record("notes/a.md", "n"), record(".git/hooks/x", "h")]
        let model = try SignedModel(files, ignoring: ["notes"])
        let verdict = model.verify()
        #expect(verdict.isValid)
        #expect(verdict.uncovered == [".git/hooks/x", "notes/a.md"])
        #expect(verdict.signature?.files.map(\.path) == SignedModel.files.map(\.path))
        // Planted where nobody looks: valid, and reported.
        let planted = model.verify(files + [record(".git/hooks/post-checkout", "evil")])
        #expect(planted.isValid)
        #expect(planted.uncovered.contains(".git/hooks/post-checkout"))
        // Beside it: refused. Only the whole component counts.
        #expect(model.verify(files + [record("notes2", "x")]).findings.codes == [.fileExtra])
        #expect(model.verify(files + [record("sub/.git/x", "x")]).findings.codes == [.fileExtra])
    }

    @Test func `is refused with another key, with every reason`() throws {
        let model = try SignedModel()
        let other = try PrivateKey.generate(.ecdsaP256).publicKey
        #expect(model.verify(key: other).findings.codes == [.keyMismatch, .signatureInvalid])
    }

    @Test func `is refused when any byte of the bundle is changed`() throws {
        let model = try SignedModel([record("a", "1")])
        for index in model.bundle.indices {
            var changed = model.bundle
            changed[index] ^= 1
            let verdict = model.verify(bundle: changed)
            #expect(!verdict.isValid && !verdict.findings.isEmpty, "byte \(index)")
        }
    }

    @Test func `is refused when the bundle is cut short`() throws {
        let model = try SignedModel([record("a", "1")])
        for count in stride(from: 0, to: model.bundle.count, by: 7) {
            #expect(!model.verify(bundle: Array(model.bundle[..<count])).isValid)
        }
    }

    @Test(arguments: [0, 2, 3])
    func `is refused with any number of signatures but one`(count: Int) throws {
        let model = try SignedModel()
        let bundle = try SigstoreBundle(parsing: model.bundle)
        let envelope = Envelope(
            payloadType: bundle.envelope.payloadType, payload: bundle.envelope.payload,
            signatures: Array(repeating: bundle.envelope.signatures[0], count: count))
        let changed = SigstoreBundle(envelope: envelope, material: bundle.material)
        #expect(
            model.verify(bundle: changed.bytes).findings.codes
                == [.signatureCount, .signatureInvalid])
    }

    @Test(
        arguments: [
            ("../outside.txt", AttestationFinding.Code.pathUnsafe), ("/etc/passwd", .pathUnsafe),
            ("a/../b", .pathUnsafe), ("a//b", .pathUnsafe), ("./a", .pathUnsafe),
            ("a/", .pathUnsafe),
        ])
    func `is refused for unsafe names, though well signed`(
        name: String, code: AttestationFinding.Code
    ) throws {
        let key = try PrivateKey.generate(.ecdsaP256)
        let bytes = try bundle(signedBy: key, resources: [resource(name, "1")])
        let verdict = ModelSignature.verify(
            bundle: bytes, key: key.publicKey, model: ObservedModel(files: [record(name, "1")]))
        #expect(verdict.findings.codes == [code])
    }

    @Test func `is refused for repeated names, wrong roots, and foreign digests`() throws {
        let key = try PrivateKey.generate(.ecdsaP256)
        let one = resource("a", "1")
        func codes(_ bytes: [UInt8]) -> [AttestationFinding.Code] {
            ModelSignature.verify(
                bundle: bytes, key: key.publicKey,
                model: ObservedModel(files: [record("a", "1")])
            ).findings.codes
        }
        #expect(codes(try bundle(signedBy: key, resources: [one])) == [])
        #expect(codes(try bundle(signedBy: key, resources: [one, one])) == [.duplicateResource])
        #expect(
            codes(try bundle(signedBy: key, resources: [one], root: SHA256.hash("x")))
                == [.rootDigestMismatch])
        #expect(codes(try bundle(signedBy: key, resources: [one], subjects: 2)) == [.malformed])
        #expect(codes(try bundle(signedBy: key, resources: [])) == [.emptyModel])
        #expect(
            codes(
                try bundle(signedBy: key, resources: [resource("a", "1", algorithm: "blake2b")]))
                == [.unsupportedSerialization])
        let blake: JSON = ["method": "files", "hash_type": "blake3", "allow_symlinks": false]
        #expect(
            codes(try bundle(signedBy: key, resources: [one], serialization: blake))
                == [.unsupportedSerialization])
        let everything: JSON = [
            "method": "files", "hash_type": "sha256", "allow_symlinks": false,
            "ignore_paths": ["."],
        ]
        #expect(
            codes(try bundle(signedBy: key, resources: [one], serialization: everything))
                == [.pathUnsafe])
    }

    @Test func `names a single file by a dot, and is read with its name too`() throws {
        let key = try PrivateKey.generate(.ecdsaP256)
        let files = [record("model.bin", "1")]
        let statement = try ModelSignature.statement(
            name: "model.bin", files: files, isSingleFile: true)
        #expect(statement.predicate["resources"]?[0]?["name"] == ".")
        let single = ObservedModel(files: files, isSingleFile: true)
        for bytes in [
            try ModelSignature.sign(statement, with: key),
            try bundle(signedBy: key, resources: [resource("model.bin", "1")]),
        ] {
            let verdict = ModelSignature.verify(bundle: bytes, key: key.publicKey, model: single)
            #expect(verdict.findings == [])
        }
        let altered = ModelSignature.verify(
            bundle: try ModelSignature.sign(statement, with: key), key: key.publicKey,
            model: ObservedModel(files: [record("model.bin", "2")], isSingleFile: true))
        #expect(altered.findings.codes == [.fileAltered])
        let directory = ModelSignature.verify(
            bundle: try ModelSignature.sign(statement, with: key), key: key.publicKey,
            model: ObservedModel(files: files))
        #expect(directory.findings.codes == [.fileMissing, .fileExtra])
    }

    @Test func `is not made over nothing, or over what is all ignored`() {
        for (files, ignored) in [([FileRecord](), [String]()), ([record("a", "")], ["a"])] {
            let error = #expect(throws: AttestationError.self) {
                try ModelSignature.statement(name: "m", files: files, ignoredPaths: ignored)
            }
            #expect(error?.findings.codes == [.emptyModel])
        }
    }
}

@Suite struct `A model signature by shards` {
    static let contents = "0123456789"
    static let method: JSON = [
        "method": "shards", "hash_type": "sha256", "allow_symlinks": false,
        "shard_size": .double(4),
    ]

    static func shard(_ start: Int, _ end: Int) -> JSON {
        let part = Array(contents.utf8)[start..<end]
        return [
            "name": .string("w:x:\(start):\(end)"), "algorithm": "sha256-sharded-4",
            "digest": .string(SHA256.hash(Array(part)).hex),
        ]
    }

    static func digests(_ contents: String) -> [FileShard: SHA256Digest] {
        let bytes = Array(contents.utf8)
        return Dictionary(
            uniqueKeysWithValues: [(0, 4), (4, 8), (8, 10)].map { start, end in
                (
                    FileShard(path: "w:x", start: Int64(start), end: Int64(end)),
                    SHA256.hash(Array(bytes[start..<end]))
                )
            })
    }

    static func verify(
        _ shards: [JSON], contents: String = contents,
        digests: [FileShard: SHA256Digest]?, more: [FileRecord] = []
    ) throws -> ModelSignatureVerdict {
        let key = try PrivateKey.generate(.ecdsaP256)
        let bytes = try bundle(signedBy: key, resources: shards, serialization: method)
        return ModelSignature.verify(
            bundle: bytes, key: key.publicKey,
            model: ObservedModel(
                files: [record("w:x", contents)] + more, digests: digests?.mapValues(\.bytes)))
    }

    @Test func `asks for the digests of its shards, and holds when they agree`() throws {
        let shards = [Self.shard(0, 4), Self.shard(4, 8), Self.shard(8, 10)]
        #expect(try Self.verify(shards, digests: nil).findings.codes == [.shardsNeedDigests])
        let verdict = try Self.verify(
            shards.reversed(), digests: Self.digests(Self.contents), more: [record("empty", "")])
        #expect(verdict.findings == [])
        #expect(verdict.uncovered == ["empty"])
    }

    @Test func `is refused for altered bytes and for another length`() throws {
        let shards = [Self.shard(0, 4), Self.shard(4, 8), Self.shard(8, 10)]
        let altered = try Self.verify(
            shards, contents: "012345678X", digests: Self.digests("012345678X"))
        #expect(altered.findings.codes == [.fileAltered])
        let longer = try Self.verify(
            shards, contents: "0123456789+", digests: Self.digests(Self.contents))
        #expect(longer.findings.codes == [.fileAltered])
    }

    @Test(
        arguments: [
            [(0, 4), (8, 10)], [(4, 8)], [(0, 4), (4, 8), (4, 8)], [(0, 4), (2, 6)],
            [(0, 8), (8, 10)], [(0, 2), (2, 6)],
        ])
    func `is refused when they do not cover the file`(ranges: [(Int, Int)]) throws {
        let verdict = try Self.verify(
            ranges.map { Self.shard($0.0, $0.1) }, digests: Self.digests(Self.contents))
        #expect(verdict.findings.codes == [.shardCoverage])
    }
}

@Suite struct `A model signature of another kind` {
    @Test func `by BLAKE2b holds when its digests are supplied and agree, and not otherwise`()
        throws
    {
        let key = try PrivateKey.generate(.ecdsaP256)
        let files = SignedModel.files
        let digests = Dictionary(
            uniqueKeysWithValues: files.map {
                (FileShard.whole($0.path), [UInt8](repeating: UInt8($0.size), count: 64))
            })
        let statement = try ModelSignature.statement(
            name: "m", files: files,
            serialization: .init(shardSize: nil, algorithm: .blake2b, digests: digests))
        let bytes = try ModelSignature.sign(statement, with: key)
        func codes(_ digests: [FileShard: [UInt8]]?) -> [AttestationFinding.Code] {
            ModelSignature.verify(
                bundle: bytes, key: key.publicKey,
                model: ObservedModel(files: files, digests: digests)
            ).findings.codes
        }
        #expect(codes(digests) == [])
        #expect(codes(nil) == [.shardsNeedDigests])
        var other = digests
        other[.whole("config.json")]?[63] ^= 1
        #expect(codes(other) == [.fileAltered])
        #expect(ModelSignature.digestsNeeded(by: bytes)?.algorithm == .blake2b)
    }

    @Test func `of model-signing 0.2 holds, and not when anything of it is changed`() throws {
        let key = try PrivateKey.generate(.ecdsaP256)
        let files = [record("a'b", "1"), record("c", "2")]
        let statement = Statement(
            subjects: files.map { .init(name: $0.path, sha256: $0.sha256) },
            predicateType: LegacySignature.predicateType, predicate: ["unused": "\u{e9}\n"])
        func bundle(_ message: [UInt8]) throws -> [UInt8] {
            SigstoreBundle(
                envelope: Envelope(
                    payloadType: Statement.payloadType, payload: statement.payload,
                    signatures: [.init(keyID: "", bytes: try key.sign(message))]),
                key: key.publicKey
            ).bytes
        }
        func codes(_ bundle: [UInt8], _ files: [FileRecord]) -> [AttestationFinding.Code] {
            ModelSignature.verify(
                bundle: bundle, key: key.publicKey, model: ObservedModel(files: files)
            ).findings.codes
        }
        let good = try bundle(LegacySignature.encoding(of: statement.payload))
        #expect(codes(good, files) == [])
        #expect(codes(good, [files[0], record("c", "3")]) == [.fileAltered])
        #expect(codes(good, files + [record("d", "")]) == [.fileExtra])
        #expect(codes(try bundle(statement.payload), files) == [.signatureInvalid])
        // The old way of signing is no way to sign what is not old.
        let modern = try ModelSignature.statement(name: "m", files: files)
        let wrong = SigstoreBundle(
            envelope: Envelope(
                payloadType: Statement.payloadType, payload: modern.payload,
                signatures: [
                    .init(
                        keyID: "",
                        bytes: try key.sign(LegacySignature.encoding(of: modern.payload)))
                ]), key: key.publicKey)
        #expect(codes(wrong.bytes, files) == [.signatureInvalid])
    }

    @Test func `of model-signing 0.2 is over Python's notation of its bytes`() {
        let text = String(
            decoding: LegacySignature.encoding(of: Array("{\"a\":'b'}\n\u{e9}".utf8)), as: UTF8.self
        )
        #expect(
            text
                == #"DSSEV1 28 application/vnd.in-toto+json 12 b'{"a":\'b\'}\n\xc3\xa9'"#)
    }
}

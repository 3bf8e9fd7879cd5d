// Verifying in one reading: what is hashed, and what is known afterwards.

import Attestation
import Cryptography
import Glibc
import Testing

@testable import Artifacts

extension ArtifactScan {
    /// The verdict on the same place, as it is now.
    func verify(bundle: [UInt8], key: PublicKey) throws -> ModelSignatureVerdict {
        try verify(bundle: bundle, trust: .key(key))
    }

    /// The verdict on the same place, as it is now.
    func verify(bundle: [UInt8], trust: SignerTrust) throws -> ModelSignatureVerdict {
        try CheckedArtifact(
            path, bundle: bundle, trust: trust,
            signatureFiles: signatureFiles.map { "\(path)/\($0)" }
        ).verdict
    }
}

@Suite struct `Verifying a model by shards` {
    static let files = ["big": String(repeating: "0123456789", count: 10), "small": "1", "no": ""]
    static let key = Result { try PrivateKey.generate(.ecdsaP256) }

    struct Scene {
        let folder: ScratchFolder
        let path: String
        let bundle: [UInt8]

        init(_ files: [String: String] = files, shardSize: Int64 = 16) throws {
            folder = try ScratchFolder()
            path = try folder.write(files)
            bundle = try ArtifactScan.scan(path).sign(with: key.get(), shardSize: shardSize)
        }

        func check(wantsDigest: Bool = false) throws -> CheckedArtifact {
            try CheckedArtifact(
                path, bundle: bundle, trust: .key(key.get().publicKey), wantsDigest: wantsDigest)
        }
    }

    @Test func `hashes a file in parts, and whole only when its digest is wanted`() throws {
        let scene = try Scene()
        let checked = try scene.check()
        #expect(checked.verdict.findings == [])
        #expect(checked.digest == nil)
        #expect(checked.verdict.signature?.files.map(\.path) == ["small"])
        #expect(checked.verdict.signature?.inParts == [ListedFile(path: "big", size: 100)])
        #expect(checked.verdict.uncovered == ["no"])
        let wanted = try scene.check(wantsDigest: true)
        #expect(wanted.digest == (try ArtifactScan.scan(scene.path)).digest)
        #expect(wanted.verdict.signature?.files.map(\.path) == ["big", "small"])
        #expect(wanted.verdict.signature?.count == checked.verdict.signature?.count)
    }

    @Test func `knows the digest of files that are one shard each`() throws {
        let scene = try Scene(shardSize: 100)
        #expect(try scene.check().digest == (try ArtifactScan.scan(scene.path)).digest)
    }

    @Test(arguments: [0, 15, 16, 47, 96, 99])
    func `refuses a byte that has changed, in whichever shard`(index: Int) throws {
        let scene = try Scene()
        var text = Array(Self.files["big"] ?? "")
        text[index] = "x"
        try scene.folder.write(["big": String(text)])
        for wantsDigest in [false, true] {
            let verdict = try scene.check(wantsDigest: wantsDigest).verdict
            #expect(verdict.findings.map(\.code) == [.fileAltered])
        }
    }

    @Test(arguments: ["", "0", "01234567890123456789"])
    func `refuses a file that became longer or shorter`(more: String) throws {
        let scene = try Scene()
        let text = Self.files["big"] ?? ""
        try scene.folder.write(["big": more.isEmpty ? String(text.dropLast()) : text + more])
        let codes = try scene.check().verdict.findings.map(\.code)
        #expect(Set(codes) == [.fileAltered])
    }

    @Test func `refuses a file too many, and one too few`() throws {
        let scene = try Scene()
        try scene.folder.write(["more": String(repeating: "m", count: 40)])
        unlink("\(scene.path)/small")
        #expect(
            Set(try scene.check().verdict.findings.map(\.code)) == [.fileExtra, .fileMissing])
    }

    @Test func `takes one file by itself, in parts too`() throws {
        let folder = try ScratchFolder()
        let path = try folder.write(Self.files) + "/big"
        let bundle = try ArtifactScan.scan(path).sign(with: Self.key.get(), shardSize: 16)
        let trust = SignerTrust.key(try Self.key.get().publicKey)
        let checked = try CheckedArtifact(path, bundle: bundle, trust: trust)
        #expect(checked.verdict.findings == [])
        #expect(checked.digest == nil)
        try folder.write(["big": String(repeating: "0123456789", count: 9) + "012345678x"])
        #expect(
            try CheckedArtifact(path, bundle: bundle, trust: trust).verdict.findings.map(\.code)
                == [.fileAltered])
    }

    @Test func `believes no file in parts under a signature over whole files`() throws {
        let scene = try Scene()
        let scan = try ArtifactScan.scan(scene.path)
        let bundle = try scan.sign(with: Self.key.get())
        let model = ObservedModel(
            files: scan.manifest.files.filter { $0.path != "big" },
            inParts: [ListedFile(path: "big", size: 100)])
        let verdict = ModelSignature.verify(
            bundle: bundle, key: try Self.key.get().publicKey, model: model)
        #expect(verdict.findings.map(\.code) == [.fileAltered])
    }

    @Test func `signs nothing when a file has changed since it was scanned`() throws {
        let folder = try ScratchFolder()
        let path = try folder.write(Self.files)
        let scan = try ArtifactScan.scan(path)
        try folder.write(["big": String(repeating: "0123456788", count: 10)])
        let error = #expect(throws: ArtifactError.self) {
            try scan.sign(with: Self.key.get(), shardSize: 16)
        }
        #expect(error?.code == .changedWhileReading)
    }
}

import CanonicalJSON
import Cryptography
import Testing

@testable import Attestation

@Suite struct `An artifact digest` {
    @Test func `is the SHA-256 of the canonical list`() throws {
        let manifest = try ArtifactManifest(files: [record("empty.txt", "")])
        let list =
            #"[{"path":"empty.txt","sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0}]"#
        #expect(manifest.json.canonicalText == list)
        #expect(list.utf8.count == 107)
        #expect(manifest.digest == SHA256.hash(list))
    }

    @Test func `does not depend on the order of discovery, and does on names`() throws {
        let a = record("a/x", "1")
        let b = record("a-b/y", "2")
        let one = try ArtifactManifest(files: [a, b])
        let two = try ArtifactManifest(files: [b, a])
        #expect(one == two)
        #expect(one.files.map(\.path) == ["a-b/y", "a/x"])
        let renamed = FileRecord(path: "a/z", size: a.size, sha256: a.sha256)
        #expect(try ArtifactManifest(files: [renamed, b]).digest != one.digest)
    }

    @Test func `tells composed and decomposed names apart`() throws {
        let manifest = try ArtifactManifest(
            files: [record("\u{E9}", "1"), record("e\u{301}", "1")])
        #expect(manifest.files.count == 2)
        #expect(record("\u{E9}", "1") != record("e\u{301}", "1"))
    }

    @Test func `survives being written and read`() throws {
        let manifest = try ArtifactManifest(
            files: [record("模型.bin", "1"), record("a\nb", "2"), record("x", "")])
        #expect(try ArtifactManifest(json: manifest.json) == manifest)
    }

    @Test(
        arguments: [
            "", "/a", "../a", "a/../b", "a/..", "./a", "a//b", "a/", "a/.", "..", ".", "a\0b",
            String(repeating: "x", count: 4097),
        ])
    func `is refused to an unsafe path`(path: String) {
        let error = #expect(throws: AttestationError.self) {
            try ArtifactManifest(files: [record(path, "")])
        }
        #expect(error?.findings.codes == [.pathUnsafe])
    }

    @Test(arguments: ["a", "...", "a/..b", ".git", "a:0:1", " ", "a\nb", "ü/模"])
    func `is given to an odd but safe path`(path: String) throws {
        _ = try ArtifactManifest(files: [record(path, "")])
    }

    @Test func `is refused to repeated paths, nothing, and an order that is not ours`() throws {
        let a = record("a", "1")
        let b = record("b", "1")
        let twice = #expect(throws: AttestationError.self) {
            try ArtifactManifest(files: [a, b, a])
        }
        #expect(twice?.findings.codes == [.duplicateResource])
        let none = #expect(throws: AttestationError.self) { try ArtifactManifest(files: []) }
        #expect(none?.findings.codes == [.emptyModel])
        #expect(throws: AttestationError.self) {
            try ArtifactManifest(json: [b.json, a.json])
        }
        #expect(throws: AttestationError.self) {
            try ArtifactManifest(json: [["path": "a", "size": 1]])
        }
    }
}

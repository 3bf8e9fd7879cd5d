import Attestation
import Cryptography
import Glibc
import Testing

@testable import Artifacts

@Suite struct `Scanning an artifact` {
    static let files = [
        "a-b/y": "y\n", "a/x": "x\n", "config.json": #"{"arch":"tiny"}"#, "empty.txt": "",
        "模型.bin": "1", "line\nbreak": "2", "deep/er/still/f": "3",
    ]

    static func expected(_ files: [String: String]) throws -> ArtifactManifest {
        try ArtifactManifest(
            files: files.map { name, contents in
                FileRecord(
                    path: name, size: Int64(contents.utf8.count), sha256: SHA256.hash(contents))
            })
    }

    @Test(arguments: [1, 2, 5])
    func `finds every file, whatever its name and the number of threads`(threads: Int) throws {
        let folder = try ScratchFolder()
        let path = try folder.write(Self.files)
        let scan = try ArtifactScan.scan(path, limits: ArtifactLimits(threads: threads))
        #expect(scan.manifest == (try Self.expected(Self.files)))
        #expect(scan.name == "model")
        #expect(!scan.isSingleFile)
        #expect(try ArtifactScan.scan(path + "/").name == "model")
    }

    @Test func `hashes many and large files alike`() throws {
        let folder = try ScratchFolder()
        var files: [String: String] = ["big": String(repeating: "0123456789", count: 300_000)]
        for index in 0..<200 { files["d\(index % 7)/f\(index)"] = "contents \(index)" }
        let scan = try ArtifactScan.scan(
            try folder.write(files), limits: ArtifactLimits(threads: 4))
        #expect(scan.manifest == (try Self.expected(files)))
    }

    @Test func `leaves out the signature file, and only that`() throws {
        let folder = try ScratchFolder()
        let path = try folder.write(["a": "1", "model.sig": "s", "sub/model.sig": "t"])
        let scan = try ArtifactScan.scan(
            path, signatureFiles: ["\(path)/model.sig", "\(folder.path)/absent"])
        #expect(scan.manifest.files.map(\.path) == ["a", "sub/model.sig"])
        #expect(scan.signatureFiles == ["model.sig"])
        let roundabout = try ArtifactScan.scan(
            path, signatureFiles: ["\(path)/sub/../model.sig"])
        #expect(roundabout.digest == scan.digest)
    }

    @Test func `covers what model signatures leave out, and names it`() throws {
        let folder = try ScratchFolder()
        let path = try folder.write([
            "a": "1", ".git/config": "c", ".gitignore": "g", "sub/.gitignore": "h",
        ])
        let scan = try ArtifactScan.scan(path)
        #expect(scan.manifest.files.count == 4)
        #expect(scan.neverSigned == [".git/config", ".gitignore"])
    }

    @Test func `takes a single file under its own name`() throws {
        let folder = try ScratchFolder()
        let path = try folder.write(["model.bin": "1"])
        let scan = try ArtifactScan.scan(path + "/model.bin")
        #expect(scan.isSingleFile)
        #expect(scan.name == "model.bin")
        #expect(scan.digest == (try ArtifactScan.scan(path)).digest)
    }

    @Test(arguments: ["file", "directory", "dangling", "loop", "parent"])
    func `refuses a symbolic link, and names it`(kind: String) throws {
        let folder = try ScratchFolder()
        let path = try folder.write(["a": "1", "sub/b": "2"])
        let target = [
            "file": "../a", "directory": "../sub", "dangling": "nowhere", "loop": "link",
            "parent": "..",
        ]
        symlink(target[kind] ?? "", "\(path)/sub/link")
        let error = #expect(throws: ArtifactError.self) { try ArtifactScan.scan(path) }
        #expect(error?.code == .symbolicLink)
        #expect(error?.path == "sub/link")
    }

    @Test func `refuses a root that is a link`() throws {
        let folder = try ScratchFolder()
        let path = try folder.write(["a": "1"])
        symlink(path, "\(folder.path)/link")
        symlink(path + "/a", "\(folder.path)/link2")
        for name in ["link", "link/", "link2"] {
            let error = #expect(throws: ArtifactError.self) {
                try ArtifactScan.scan("\(folder.path)/\(name)")
            }
            #expect(error?.code == .symbolicLink)
        }
    }

    @Test func `refuses a fifo and a socket, and does not wait for them`() throws {
        let folder = try ScratchFolder()
        let path = try folder.write(["a": "1"])
        mkfifo("\(path)/pipe", 0o600)
        for scanned in [path, "\(path)/pipe"] {
            let error = #expect(throws: ArtifactError.self) { try ArtifactScan.scan(scanned) }
            #expect(error?.code == .specialFile)
        }
    }

    @Test func `refuses names that are not UTF-8`() throws {
        let folder = try ScratchFolder()
        let path = try folder.write(["a": "1"])
        let name = Array("\(path)/".utf8CString.dropLast()) + [CChar(bitPattern: 0xFF), 0]
        let number = name.withUnsafeBufferPointer { name in
            open(name.baseAddress!, O_CREAT | O_WRONLY, 0o600)
        }
        try #require(number >= 0)
        close(number)
        let error = #expect(throws: ArtifactError.self) { try ArtifactScan.scan(path) }
        #expect(error?.code == .nameUnacceptable)
    }

    @Test func `refuses what is absent, empty, or beyond the limits`() throws {
        let folder = try ScratchFolder()
        let path = try folder.write([:])
        func code(_ path: String, _ limits: ArtifactLimits = .default) -> ArtifactError.Code? {
            #expect(throws: ArtifactError.self) {
                try ArtifactScan.scan(path, limits: limits)
            }?.code
        }
        #expect(code(path) == .empty)
        #expect(code(path + "/absent") == .notFound)
        try folder.write(["a": "1", "b/c": "2"])
        #expect(code(path, ArtifactLimits(files: 1)) == .tooLarge)
        #expect(code(path, ArtifactLimits(depth: 0)) == .tooLarge)
        #expect(code(path, ArtifactLimits(pathBytes: 2)) == .nameUnacceptable)
    }

    @Test func `notices a file that is not the one listed`() throws {
        let folder = try ScratchFolder()
        let path = try folder.write(["a": "1", "sub/b": "22"])
        let root = try ArtifactRoot.open(path)
        let files = try root.list(excluding: [], limits: .default).files
        try folder.write(["sub/b": "33"])
        let error = #expect(throws: ArtifactError.self) {
            try hashInParallel(
                files.map(HashTask.init), below: root.directory.number, threads: 2)
        }
        #expect(error?.code == .changedWhileReading)
        #expect(error?.path == "sub/b")
        // A directory replaced by a link after the listing does not lead elsewhere.
        rename("\(path)/sub", "\(folder.path)/elsewhere")
        symlink("\(folder.path)/elsewhere", "\(path)/sub")
        let moved = #expect(throws: ArtifactError.self) {
            try hashInParallel(
                files.map(HashTask.init), below: root.directory.number, threads: 2)
        }
        #expect(moved?.code == .changedWhileReading || moved?.code == .system)
    }
}

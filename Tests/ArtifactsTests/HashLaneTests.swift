// Where bytes come from: mapped, past the page cache, or read; the digest is the same.

import Attestation
import Cryptography
import Glibc
import Testing

@testable import Artifacts

@Suite struct `Hashing large files` {
    /// Around a mapping's least size, a block, a disk block, a page and a window.
    static let sizes = [
        1 << 20, (1 << 20) - 1, (1 << 20) + 63, (4 << 20) - 1, 4 << 20, (4 << 20) + 1,
        (4 << 20) + 65, (8 << 20) + 4_095, (9 << 20) + 17,
    ]

    static func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
        var state = seed
        let words = (0..<(count + 7) / 8).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 32
        }
        return words.withUnsafeBytes { Array($0.prefix(count)) }
    }

    struct Files {
        let folder: ScratchFolder
        let path: String
        let found: [FoundFile]
        let contents: [[UInt8]]
        let root: Int32

        init(_ sizes: [Int]) throws {
            folder = try ScratchFolder()
            path = try folder.write([:])
            contents = sizes.enumerated().map { bytes($1, seed: UInt64($0)) }
            for (index, bytes) in contents.enumerated() {
                try WholeFile.write(bytes, to: "\(path)/\(index)")
            }
            found = try ArtifactRoot.open(path).list(excluding: [], limits: .default).files
            root = open(path, O_RDONLY | O_DIRECTORY)
        }

        /// Leaves nothing of the files in memory.
        func cool() {
            for file in found {
                let descriptor = open("\(path)/\(file.path)", O_RDONLY)
                posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
                close(descriptor)
            }
        }

        /// How many of the files begin in memory.
        func residents() throws -> Int {
            var count = 0
            for file in found {
                let descriptor = try ArtifactRoot.open(file, below: root)
                let mapping = MappedRange(descriptor, 0..<file.identity.size)
                if mapping?.isResident(0..<ArtifactLimits.windowBytes) == true { count += 1 }
            }
            return count
        }
    }

    /// Whether the page cache can be emptied of a file here; in a file system in memory it cannot.
    static func emptiesCache() throws -> Bool {
        let files = try Files([8 << 20])
        defer { close(files.root) }
        files.cool()
        return try files.residents() == 0
    }

    @Test(arguments: [false, true], [1, 2])
    func `gives the same digests warm and cold, whole and in parts`(
        isCold: Bool, threads: Int
    ) throws {
        let files = try Files(Self.sizes)
        defer { close(files.root) }
        let whole = files.found.map { HashTask($0) }
        // Parts that begin neither at a page nor at a block.
        let parts = files.found.flatMap { file in
            stride(from: 0, to: file.identity.size, by: 1_500_001).map {
                HashTask(file, range: $0..<min(file.identity.size, $0 + 1_500_001))
            }
        }
        for tasks in [whole, parts] {
            if isCold { files.cool() }
            let digests = try hashInParallel(tasks, below: files.root, threads: threads)
            #expect(
                digests
                    == tasks.map { task in
                        let index = Int(task.file.path) ?? 0
                        return SHA256.hash(
                            files.contents[index][
                                Int(task.range.lowerBound)..<Int(task.range.upperBound)])
                    })
        }
    }

    @Test(
        .enabled(
            if: try `Hashing large files`.emptiesCache(),
            "skipped: files cannot be driven out of memory here"))
    func `reads past the page cache what is not in it, and leaves it so`() throws {
        let files = try Files([8 << 20, 8 << 20])
        defer { close(files.root) }
        #expect(try files.residents() == 2)
        files.cool()
        try #require(try files.residents() == 0)
        _ = try hashInParallel(files.found.map { HashTask($0) }, below: files.root, threads: 1)
        #expect(try files.residents() == 0)
    }

    @Test(
        .enabled(if: SHA256Stream.sideBySide > 1, "skipped: one at a time on this processor"),
        arguments: 1...4)
    func `a mapped file that is cut short adds nothing, and ends nothing`(count: Int) throws {
        let files = try Files(Array(repeating: 2 << 20, count: count))
        defer { close(files.root) }
        let ranges = try files.found.map { file in
            MappedFile(
                try ArtifactRoot.open(file, below: files.root), 0..<file.identity.size)
        }
        let part = 0..<2 << 20
        // The one that is cut short is last: those before it have been read by then.
        let streams = (0..<count).map { _ in SHA256Stream() }
        let parts = try (0..<count).map { try ranges[$0].bytes(part) }
        let last = "\(files.path)/\(count - 1)"
        truncate(last, 4_096)
        #expect(!SHA256Stream.updateMapped(streams, parts))
        truncate(last, 2 << 20)
        #expect(SHA256Stream.updateMapped(streams, parts))
        let zeros = [UInt8](repeating: 0, count: (2 << 20) - 4_096)
        for (index, stream) in streams.enumerated() {
            let contents = files.contents[index]
            #expect(
                stream.finish()
                    == SHA256.hash(index < count - 1 ? contents : contents[..<4_096] + zeros))
        }
    }

    @Test func `more cold files than readers give the same digests`() throws {
        let files = try Files(Array(repeating: (1 << 20) + 64, count: ArtifactLimits.readers + 5))
        defer { close(files.root) }
        files.cool()
        let digests = try hashInParallel(
            files.found.map { HashTask($0) }, below: files.root, threads: 2)
        let expected = files.found.map { SHA256.hash(files.contents[Int($0.path) ?? 0]) }
        #expect(digests == expected)
    }

    @Test func `a cold file that was exchanged is an error, whoever reads the others`() throws {
        let files = try Files(Array(repeating: 2 << 20, count: 6))
        defer { close(files.root) }
        try WholeFile.write(files.contents[3], to: "\(files.path)/3")
        files.cool()
        let error = #expect(throws: ArtifactError.self) {
            try hashInParallel(files.found.map { HashTask($0) }, below: files.root, threads: 2)
        }
        #expect(error?.code == .changedWhileReading)
        #expect(error?.path == "3")
    }

    @Test(arguments: [false, true])
    func `files that shrink while they are hashed are an error, always`(isCold: Bool) throws {
        let files = try Files([8 << 20, 8 << 20])
        defer { close(files.root) }
        for _ in 0..<10 {
            if isCold { files.cool() }
            let tasks = try ArtifactRoot.open(files.path).list(excluding: [], limits: .default)
                .files.map { HashTask($0) }
            let cutter = Thread {
                usleep(UInt32.random(in: 0..<4_000))
                truncate("\(files.path)/1", 5_000_000)
            }
            let digests = try? hashInParallel(tasks, below: files.root, threads: 1)
            cutter.join()
            // Cut before: noticed; cut after the end: the digest of what was there.
            #expect(digests == nil || digests == files.contents.map { SHA256.hash($0) })
            try WholeFile.write(files.contents[1], to: "\(files.path)/1")
        }
    }

    @Test(.enabled(if: SHA256Stream.sideBySide > 1, "skipped: one at a time on this processor"))
    func `another bus error still ends the process`() async {
        await #expect(processExitsWith: .signal(SIGBUS)) {
            let files = try Files([2 << 20, 2 << 20])
            let ranges = try files.found.map { file in
                MappedFile(
                    try ArtifactRoot.open(file, below: files.root), 0..<file.identity.size)
            }
            let streams = [SHA256Stream(), SHA256Stream()]
            let part = 0..<2 << 20
            _ = SHA256Stream.updateMapped(streams, try ranges.map { try $0.bytes(part) })
            truncate("\(files.path)/1", 0)
            streams[1].update(try ranges[1].bytes(part))
        }
    }

    /// Hashes something mapped, so that bus errors are looked at.
    static func guardOnce() throws {
        let files = try Files([2 << 20, 2 << 20])
        let ranges = try files.found.map { file in
            MappedFile(try ArtifactRoot.open(file, below: files.root), 0..<file.identity.size)
        }
        let part = 0..<2 << 20
        _ = SHA256Stream.updateMapped(
            [SHA256Stream(), SHA256Stream()], try ranges.map { try $0.bytes(part) })
    }

    @Test(.enabled(if: SHA256Stream.sideBySide > 1, "skipped: one at a time on this processor"))
    func `the signal ends the process also when somebody sends it`() async {
        await #expect(processExitsWith: .signal(SIGBUS)) {
            try `Hashing large files`.guardOnce()
            raise(SIGBUS)
        }
    }

    @Test(.enabled(if: SHA256Stream.sideBySide > 1, "skipped: one at a time on this processor"))
    func `the signal is ignored, however often it is sent, where it was ignored before`() async {
        await #expect(processExitsWith: .success) {
            signal(SIGBUS, SIG_IGN)
            try `Hashing large files`.guardOnce()
            raise(SIGBUS)
            raise(SIGBUS)
        }
    }
}

/// A mapping that arrays can hold.
private final class MappedFile {
    private let range: MappedRange?

    init(_ descriptor: borrowing Descriptor, _ range: Range<Int64>) {
        self.range = MappedRange(descriptor, range)
    }

    func bytes(_ part: Range<Int>) throws -> UnsafeRawBufferPointer {
        guard let bytes = range?.bytes(part) else { throw Unmapped() }
        return bytes
    }

    struct Unmapped: Error {}
}

/// A thread that runs a closure.
private final class Thread {
    private var thread = pthread_t()

    init(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Body(body))
        pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
    }

    func join() { pthread_join(thread, nil) }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}

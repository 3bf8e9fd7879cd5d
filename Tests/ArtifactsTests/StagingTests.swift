import Attestation
import Cryptography
import Foundation
import Glibc
import Synchronization
import Testing

@testable import Artifacts

@Suite struct `Staging an artifact` {
    static let files = ["a": "1", "sub/deep/b": "2", "empty": ""]

    func mode(_ path: String) -> UInt32 {
        var status = stat()
        guard lstat(path, &status) == 0 else { return 0 }
        return status.st_mode & 0o777
    }

    @Test func `copies what was verified into a read-only place named by its digest`() throws {
        let folder = try ScratchFolder()
        let scan = try ArtifactScan.scan(try folder.write(Self.files))
        let place = try Staging.stage(
            scan.manifest, from: scan.path, below: "\(folder.path)/staged")
        #expect(place == "\(folder.path)/staged/sha256-\(scan.digest.hex)")
        #expect(try ArtifactScan.scan(place).manifest == scan.manifest)
        #expect(mode(place) == 0o555)
        #expect(mode(place + "/sub/deep") == 0o555)
        #expect(mode(place + "/sub/deep/b") == 0o444)
        // Again: the same place, checked.
        #expect(
            try Staging.stage(scan.manifest, from: scan.path, below: "\(folder.path)/staged")
                == place)
    }

    @Test func `leaves out what is not in the manifest, such as the signature`() throws {
        let folder = try ScratchFolder()
        let path = try folder.write(["a": "1", "model.sig": "s"])
        let scan = try ArtifactScan.scan(path, signatureFiles: ["\(path)/model.sig"])
        let place = try Staging.stage(scan.manifest, from: path, below: "\(folder.path)/staged")
        #expect(access(place + "/model.sig", F_OK) != 0)
    }

    @Test func `takes a single file`() throws {
        let folder = try ScratchFolder()
        let scan = try ArtifactScan.scan(try folder.write(["m.bin": "1"]) + "/m.bin")
        let place = try Staging.stage(
            scan.manifest, from: scan.path, below: "\(folder.path)/staged")
        #expect(access(place + "/m.bin", R_OK) == 0)
    }

    @Test(
        arguments: [
            (["sub/deep/b": "X"], ArtifactError.Code.mismatch),
            (["a": "1 and more"], .mismatch), (["empty": "."], .mismatch),
        ])
    func `refuses bytes that changed since they were verified, and leaves nothing`(
        change: [String: String], code: ArtifactError.Code
    ) throws {
        let folder = try ScratchFolder()
        let scan = try ArtifactScan.scan(try folder.write(Self.files))
        try folder.write(change)
        let error = #expect(throws: ArtifactError.self) {
            try Staging.stage(scan.manifest, from: scan.path, below: "\(folder.path)/staged")
        }
        #expect(error?.code == code)
        #expect(rmdir("\(folder.path)/staged") == 0, "the directory should be empty")
    }

    @Test func `refuses a file that has gone, or has become a link`() throws {
        let folder = try ScratchFolder()
        let scan = try ArtifactScan.scan(try folder.write(Self.files))
        unlink(scan.path + "/a")
        let gone = #expect(throws: ArtifactError.self) {
            try Staging.stage(scan.manifest, from: scan.path, below: "\(folder.path)/staged")
        }
        #expect(gone?.code == .changedWhileReading)
        symlink("empty", scan.path + "/a")
        let link = #expect(throws: ArtifactError.self) {
            try Staging.stage(scan.manifest, from: scan.path, below: "\(folder.path)/staged")
        }
        #expect(link?.code == .symbolicLink)
    }

    @Test func `refuses an existing place that was altered`() throws {
        let folder = try ScratchFolder()
        let scan = try ArtifactScan.scan(try folder.write(Self.files))
        let staged = "\(folder.path)/staged"
        let place = try Staging.stage(scan.manifest, from: scan.path, below: staged)
        chmod(place, 0o755)
        try WholeFile.write([0x58], to: place + "/a")
        let error = #expect(throws: ArtifactError.self) {
            try Staging.stage(scan.manifest, from: scan.path, below: staged)
        }
        #expect(error?.code == .mismatch)
    }

    @Test(arguments: ["", "/sub", "/sub/deep/b"])
    func `refuses an existing place that can be written`(path: String) throws {
        let folder = try ScratchFolder()
        let scan = try ArtifactScan.scan(try folder.write(Self.files))
        let staged = "\(folder.path)/staged"
        let place = try Staging.stage(scan.manifest, from: scan.path, below: staged)
        chmod(place + path, 0o755)
        let error = #expect(throws: ArtifactError.self) {
            try Staging.stage(scan.manifest, from: scan.path, below: staged)
        }
        #expect(error?.message.contains("read-only") == true, "\(error as Any)")
    }

    @Test func `never keeps other bytes than the verified ones, whoever writes meanwhile`() throws {
        let folder = try ScratchFolder()
        let model = try folder.write(["weights": String(repeating: "a", count: 4 << 20)])
        let writer = RacingWriter(path: model + "/weights", size: 4 << 20)
        var refused: [ArtifactError.Code: Int] = [:]
        for round in 0..<40 {
            do throws(ArtifactError) {
                let scan = try ArtifactScan.scan(model)
                let place = try Staging.stage(
                    scan.manifest, from: model, below: "\(folder.path)/staged-\(round)")
                #expect(try ArtifactScan.scan(place).digest == scan.digest)
            } catch {
                refused[error.code, default: 0] += 1
            }
        }
        writer.stop()
        #expect(refused.values.reduce(0, +) > 0, "the writer never met a reader")
        #expect(Set(refused.keys).isSubset(of: [.changedWhileReading, .mismatch]), "\(refused)")
        // The same without the writer.
        let scan = try ArtifactScan.scan(model)
        let place = try Staging.stage(scan.manifest, from: model, below: "\(folder.path)/staged")
        #expect(try ArtifactScan.scan(place).digest == scan.digest)
    }
}

/// Writes single bytes into a file, over and over, until it is told to stop.
private final class RacingWriter: Sendable {
    private let isStopped = Mutex(false)
    private let hasEnded = DispatchSemaphore(value: 0)

    init(path: String, size: Int) {
        Thread.detachNewThread { [self] in
            let file = open(path, O_WRONLY)
            var place = 1
            while file >= 0, !isStopped.withLock({ $0 }) {
                var byte = UInt8(truncatingIfNeeded: place)
                pwrite(file, &byte, 1, off_t(place % size))
                place = place &* 1_103_515_245 &+ 12_345 & 0x7FFF_FFFF
                usleep(300)
            }
            close(file)
            hasEnded.signal()
        }
    }

    func stop() {
        isStopped.withLock { $0 = true }
        hasEnded.wait()
    }
}

import Attestation
import Cryptography
import Glibc
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
}

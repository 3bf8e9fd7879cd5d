// A full disk: what cannot be stored is refused, nothing is half done, and with space again all goes on.
//
// Needs root, for a small file system of its own; elsewhere the test says that it was skipped.

import Cryptography
import Database
import Foundation
import Glibc
import Governance
import Registry
import TestSupport
import Testing

/// Removes single files.
enum FileRemoval {
    static func remove(_ path: String) throws {
        guard unlink(path) == 0 else { throw TestFailure("cannot remove \(path)") }
    }
}

@Suite(.enabled(if: SmallDisk.isPossible, "skipped: only root can mount a small file system"))
struct `A full disk` {
    @Test func `refuses writes, loses nothing, and goes on when there is space`() async throws {
        let disk = try SmallDisk(megabytes: 192)
        defer { disk.remove() }
        var settings = PrivateCluster.Settings(directory: disk.path + "/postgres")
        settings.durability = .unsafeTest
        let cluster = try PrivateCluster.start(settings)
        try await cluster.createRoles()
        let scratch = ScratchDatabase(cluster: cluster, name: PrivateCluster.databaseName)
        let folder = try TestCluster.temporaryDirectory()
        let directory = DataDirectory(path: folder + "/data")
        let clock = TestClock()
        let service = try await TestService.start(scratch, directory, clock)
        let team = try await service.makeTeam()
        try await service.settled()

        let filler = disk.path + "/filler"
        try disk.fill(filler)
        var (refused, acknowledged) = (0, [SHA256Digest]())
        for number in 0..<2_000 where refused < 3 {
            do {
                let submission = try service.submission(by: team.owner, seed: "s\(number)")
                let outcome = try await service.registry.submit(
                    submission, service.request(team.owner))
                acknowledged.append(SHA256.hash(outcome.recorded.bytes))
            } catch {
                refused += 1
                #expect(Refusal(classifying: error) != nil || error is Refusal, "\(error)")
            }
        }
        #expect(refused == 3)
        await service.stop()
        try FileRemoval.remove(filler)

        // The server may have stopped itself; it is started again as the service would.
        _ = try? cluster.stop()
        let again = try PrivateCluster.start(settings)
        defer { _ = try? again.stop() }
        let after = ScratchDatabase(cluster: again, name: PrivateCluster.databaseName)
        try await TestService.opened(after, directory, clock) { service in
            #expect(service.registry.halt.reason == nil)
            try await service.expectWhole()
            let stored = Set(try await service.logged().map { SHA256.hash($0.bytes) })
            for digest in acknowledged { #expect(stored.contains(digest)) }
            try await service.submit(by: team.owner, seed: "after")
            try await service.expectWhole()
        }
    }
}

/// A small file system in memory, mounted for one test.
struct SmallDisk {
    let path: String

    static var isPossible: Bool {
        guard geteuid() == 0, let disk = try? SmallDisk(megabytes: 1) else { return false }
        disk.remove()
        return true
    }

    init(megabytes: Int) throws {
        path = try TestCluster.temporaryDirectory()
        chmod(path, 0o711)
        let options = "size=\(megabytes)m,mode=0711"
        guard try Self.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path]) == 0 else {
            rmdir(path)
            throw TestFailure("cannot mount \(path)")
        }
    }

    private static func run(_ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    func remove() {
        _ = try? Self.run(["umount", "--lazy", path])
        rmdir(path)
    }

    /// Uses up all space but some pages.
    func fill(_ file: String) throws {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        guard descriptor >= 0 else { throw TestFailure("cannot create \(file)") }
        defer { close(descriptor) }
        for size in [1 << 20, 1 << 12] {
            let block = [UInt8](repeating: 0, count: size)
            while write(descriptor, block, size) == size {}
        }
    }
}

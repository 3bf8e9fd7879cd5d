// A base backup with its WAL, taken before an erasure and restored to a second server after it.
//
// What is erased must not come back with it. What survives is wrapped, in the old backup, under the key
// that the erasure destroyed: so it does not open either. Both are asserted here, and that a backup taken
// after the erasure opens for the survivors.

import CanonicalJSON
import Cryptography
import Database
import Foundation
import Glibc
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `An old base backup` {
    private func run(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        let pipe = Pipe()
        process.standardError = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw TestFailure("\(arguments[0]): \(String(decoding: output, as: UTF8.self))")
        }
    }

    /// Copies the running server, with the WAL that the copy needs.
    private func baseBackup(of cluster: PrivateCluster) throws -> String {
        let folder = try TestCluster.temporaryDirectory()
        try run([
            "pg_basebackup", "--pgdata=\(folder)/data", "--wal-method=stream",
            "--checkpoint=fast", "--host=\(cluster.layout.socketDirectory)",
            "--username=\(PrivateCluster.superuser)", "--no-password",
        ])
        if geteuid() == 0 { try run(["chown", "-R", "postgres:", folder]) }
        return folder
    }

    private func restored<R: Sendable>(
        _ folder: String, _ name: String, _ body: (Database) async throws -> R
    ) async throws -> R {
        var settings = PrivateCluster.Settings(directory: folder)
        settings.durability = .unsafeTest
        let cluster = try PrivateCluster.start(settings)
        defer {
            _ = try? cluster.stop()
            try? FileManager.default.removeItem(atPath: folder)
        }
        let database = Database(
            cluster.url(as: .writer, database: name), settings: .init(maxConnections: 1))
        let result = try await body(database)
        await database.closeIdle()
        return result
    }

    /// Whether any file below a folder holds these bytes.
    private func holds(_ needle: [UInt8], below folder: String) throws -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "grep", "-rlaqF", "-e", String(decoding: needle, as: UTF8.self), folder,
        ]
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    @Test func `gives back nothing of an erased subject, and no survivor without the old key`()
        async throws
    {
        try await TestService.with { service in
            let officers = try await service.makeOfficers()
            let (gone, stays) = try await (service.enrol([]), service.enrol([]))
            try await service.settled()
            let commitments = try [gone, stays].map(service.commitment(of:))
            let path = service.directory.keyEncryptionKey
            let formerKey = try KeyFile.secret(path)
            let before = try baseBackup(of: service.scratch.cluster)
            try await service.erase(.principal(gone.principal), by: officers)
            try await service.settled()
            let after = try baseBackup(of: service.scratch.cluster)
            let current = Vault(keys: try KeyEncryptionKeys(path: path))

            // Neither heap nor WAL shows a name, nor the pseudonym's absence: that one is everywhere.
            #expect(try !holds(Array("Person \(gone.principal)".utf8), below: before))
            #expect(try holds(Array("\(gone.principal)".utf8), below: before))

            let name = service.scratch.name
            try await restored(before, name) { database in
                let rows = try await database.read { db in
                    try db.one("SELECT count(*) FROM personal.secret", as: Int64.self)
                }
                // The rows of both are back …
                #expect(rows >= 2)
                // … and nothing opens under the key in force,
                let seen = try await database.read { try current.reveal(commitments, $0) }
                #expect(seen.isEmpty)
                // which the service says instead of making a new one.
                await #expect(throws: KeyEncryptionKeyError.self) {
                    try await current.settle(database)
                }
                // Had the former key been kept, all would open: this is what destroying it stops.
                let former = Vault(key: formerKey)
                let open = try await database.read { try former.reveal(commitments, $0) }
                #expect(open.count == 2)
            }
            try await restored(after, name) { database in
                let seen = try await database.read { try current.reveal(commitments, $0) }
                #expect(seen.keys.sorted() == [commitments[1]])
                let former = Vault(key: formerKey)
                let open = try await database.read { try former.reveal(commitments, $0) }
                #expect(open.isEmpty)
            }
        }
    }
}

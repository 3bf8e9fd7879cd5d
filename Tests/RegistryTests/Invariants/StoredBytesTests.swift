// I4: what is hashed is what is stored, and what is stored can be read for ever, strictly.

import CanonicalJSON
import Cryptography
import Database
import Foundation
import Governance
import Registry
import TestSupport
import Testing
import TransparencyLog

@Suite struct `I4: stored bytes are what is hashed` {
    /// A log with an entry of nearly every kind.
    private func live(_ service: TestService) async throws {
        let team = try await service.makeTeam()
        let version = try await service.makeApproved(team)
        _ = try await service.deploy(version, by: team.deployer, dryRun: true)
        let answer = try await service.deploy(version, by: team.deployer)
        let asDeployer = service.request(team.deployer)
        _ = try await service.registry.confirmDeployment(answer.deployment, asDeployer)
        _ = try await service.registry.endDeployment(
            answer.deployment, reason: "Ende – \u{1F600} \"\\\u{7}", asDeployer)
        _ = try await service.registry.retire(
            version.reference, reason: "superseded by a better one", successor: nil,
            service.request(team.owner))
        _ = try await service.registry.revokeKey(
            team.owner.key.publicKey.id, of: team.owner.principal, reason: "lost",
            service.request(team.owner))
        try await service.settled()
    }

    @Test func `every entry is its own canonical form, and hashes to its leaf`() async throws {
        try await TestService.with { service in
            try await live(service)
            let log = try await service.logged()
            let leaves = try await service.registry.database.read { db in
                try db.all(
                    """
                    SELECT l.leaf_hash, e.leaf_hash, l.chain_hash FROM audit.leaf l
                    JOIN audit.entry e ON e.id = l.entry_id ORDER BY l.index
                    """, as: ([UInt8], [UInt8], [UInt8]).self)
            }
            #expect(leaves.count == log.count)
            var chain = HashChain.start
            for (logged, leaf) in zip(log, leaves) {
                #expect(try JSON(parsing: logged.bytes).canonicalBytes == logged.bytes)
                let payload = try SignedEntry(parsing: logged.bytes).payload
                #expect(logged.entry.canonicalBytes == payload)
                let hash = MerkleTree.leafHash(of: logged.bytes)
                chain = HashChain.next(chain, hash)
                #expect(leaf.0 == hash.bytes)
                #expect(leaf.1 == hash.bytes)
                #expect(leaf.2 == chain.bytes)
            }
            let published = try #require(service.registry.follower.snapshot.published)
            let root = MerkleTree.root(of: log.map { MerkleTree.leafHash(of: $0.bytes) })
            #expect(published.checkpoint.root == root)
        }
    }

    @Test func `every document has its digest for a name, and every named document is there`()
        async throws
    {
        try await TestService.with { service in
            try await live(service)
            for logged in try await service.logged() {
                for digest in logged.entry.documents {
                    #expect(SHA256.hash(try await service.document(digest)) == digest)
                }
            }
            let wrong: SQL = "INSERT INTO audit.document VALUES (sha256('a'), 'b')"
            await #expect(throws: DatabaseError.self) {
                _ = try await service.registry.database.write { db in try db.execute(wrong) }
            }
        }
    }

    @Test func `a dump that is restored elsewhere goes on as the same log`() async throws {
        try await TestService.with { service in
            try await live(service)
            let before = try await service.contents()
            let log = try await service.logged()
            await service.stop()
            try await ScratchDatabase.with { restored in
                try Self.copy(service.scratch, to: restored)
                try await TestService.opened(restored, service.directory, service.clock) { again in
                    try await again.settled()
                    #expect(again.registry.halt.reason == nil)
                    let after = try await again.logged()
                    #expect(after.prefix(log.count).map(\.bytes) == log.map(\.bytes))
                    // The restart is the one further entry.
                    #expect(after.count == log.count + 1)
                    let contents = try await again.contents()
                    for table in before.keys
                    where table.hasPrefix("registry.") && table != "registry.subject" {
                        #expect(contents[table] == before[table], "\(table)")
                    }
                    let receipt = try await again.registry.follower.makeReceipt(for: log[3].id)
                    #expect(try again.isVerified(receipt, of: log[3].bytes))
                }
            }
        }
    }

    /// Through the tools that an operator would use.
    private static func copy(_ source: ScratchDatabase, to target: ScratchDatabase) throws {
        func arguments(_ scratch: ScratchDatabase) throws -> [String] {
            [
                "-h", try #require(scratch.superuserURL.host), "-p",
                scratch.superuserURL.port ?? "5432",
                "-U", try #require(scratch.superuserURL.user), "-d", scratch.name,
            ]
        }
        let dump = Process()
        dump.executableURL = URL(fileURLWithPath: "/usr/bin/pg_dump")
        dump.arguments = try arguments(source)
        let restore = Process()
        restore.executableURL = URL(fileURLWithPath: "/usr/bin/psql")
        restore.arguments = try arguments(target) + ["-q", "-v", "ON_ERROR_STOP=1"]
        let pipe = Pipe()
        dump.standardOutput = pipe
        restore.standardInput = pipe
        restore.standardOutput = FileHandle.nullDevice
        try restore.run()
        try dump.run()
        try pipe.fileHandleForReading.close()
        try pipe.fileHandleForWriting.close()
        dump.waitUntilExit()
        restore.waitUntilExit()
        guard dump.terminationStatus == 0, restore.terminationStatus == 0 else {
            throw TestFailure(
                "dump \(dump.terminationStatus), restore \(restore.terminationStatus)")
        }
    }

    @Test func `an entry over 65,535 bytes is refused by the service and by the table`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            func act(_ length: Int) async throws -> Recorded {
                try await service.registry.writer.write(
                    service.request(team.owner), Subjects(written: ["test"])
                ) { _, _ in
                    Act(
                        .versionSuspended(
                            VersionSuspended(
                                version: version.reference, restriction: "s-\(length)",
                                reason: String(repeating: "x", count: length))))
                }
            }
            let small = try await act(1_000).bytes.count - 1_000
            // The restriction's id grows by one digit.
            let most = SignedEntry.maximumBytes - small - 1
            #expect(try await act(most).bytes.count == 65_535)
            #expect(try await service.refusal { try await act(most + 1) } == "entry-too-large")
            let tooLong = [UInt8](repeating: 32, count: 65_536)
            await #expect {
                try await service.registry.database.write { db in
                    try db.execute("INSERT INTO audit.entry (bytes) VALUES (\(tooLong))")
                }
            } throws: { error in
                (error as? DatabaseError)?.constraint == "entry_bytes_size"
            }
        }
    }

    @Test func `readers refuse what they do not know`() async throws {
        try await TestService.with { service in
            try await live(service)
            let log = try await service.logged()
            #expect(Set(log.map(\.entry.event.kind)).count >= 14)
            for logged in log {
                let payload = try SignedEntry(parsing: logged.bytes).payload
                let json = try JSON(parsing: payload)
                func isRead(_ edit: (inout [String: JSON]) -> Void) -> Bool {
                    var members = json.object ?? [:]
                    edit(&members)
                    return (try? Entry(parsing: JSON.object(members).canonicalBytes)) != nil
                }
                #expect(isRead { _ in })
                #expect(!isRead { $0["version"] = 2 })
                #expect(!isRead { $0["version"] = "1" })
                #expect(!isRead { $0["kind"] = "version.lifted" })
                #expect(!isRead { $0["more"] = 1 })
                for name in json.object?.keys.sorted() ?? [] { #expect(!isRead { $0[name] = nil }) }
                let data = json["data"]?.object ?? [:]
                #expect(!isRead { $0["data"] = .object(data.merging(["more": 1]) { $1 }) })
                for name in data.keys {
                    #expect(!isRead { $0["data"] = .object(data.filter { $0.key != name }) })
                }
                for place in [0, payload.count / 2, payload.count - 1] {
                    var cut = payload
                    cut.remove(at: place)
                    let read = try? Entry(parsing: cut)
                    #expect(read == nil || read != logged.entry)
                }
            }
        }
    }
}

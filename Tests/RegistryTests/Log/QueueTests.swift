import CanonicalJSON
import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing
import TransparencyLog

@Suite struct `The queue, when somebody floods it` {
    /// Puts signed entries of some size into the queue, as an instance would.
    private func flood(_ service: TestService, count: Int, bytes: Int) async throws {
        let key = try KeyFile.load(service.directory.serviceKey)
        let now = service.clock.now
        let version = try #require(VersionReference("credit/flood@1"))
        let database = service.scratch.database(as: .writer, settings: .init(maxConnections: 1))
        for start in stride(from: 0, to: count, by: 100) {
            let payloads = (start..<min(count, start + 100)).map { number in
                Entry(
                    actor: nil, configuration: nil, documents: [], idempotency: nil,
                    event: .versionSuspended(
                        VersionSuspended(
                            version: version, restriction: "r-\(number)",
                            reason: String(repeating: "x", count: bytes))),
                    origin: service.origin, policy: nil, request: "flood", subjects: [:], time: now
                ).canonicalBytes
            }
            let stored = try payloads.flatMap { try SignedEntry.sign([$0], with: key) }
            _ = try await database.write { db in
                try db.execute(
                    """
                    WITH e AS (INSERT INTO audit.entry (bytes) SELECT unnest(\(stored)) RETURNING id)
                    INSERT INTO audit.pending (entry_id) SELECT id FROM e
                    """)
            }
        }
        await database.closeIdle()
    }

    @Test func `a batch is bounded by its bytes, and so is what the follower reads`() async throws {
        try await TestService.with { service in
            try await service.settled()
            let before = try #require(service.registry.follower.snapshot.published).checkpoint.size
            await service.stop()
            try await flood(service, count: 900, bytes: 60_000)
            try await service.restarted { again in
                try await again.settled()
                let sizes = try await again.registry.database.read { db in
                    try db.all(
                        "SELECT size FROM audit.checkpoint WHERE size > \(before) ORDER BY size",
                        as: Int64.self)
                }
                // 54 MB: more than one batch of 32 MiB, each with a checkpoint of its own.
                #expect(sizes.count > 1 && sizes[0] < before + 600, "\(sizes)")
                #expect(again.registry.follower.snapshot.fold.size >= before + 900)
                #expect(again.registry.halt.reason == nil)
            }
        }
    }

    @Test func `entries that nobody signed are left out, and too many of them halt`() async throws {
        try await TestService.with { service in
            try await service.settled()
            let insert = { (count: Int) in
                """
                WITH e AS (INSERT INTO audit.entry (bytes)
                           SELECT convert_to('junk ' || random(), 'UTF8')
                           FROM generate_series(1, \(count)) RETURNING id)
                INSERT INTO audit.pending (entry_id) SELECT id FROM e
                """
            }
            try await service.asSuperuser([insert(300)])
            _ = try await service.enrol([.owner])
            #expect(service.registry.halt.reason == nil)
            try await service.asSuperuser([insert(10_000)])
            #expect(
                try await service.eventually {
                    service.registry.halt.reason?.evidence.contains("more than 10000") == true
                }, "\(String(describing: service.registry.halt.reason))")
        }
    }

    @Test func `a receipt that the stored tiles do not prove is given to nobody`() async throws {
        try await TestService.with { service in
            _ = try await service.enrol([.owner])
            try await service.settled()
            let entry = try await service.logged()[1]
            let receipt = try await service.registry.follower.makeReceipt(for: entry.id)
            #expect(try service.isVerified(receipt, of: entry.bytes))
            try await service.sabotage([
                "UPDATE audit.tile SET hashes = sha256('x') || substring(hashes FROM 33)"
            ])
            #expect(try await service.registry.follower.makeReceipt(for: entry.id) == nil)
            #expect(service.registry.halt.reason?.code == .inconsistent)
        }
    }

    @Test func `an instance whose follower stands still is not ready`() async throws {
        try await TestService.with { service in
            try await service.settled()
            #expect(await service.registry.readiness() == .ready)
            await service.stop()
            service.clock.advance(milliseconds: 11_000)
            #expect(await service.registry.readiness() == .catchingUp)
        }
    }

    @Test func `the settings of each role are read as that role has them`() async throws {
        try await TestService.with { service in
            await service.stop()
            let name = service.scratch.name
            try await service.asSuperuser([
                "ALTER ROLE imprimatur_writer IN DATABASE \(name) SET synchronous_commit = on",
                "ALTER ROLE imprimatur_sequencer IN DATABASE \(name) SET synchronous_commit = local",
            ])
            try await service.restarted { again in
                try await again.settled()
                let started = try #require(
                    try await again.logged().last { logged in
                        if case .serviceStarted = logged.entry.event { true } else { false }
                    })
                guard case .serviceStarted(let event) = started.entry.event else { return }
                let said = try JSON(parsing: try await again.document(event.configuration))
                let commit = said["database"]?["synchronousCommit"]
                #expect(commit?["writer"]?.string == "on")
                #expect(commit?["sequencer"]?.string == "local")
                #expect(said["database"]?["fullPageWrites"]?.string == "off")
            }
        }
    }
}

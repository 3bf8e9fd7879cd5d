// The suite through PgBouncer in transaction mode: what the other files say, said once more with the
// service's connections pooled, so that every transaction may meet another server process.

import Database
import Governance
import Registry
import TestSupport
import Testing

@Suite(.enabled(if: TestPooler.isThere, TestPooler.hint), .serialized, .throughPooler)
struct `Through PgBouncer` {
    @Test func `connections are pooled, and the limits of each transaction hold`() async throws {
        try await TestService.with { service in
            let pids = Collected<Int32>()
            let settings = service.registry.database.settings.connection
            #expect(settings.throughPooler && settings.statements == .unnamed)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        let (pid, timeout) = try await Self.patiently {
                            try await service.registry.database.read { db in
                                try db.one(
                                    """
                                    SELECT pg_backend_pid()::bigint,
                                           current_setting('statement_timeout')
                                    FROM pg_sleep(0.02)
                                    """, as: (Int64, String).self)
                            }
                        }
                        #expect(timeout == "10s")
                        pids.append(Int32(pid))
                    }
                }
                try await group.waitForAll()
            }
            // eight connections of ours are four of the server's, and those keep nothing of ours
            #expect((2...4).contains(Set(pids.all).count), "\(Set(pids.all))")
            let left = try await service.registry.database.withConnection { db in
                try db.one("SELECT current_setting('statement_timeout')", as: String.self)
            }
            #expect(left == "0")
        }
    }

    /// Again when nobody had a connection to lend in time: the machine may have other work.
    private static func patiently<R>(_ body: () async throws -> R) async throws -> R {
        for _ in 0..<20 {
            do {
                return try await body()
            } catch let error as DatabaseError where error.kind == .busy {
                continue
            }
        }
        return try await body()
    }

    @Test func `a direct client's named statements would not survive it`() async throws {
        try await TestService.with { service in
            // Without the mode that --direct-url chooses, the start-up options alone are refused.
            let careless = Database(service.access.writer, settings: .init(maxConnections: 2))
            await #expect(throws: DatabaseError.self) {
                try await careless.read { db in try db.one("SELECT 1::bigint", as: Int64.self) }
            }
        }
    }

    @Test func `the life of a model`() async throws {
        try await `The life of a model`()
            .`is submitted, evaluated, approved, deployed, undeployed and retired`()
    }

    // MARK: I1, I2

    typealias Atomic = `I1: no change without its entry, no entry without its change`
    typealias Ordered = `I2: ordered as decided`
    typealias Concurrent = `One log, however many write to it`

    @Test(arguments: Atomic.Governed.allCases)
    func `a transaction that dies at any statement leaves nothing`(governed: Atomic.Governed)
        async throws
    {
        try await Atomic().`a transaction that dies at any statement leaves nothing`(
            governed: governed)
    }

    @Test func `a refused request leaves no row anywhere`() async throws {
        try await Atomic().`a refused request leaves no row anywhere`()
    }

    @Test func `a thousand races of suspending and deploying`() async throws {
        try await Ordered()
            .`a thousand races of suspending and deploying never allow after suspended`()
    }

    @Test func `people and models that change together`() async throws {
        try await Ordered()
            .`people gaining and losing a role while models change leave no gap`()
    }

    @Test func `locks hold for a transaction`() async throws {
        try await Ordered().`what changes a subject waits for those who read it`()
        try await Ordered().`one busy robot does not wait for itself`()
    }

    @Test func `32 writers on an empty log`() async throws {
        try await Concurrent().`32 writers on an empty log make one chain without a fork`()
    }

    @Test func `two instances, and a leader that is deposed`() async throws {
        try await Concurrent().`of two instances one sequences, and the other takes over`()
        try await Concurrent().`a leader that lost its session is deposed, not obeyed`()
    }

    @Test func `retries with one key`() async throws {
        try await Concurrent().`twenty times the same key and body at once are one entry`()
        try await Concurrent().`a gate asked again with the same key answers with the same permit`()
    }

    // MARK: I4 to I9

    @Test func `stored bytes and documents`() async throws {
        let suite = `I4: stored bytes are what is hashed`()
        try await suite.`every entry is its own canonical form, and hashes to its leaf`()
        try await suite
            .`every document has its digest for a name, and every named document is there`()
    }

    @Test func `pinned checkpoints that only grow`() async throws {
        let suite = `I5: never sign what could vanish, never go back`()
        try await suite.`nothing is shown before it is pinned, and the pin is never ahead`()
        try await suite.`checkpoints only grow, and each is of the log as it was then`()
    }

    @Test func `a gate that does not trust its database`() async throws {
        try await `I6: the gate does not trust its database`()
            .`everything set to approved, every restriction deleted`()
    }

    @Test func `a gate that denies by default`() async throws {
        let suite = `I7: deny by default`()
        try await suite.`who administers approves nothing`()
        try await suite.`a fold that does not follow the log denies`()
    }

    @Test func `personal data outside`() async throws {
        try await `I8: personal data`()
            .`no personal value is readable in any table, document, entry or log line`()
    }

    @Test func `decisions that replay`() async throws {
        try await `I9: replayable`()
            .`every decision replays byte by byte, and names its pack and configuration`()
    }
}

// I2, the hard case: what a transaction saw stands before it in the log, whichever of them began first,
// and nobody's long transaction holds the log up.
//
// Ordering by transaction id, or waiting for the oldest one that runs, gets this wrong: a deployment whose
// transaction began before the approval that it read would stand before it, and a transaction anywhere in
// the cluster would stop the log.

import Cryptography
import Database
import Dispatch
import Governance
import Registry
import Synchronization
import TestSupport
import Testing
import TransparencyLog

@Suite struct `I2: seen is before` {
    @Test func `a deployment stands behind the approval that it saw, while others take their time`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            let production = try #require(TestService.production)
            try await service.settled()

            // A begins: it has its transaction id, and has not looked yet.
            let hasBegun = Mutex(false)
            let mayLook = DispatchSemaphore(value: 0)
            let deploying = Task {
                try await service.registry.writer.write(
                    Request(caller: nil, id: "deployment"), Subjects(written: ["test/deployment"])
                ) { db, _ in
                    _ = try db.rows("SELECT pg_current_xact_id()")
                    hasBegun.withLock { $0 = true }
                    mayLook.wait()
                    let approvals = try db.one(
                        "SELECT count(*) FROM registry.approval", as: Int64.self)
                    return Act(
                        .gateAsked(
                            GateAsked(
                                gate: .deploy, version: version.reference, environment: production,
                                target: "test", use: nil, verdict: approvals > 0 ? .allow : .deny,
                                artifact: .zero, decision: .zero, facts: .zero)))
                }
            }
            #expect(try await service.eventually { hasBegun.withLock { $0 } })

            // E has an entry of a lower id in this database, another writes in another database; both
            // stay open.
            let slow = service.scratch.database(as: .writer, settings: .init(maxConnections: 1))
            let pending: SQL = """
                WITH e AS (INSERT INTO audit.entry (bytes) VALUES (\(Array("slow".utf8))) RETURNING id)
                INSERT INTO audit.pending SELECT id FROM e RETURNING entry_id
                """
            try await ScratchDatabase.with { other in
                let elsewhere = other.superuser(settings: .init(maxConnections: 1))
                try await TestService.holding(pending, in: slow) {
                    try await TestService.holding("CREATE TABLE slow ()", in: elsewhere) {
                        // B approves and is answered with a receipt; then A looks, and so is A.
                        let approval = try await service.approve(
                            version, by: team.validator, as: .validator)
                        mayLook.signal()
                        let deployment = try await deploying.value
                        let before = try await service.registry.follower.receipt(
                            for: approval.recorded, timeout: .seconds(5))
                        let after = try await service.registry.follower.receipt(
                            for: deployment, timeout: .seconds(5))
                        guard case .gateAsked(let asked) = deployment.entry.event else {
                            throw TestFailure("no gate")
                        }
                        #expect(asked.verdict == .allow, "it saw the approval")
                        let places = (try #require(before).index, try #require(after).index)
                        #expect(places.0 < places.1)
                        #expect(try service.isVerified(after, of: deployment.bytes))

                        // It is the hard case: A's transaction is older than B's, E's entry than both.
                        let (a, b) = (deployment.entryID, approval.recorded.entryID)
                        let (older, slowest) = try await service.registry.database.read { db in
                            try db.one(
                                """
                                SELECT (SELECT xmin::text::bigint FROM audit.entry WHERE id = \(a))
                                     < (SELECT xmin::text::bigint FROM audit.entry WHERE id = \(b)),
                                       (SELECT count(*) FROM audit.entry WHERE id > \(b) AND id < \(a))
                                """, as: (Bool, Int64).self)
                        }
                        #expect(older && slowest == 0)
                        #expect(b < a)
                    }
                }
                await elsewhere.closeIdle()
            }
            await slow.closeIdle()
            #expect(service.registry.halt.reason == nil)
        }
    }
}

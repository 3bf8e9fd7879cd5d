// Many writers, several instances, retries: one log.

import Attestation
import CanonicalJSON
import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing
import TransparencyLog

@Suite struct `One log, however many write to it` {
    @Test func `32 writers on an empty log make one chain without a fork`() async throws {
        try await TestService.with { service in
            let receipts = Collected<(Recorded, LogProof?)>()
            let version = try #require(VersionReference("credit/none@1"))
            let production = try #require(TestService.production)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<32 {
                    group.addTask {
                        for number in 0..<10 {
                            let recorded = try await service.registry.writer.write(
                                Request(caller: nil, id: "w\(writer)-\(number)"),
                                Subjects(written: ["test/\(writer)"], read: ["test/shared"])
                            ) { _, _ in
                                Act(
                                    .gateAsked(
                                        GateAsked(
                                            gate: .deploy, version: version,
                                            environment: production, target: "", use: nil,
                                            verdict: .deny, artifact: .zero, decision: .zero,
                                            facts: .zero)))
                            }
                            let receipt = try await service.registry.follower.receipt(
                                for: recorded, timeout: .seconds(10))
                            receipts.append((recorded, receipt))
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await service.settled()
            let log = try await service.logged()
            #expect(log.map(\.index) == (0..<Int64(log.count)).map(\.self))
            #expect(Set(log.map(\.id)).count == log.count)
            let all = receipts.all
            #expect(all.count == 320)
            for (recorded, receipt) in all {
                #expect(try service.isVerified(receipt, of: recorded.bytes))
                #expect(log[Int(receipt?.index ?? 0)].bytes == recorded.bytes)
            }
            // All checkpoints are of one history.
            let leaves = log.map { MerkleTree.leafHash(of: $0.bytes) }
            let checkpoints = try await service.registry.database.read { db in
                try db.all("SELECT size, root FROM audit.checkpoint", as: (Int64, [UInt8]).self)
            }
            for (size, root) in checkpoints {
                #expect(MerkleTree.root(of: Array(leaves.prefix(Int(size)))).bytes == root)
            }
            let chains = try await service.registry.database.read { db in
                try db.all("SELECT chain_hash FROM audit.leaf ORDER BY index", as: [UInt8].self)
            }
            var chain = HashChain.start
            for (leaf, stored) in zip(leaves, chains) {
                chain = HashChain.next(chain, leaf)
                #expect(chain.bytes == stored)
            }
            #expect(service.registry.halt.reason == nil)
        }
    }

    @Test func `of two instances one sequences, and the other takes over`() async throws {
        try await TestService.with { first in
            let team = try await first.makeTeam()
            try await TestService.opened(first.scratch, first.directory, first.clock) { second in
                try await second.settled()
                // Both serve; an entry of either gets its receipt on either.
                for (number, service) in [first, second, first, second].enumerated() {
                    let version = try await service.submit(by: team.owner, seed: "\(number)")
                    #expect(version.reference.number == Int64(number + 1))
                }
                #expect(try await first.leaders() == 1)
                let epoch = try await first.epoch()
                await first.stop()
                let outcome = try await second.registry.submit(
                    second.submission(by: team.owner, seed: "late"), second.request(team.owner))
                let receipt = try await second.registry.follower.receipt(
                    for: outcome.recorded, timeout: .seconds(10))
                #expect(try second.isVerified(receipt, of: outcome.recorded.bytes))
                #expect(try await second.leaders() == 1)
                #expect(try await second.epoch() == epoch + 1)
                #expect(second.registry.halt.reason == nil)
                let log = try await second.logged()
                #expect(log.map(\.index) == (0..<Int64(log.count)).map(\.self))
            }
        }
    }

    @Test func `a leader that lost its session is deposed, not obeyed`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            for round in 0..<5 {
                try await service.asSuperuser([
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE usename = 'imprimatur_sequencer' AND datname = current_database()
                    """
                ])
                let outcome = try await service.registry.submit(
                    service.submission(by: team.owner, seed: "\(round)"),
                    service.request(team.owner))
                let receipt = try await service.registry.follower.receipt(
                    for: outcome.recorded, timeout: .seconds(10))
                #expect(try service.isVerified(receipt, of: outcome.recorded.bytes))
            }
            // Another raises the epoch: the leader steps back and leads again under a higher one.
            try await service.settled()
            let epoch = try await service.epoch()
            try await service.asSuperuser(["UPDATE audit.head SET epoch = epoch + 1"])
            let version = try await service.submit(by: team.owner, seed: "after")
            #expect(try await service.eventually { try await service.epoch() >= epoch + 2 })
            try await service.settled()
            #expect(version.reference.number == 6)
            #expect(service.registry.halt.reason == nil)
        }
    }

    // MARK: retries

    @Test func `twenty times the same key and body at once are one entry`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let submission = try service.submission(by: team.owner)
            let outcomes = Collected<Registry.Outcome>()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        let outcome = try await service.registry.submit(
                            submission, service.request(team.owner, key: "once"))
                        outcomes.append(outcome)
                    }
                }
                try await group.waitForAll()
            }
            let all = outcomes.all
            #expect(all.count == 20)
            #expect(Set(all.map(\.recorded.entryID)).count == 1)
            #expect(Set(all.map(\.recorded.bytes)).count == 1)
            #expect(all.filter { !$0.recorded.wasReplayed }.count == 1)
            for outcome in all {
                #expect(try service.isVerified(outcome.receipt, of: outcome.recorded.bytes))
            }
            let versions = try await service.registry.versions(of: submission.model)
            #expect(versions["versions"]?.array?.count == 1)
        }
    }

    @Test func `a gate asked again with the same key answers with the same permit`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let environment = try #require(TestService.production)
            for dryRun in [false, true] {
                var answers: [Registry.GateAnswer] = []
                for _ in 0..<3 {
                    answers.append(
                        try await service.registry.deploy(
                            .init(
                                version: version.reference, environment: environment, target: "t",
                                artifact: version.artifact, use: nil, dryRun: dryRun),
                            service.request(team.deployer, key: "deploy-\(dryRun)")))
                }
                // What is only asked is asked anew each time: the answer is that of now.
                let count = dryRun ? 3 : 1
                #expect(Set(answers.map(\.decision)).count == count)
                #expect(Set(answers.map(\.outcome.recorded.entryID)).count == count)
                #expect(answers.allSatisfy { $0.verdict == "allow" })
                #expect(Set(answers.map { $0.document?.payloadDigest }).count == 1)
                #expect((answers[0].document == nil) == dryRun)
            }
        }
    }

    @Test func `a key says which request it is of, and whose`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            let registry = service.registry
            func suspend(_ person: TestPerson, _ body: String) async throws -> Recorded {
                try await registry.suspend(
                    version.reference, reason: body,
                    Request(
                        caller: person.caller, id: "test",
                        idempotency: Request.idempotency(
                            key: "k", principal: person.principal, method: "POST", path: "/s",
                            body: Array(body.utf8)))
                ).recorded
            }
            let first = try await suspend(team.owner, "one")
            #expect(try await suspend(team.owner, "one").entryID == first.entryID)
            #expect(
                try await service.refusal {
                    try await suspend(team.owner, "two")
                } == "idempotency-key-reused")
            let other = try await suspend(team.officer, "two")
            #expect(other.entryID != first.entryID)
            #expect(!other.wasReplayed)
            // Key and body are in the entry, so that a lost answer can be found in the log.
            #expect(
                other.entry.idempotency?.body
                    == first.entry.idempotency.map { _ in
                        SHA256.hash(Array("POST\n/s\ntwo".utf8))
                    })
        }
    }
}

extension TestService {
    /// How many sessions hold the sequencer's lock.
    func leaders() async throws -> Int64 {
        let superuser = scratch.superuser(settings: .init(maxConnections: 1))
        let count = try await superuser.read { db in
            try db.one(
                """
                SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database =
                    (SELECT oid FROM pg_database WHERE datname = current_database())
                """, as: Int64.self)
        }
        await superuser.closeIdle()
        return count
    }

    /// The sequencers' fence.
    func epoch() async throws -> Int64 {
        try await registry.database.read { db in
            try db.one("SELECT epoch FROM audit.head", as: Int64.self)
        }
    }
}

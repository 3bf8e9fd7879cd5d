// I2: the log's order is that in which things were decided.

import Database
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `I2: ordered as decided` {
    @Test func `a thousand races of suspending and deploying never allow after suspended`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let (rounds, deploysEach) = (25, 40)
            for round in 0..<rounds {
                let version = try await service.makeApproved(
                    team, "credit/m\(round % 5)", seed: "\(round)")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0...deploysEach {
                        group.addTask {
                            let key = "\(round)-\(number)"
                            try await patiently {
                                if number == round % deploysEach {
                                    _ = try await service.registry.suspend(
                                        version.reference, reason: "race",
                                        service.request(team.officer, key: key))
                                } else {
                                    _ = try await service.deploy(
                                        version, by: team.deployer, key: key)
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            let log = try await service.logged()
            var suspended: Set<VersionReference> = []
            var (allowed, denied) = (0, 0)
            for logged in log {
                switch logged.entry.event {
                case .versionSuspended(let event): suspended.insert(event.version)
                case .deploymentDecided(let event) where event.verdict == .allow:
                    allowed += 1
                    #expect(!suspended.contains(event.version), "index \(logged.index)")
                case .deploymentDecided: denied += 1
                default: break
                }
            }
            #expect(suspended.count == rounds)
            #expect(allowed + denied == rounds * deploysEach)
            // Both outcomes happen, else nothing raced.
            #expect(allowed > rounds)
            #expect(denied > rounds)
            expectGapFree(log)
        }
    }

    /// Asks again, with the same retry key, when all connections were taken for too long, as a caller
    /// of the API would: it may have been decided by then.
    private func patiently(_ body: () async throws -> Void) async throws {
        while true {
            do {
                return try await body()
            } catch let error as DatabaseError where error.kind == .busy {
                continue
            }
        }
    }

    /// Per subject: what was written counts 1, 2, 3 …, and what was seen is what stood there.
    private func expectGapFree(_ log: [LoggedEntry]) {
        var last: [String: Int64] = [:]
        for logged in log {
            for (name, subject) in logged.entry.subjects {
                let expected = last[name, default: 0] + (subject.wrote ? 1 : 0)
                #expect(subject.seq == expected, "\(name) at index \(logged.index)")
            }
            for (name, subject) in logged.entry.subjects where subject.wrote {
                last[name] = subject.seq
            }
        }
    }

    @Test func `people gaining and losing a role while models change leave no gap`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask { _ = try await service.deploy(version, by: team.deployer) }
                    group.addTask {
                        _ = try await service.grant(
                            .deployer, to: team.deployer, in: "credit\(number)")
                    }
                    group.addTask {
                        _ = try await service.registry.issueToken(
                            for: team.deployer.principal, days: 1,
                            service.request(service.administrator))
                    }
                }
                try await group.waitForAll()
            }
            try await service.settled()
            expectGapFree(try await service.logged())
        }
    }

    @Test func `one busy robot does not wait for itself`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let robot = "principal/\(team.deployer.principal)"
            let answer = try await service.holding(
                "SELECT FROM registry.subject WHERE name IN (\(robot), 'policy') FOR SHARE"
            ) {
                try await service.deploy(version, by: team.deployer)
            }
            #expect(answer.verdict == "allow")
        }
    }

    @Test func `what changes a subject waits for those who read it`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let name = "version/\(version.reference)"
            await #expect(throws: DatabaseError.self) {
                try await service.holding(
                    "SELECT FROM registry.subject WHERE name = \(name) FOR SHARE"
                ) {
                    try await service.deploy(version, by: team.deployer)
                }
            }
        }
    }

    /// Restrictions that were committed but have no place in the log yet count from their commit on.
    @Test func `a retirement denies before the sequencer has seen it`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            try await service.asSuperuser([
                "REVOKE DELETE ON audit.pending FROM imprimatur_sequencer"
            ])
            let retired = try await service.registry.retire(
                version.reference, reason: "superseded by a better one", successor: nil,
                service.request(team.owner))
            #expect(retired.verdict == "allow")
            #expect(retired.outcome.receipt == nil)
            let answer = try await service.deploy(version, by: team.deployer)
            #expect(answer.verdict == "deny")
            #expect(answer.denials.contains("DEP-302"))
            #expect(answer.reasons.contains("retirement"))
        }
    }

    @Test func `a revoked role denies before the sequencer has seen it`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let assignment = try #require(team.deployer.assignments[.deployer])
            try await service.asSuperuser([
                "REVOKE DELETE ON audit.pending FROM imprimatur_sequencer"
            ])
            _ = try await service.registry.revokeRole(
                assignment, of: team.deployer.principal, reason: "left",
                service.request(service.administrator))
            let answer = try await service.deploy(version, by: team.deployer)
            #expect(answer.denials == ["DEP-401"])
        }
    }
}

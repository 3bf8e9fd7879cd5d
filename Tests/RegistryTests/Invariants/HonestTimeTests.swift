// I10: index is order; times are in the bytes, by the service's clock, and a clock gone wrong halts.

import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing
import TransparencyLog

@Suite struct `I10: honest time` {
    @Test func `every entry has the service's time and says so`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            service.clock.advance(days: 3)
            let before = service.clock.now
            let version = try await service.submit(by: team.owner)
            let after = service.clock.now
            try await service.settled()
            let log = try await service.logged()
            let last = try #require(log.last)
            #expect(before <= last.entry.time && last.entry.time <= after)
            for logged in log {
                let json = try JSON(parsing: SignedEntry(parsing: logged.bytes).payload)
                #expect(json["time"]?["source"] == "service")
                #expect(json["time"]?["at"]?.string == logged.entry.time.description)
            }
            for (earlier, later) in zip(log, log.dropFirst()) {
                #expect(earlier.entry.time <= later.entry.time)
            }
            // Rows hold the entry's time, not the database's.
            let status = try await service.registry.status(of: version.reference)
            #expect(status["submittedAt"]?.string == last.entry.time.description)
        }
    }

    @Test func `a clock far behind the last entry halts signing`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            try await service.settled()
            let size = try #require(service.registry.follower.snapshot.published).checkpoint.size
            let before = try await service.contents()
            service.clock.advance(days: -1)
            #expect(
                try await service.refusal {
                    try await service.deploy(version, by: team.deployer)
                } == "log-halted")
            #expect(service.registry.halt.reason?.code == .clockBehind)
            #expect(try await service.contents() == before)
            #expect(service.registry.follower.snapshot.published?.checkpoint.size == size)
        }
    }

    @Test func `an instance that starts with a clock far behind writes nothing`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            _ = try await service.submit(by: team.owner)
            service.clock.advance(days: 1)
            _ = try await service.submit(by: team.owner, seed: "two")
            try await service.settled()
            let before = try await service.contents()
            service.clock.advance(days: -1)
            try await service.restarted { again in
                #expect(again.registry.halt.reason?.code == .clockBehind)
                let after = try await again.contents()
                #expect(after == before)
                // Set right, the clock is no reason any more.
                again.clock.advance(days: 1)
            }
            try await TestService.opened(service.scratch, service.directory, service.clock) {
                #expect($0.registry.halt.reason == nil)
                _ = try await $0.submit(by: team.owner, seed: "three")
            }
        }
    }

    @Test func `a step within the skew does not halt`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            service.clock.advance(milliseconds: Sequencer.skewMilliseconds / 2)
            _ = try await service.submit(by: team.owner)
            service.clock.advance(milliseconds: -Sequencer.skewMilliseconds / 2)
            let version = try await service.submit(by: team.owner, seed: "two")
            #expect(version.reference.number == 2)
            #expect(service.registry.halt.reason == nil)
        }
    }

    @Test func `a statement cannot be dated back behind a revocation`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            let registry = service.registry
            let earlier = service.clock.now
            _ = try await registry.revokeKey(
                team.validator.key.publicKey.id, of: team.validator.principal, reason: "stolen",
                service.request(service.administrator))
            let statement = try await service.approvalStatement(
                of: version, by: team.validator, as: .validator
            ) { $0.signedAt = earlier }
            #expect(
                try await service.refusal {
                    try await registry.recordApproval(statement, service.request(team.validator))
                } == "gate-denied")
        }
    }
}

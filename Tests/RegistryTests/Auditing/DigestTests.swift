// Digests of the projections in the log: a replay meets each at its size, and an edit that was undone
// before anybody looked still shows.

import CanonicalJSON
import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `Digests of the projections` {
    private static func replay(_ service: TestService) async throws -> ReplayReport {
        try await Auditing.replay(
            service.scratch.url(as: .migrator), root: service.registry.root)
    }

    @Test func `are met by a replay, each at its size`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let first = try #require(try await service.node.digester.digest())
            #expect(first.tables.count == Projection.Table.allCases.count)
            #expect(first.tables["version"]?.rows == 0)
            _ = try await service.submit(by: team.owner)
            let second = try #require(try await service.node.digester.digest())
            #expect(second.tables["version"]?.rows == 1)
            #expect(second.size > first.size)
            // Rows that nothing touched in between have the digest that they had.
            #expect(second.tables["policy_pack"] == first.tables["policy_pack"])
            #expect(second.tables["subject"] != first.tables["subject"])
            _ = try await service.submit(by: team.owner, seed: "two")
            try await service.settled()
            let report = try await Self.replay(service)
            #expect(report.findings.kept.map(\.message) == [])
            #expect(report.digestsChecked == 2)
        }
    }

    @Test func `are of exactly one size while others write all the time`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            async let writing: Void = withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<4 {
                    group.addTask {
                        for number in 0..<20 {
                            try await service.submit(
                                by: team.owner, "credit/m\(writer)", seed: "\(writer).\(number)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            var sizes: [Int64] = []
            for _ in 0..<5 {
                let digested = try #require(try await service.node.digester.digest())
                sizes.append(digested.size)
            }
            try await writing
            #expect(Set(sizes).count == 5 && sizes == sizes.sorted())
            try await service.settled()
            let report = try await Self.replay(service)
            #expect(report.findings.kept.map(\.message) == [])
            #expect(report.digestsChecked == 5)
        }
    }

    @Test func `show an edit that was undone before anybody looked`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            _ = try await service.submit(by: team.owner)
            try await service.settled()
            try await service.asSuperuser(["UPDATE registry.version SET state = 'rejected'"])
            let digested = try #require(try await service.node.digester.digest())
            try await service.asSuperuser(["UPDATE registry.version SET state = 'open'"])
            try await service.settled()
            let report = try await Self.replay(service)
            #expect(report.findings.named == ["registry.version digest-contradicted"])
            let finding = try #require(report.findings.kept.first)
            #expect(finding.message.contains("at size \(digested.size)"))
            #expect(!report.isEqual)
        }
    }

    @Test func `cover the columns of their time`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            _ = try await service.submit(by: team.owner)
            _ = try #require(try await service.node.digester.digest())
            try await service.settled()
            // A later migration adds a column: what was digested before is still met.
            try await service.asSuperuser(["ALTER TABLE registry.version ADD COLUMN later text"])
            let report = try await Self.replay(service)
            #expect(report.isEqual && report.digestsChecked == 1)
        }
    }

    @Test func `are read strictly`() throws {
        let event = ProjectionsDigested(
            size: 7, tables: ["model": .init(columns: ["name"], digest: .zero, rows: 2)])
        let members = JSON.object(event.members)
        #expect(
            try Event(kind: ProjectionsDigested.kind, members: members)
                == .projectionsDigested(event))
        for (name, value) in [
            ("tables", ["model": ["columns": [], "rows": 2]]),
            ("size", "7"), ("more", 1),
        ] as [(String, JSON)] {
            var changed = event.members
            changed[name] = value
            #expect(throws: EntryError.self, "\(name) \(value)") {
                try Event(kind: ProjectionsDigested.kind, members: .object(changed))
            }
        }
    }
}

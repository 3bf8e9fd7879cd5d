// What a snapshot cannot do: confirm what came later, hold up anybody, fill an entry or a gate.

import Attestation
import CanonicalJSON
import Cryptography
import Database
import Governance
import TestSupport
import Testing

@testable import Registry

@Suite struct `A snapshot is bounded` {
    private func retire(
        _ version: TestVersion, _ service: TestService, _ team: TestTeam
    ) async throws -> Registry.GateAnswer {
        try await service.settled()
        return try await service.registry.retire(
            version.reference, reason: "replaced by another", successor: nil,
            service.request(team.owner))
    }

    private func refusal(
        _ envelope: Envelope, _ service: TestService, by sender: TestPerson
    ) async throws -> String? {
        try await service.refusal {
            try await service.registry.reconcile(envelope, service.request(sender))
        }
    }

    @Test func `by what came in after it: somebody has to look again`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let agent = try await service.enrol([.agent], kind: .service)
            let version = try await service.makeApproved(team)
            _ = try await service.reconcile(by: agent, [])
            try await service.advanceAndCatchUp(seconds: 3_600)
            let id = try await service.run(version, by: team.deployer)
            try await service.advanceAndCatchUp(seconds: 3_600)
            // By word alone; the snapshot is two hours old and shows nothing.
            _ = try await service.registry.endDeployment(
                id, reason: "done", service.request(team.deployer))
            try await service.advanceAndCatchUp(seconds: 3_600)
            #expect(try await retire(version, service, team).denials == ["RET-009"])
            let status = try await service.registry.status(of: version.reference)
            #expect(status["snapshots"]?[0]?["overdue"]?.bool == true)
            // What it says of versions that never came there is as good as before.
            let other = try await service.submit(by: team.owner, seed: "two")
            #expect(try await retire(other, service, team).verdict == "allow")
            _ = try await service.reconcile(by: agent, [])
            #expect(try await retire(version, service, team).verdict == "allow")
        }
    }

    @Test func `by who signed it, before anything is locked`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let forged = try service.snapshot(by: team.deployer, [version.found()])
            let held = "version/\(version.reference)"
            // Whoever waited for the row would be told something else, when the wait is over.
            let refused = try await service.holding(
                "SELECT FROM registry.subject WHERE name = \(held) FOR UPDATE"
            ) {
                try await refusal(forged, service, by: team.deployer)
            }
            #expect(refused == "snapshot-not-entitled")
        }
    }

    @Test func `by the versions that one entry can name, and takes as many as that`() async throws {
        try await TestService.with { service in
            let space = String(repeating: "n", count: 63)
            let owner = try await service.enrol([.owner], in: space)
            let agent = try await service.enrol([.agent], in: space, kind: .service)
            let names = (0..<200).map { number in
                let digits = String(1_000 + number)
                return "\(space)/" + String(repeating: "m", count: 63 - digits.utf8.count) + digits
            }
            let versions = names.compactMap { VersionReference("\($0)@1") }
            let most = versions.indices.last { last in
                Registry.entryBytes(of: Set(versions[...last])) <= 60_000
            }
            let count = try #require(most) + 1
            try #require(count < versions.count)
            for name in names[...count] { try await service.submit(by: owner, name, seed: name) }
            try await service.settled()
            let items = versions[...count].map { EnvironmentSnapshot.Item(version: $0) }
            let wide = try service.snapshot(by: agent, items, namespace: space)
            #expect(try await refusal(wide, service, by: agent) == "snapshot-too-wide")
            let full = try service.snapshot(by: agent, Array(items.dropLast()), namespace: space)
            let answer = try await service.registry.reconcile(full, service.request(agent))
            #expect(answer.outcome.recorded.bytes.count <= SignedEntry.maximumBytes)
            #expect(answer.comparison["running"]?.array?.count == count)
        }
    }

    @Test func `by what was deployed while it waited: it is to be sent again`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let agent = try await service.enrol([.agent], kind: .service)
            let version = try await service.makeApproved(team)
            _ = try await service.reconcile(by: agent, [])
            let late = try service.snapshot(by: agent, [])
            let held = "environment/credit/production"
            let asking = try await service.holding(
                "SELECT FROM registry.subject WHERE name = \(held) FOR UPDATE"
            ) {
                let asking = Task { try await refusal(late, service, by: agent) }
                #expect(
                    try await service.eventually {
                        try await service.registry.database.read { db in
                            try db.one(
                                """
                                SELECT count(*) FROM pg_stat_activity
                                WHERE datname = current_database() AND wait_event_type = 'Lock'
                                """, as: Int64.self)
                        } > 0
                    })
                _ = try await service.run(version, by: team.deployer)
                return asking
            }
            #expect(try await asking.value == "environment-changed")
            let comparison = try await service.reconcile(by: agent, [version.found()])
            #expect(comparison["agrees"]?.bool == true)
        }
    }

    @Test func `by the hundred environments of a namespace that gates read`() async throws {
        try await TestService.with { service in
            let agent = try await service.enrol([.agent], kind: .service)
            for number in 1...100 {
                _ = try await service.reconcile(by: agent, [], environment: "site-\(number)")
            }
            let more = try service.snapshot(by: agent, [], environment: "site-101")
            #expect(try await refusal(more, service, by: agent) == "environments-too-many")
            // Those that are known may be looked at again.
            let again = try service.snapshot(by: agent, [], environment: "site-100")
            #expect(try await refusal(again, service, by: agent) == nil)
        }
    }

    @Test func `by the address that it was sent to`() async throws {
        try await TestService.with { service in
            let agent = try await service.enrol([.agent], kind: .service)
            let envelope = try service.snapshot(by: agent, [])
            let namespace = try #require(Namespace("credit"))
            let expected: [(String, String?)] = [
                ("staging", "environment-mismatch"), ("production", nil),
            ]
            for (name, code) in expected {
                let environment = try #require(EnvironmentName(name))
                let answer = try await service.refusal {
                    try await service.registry.reconcile(
                        envelope,
                        at: Registry.SnapshotAddress(
                            namespace: namespace, environment: environment),
                        service.request(agent))
                }
                #expect(answer == code)
            }
        }
    }
}

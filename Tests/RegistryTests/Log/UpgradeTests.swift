import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `Two releases on one database` {
    /// An entry as a later release would write it.
    private func future(_ service: TestService) async throws {
        let key = try KeyFile.load(service.directory.serviceKey)
        let entry = Entry(
            actor: nil, configuration: nil, documents: [], idempotency: nil,
            event: .gateAsked(
                GateAsked(
                    gate: .deploy, version: try #require(VersionReference("credit/x@1")),
                    environment: try #require(EnvironmentName("production")), target: "test",
                    use: nil,
                    verdict: .deny, artifact: .zero, decision: .zero, facts: .zero)),
            origin: service.origin, policy: nil, request: "r", subjects: [:],
            time: service.clock.now)
        let text = String(decoding: entry.canonicalBytes, as: UTF8.self)
            .replacing("\"gate.asked\"", with: "\"gate.foretold\"")
        let bytes = try SignedEntry.sign([Array(text.utf8)], with: key)[0]
        try await service.asSuperuser([
            """
            WITH e AS (INSERT INTO audit.entry (bytes) VALUES ('\\x\(Hex.encode(bytes))')
                       RETURNING id)
            INSERT INTO audit.pending (entry_id) SELECT id FROM e
            """
        ])
    }

    @Test func `the older one gives way instead of leaving out what it cannot read`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            try await service.settled()
            try await future(service)
            #expect(
                try await service.eventually {
                    service.registry.halt.reason?.code == .releaseTooOld
                })
            let waiting = try await service.registry.database.read { db in
                try db.one("SELECT count(*) FROM audit.pending", as: Int64.self)
            }
            #expect(waiting == 1)
            #expect(await service.registry.readiness() != .ready)
            #expect(
                try await service.refusal {
                    try await service.deploy(version, by: team.deployer)
                } == "log-halted")
        }
    }
}

// A deployment that rests on an agent's word stands as long as that word counts.

import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `A digest that an agent vouched for` {
    private static let rule = """

          - id: DEP-901
            title: An agent computed the digest on the target
            mode: enforce
            condition: artifact.digestSource == "agent-recomputed"
            missing: { kind: snapshot, detail: environment }
            reason: "the digest is {artifact.digestSource}"
            waivable: false

        """

    private func scene(
        _ body: (TestService, TestTeam, TestPerson, TestVersion) async throws -> Void
    ) async throws {
        try await TestService.with { service in
            let files = try TestService.packFiles([:])
            let deploy = try #require(files.first { $0.path == "gates/deploy.yaml" })
            let text = String(decoding: deploy.bytes, as: UTF8.self) + Self.rule
            try await service.activatePack(["gates/deploy.yaml": text])
            let team = try await service.makeTeam()
            let agent = try await service.enrol([.agent], kind: .service)
            let version = try await service.makeApproved(team)
            try await body(service, team, agent, version)
        }
    }

    private func valid(_ version: TestVersion, _ service: TestService) async throws -> JSON? {
        try await service.settled()
        return try await service.registry.validity(
            of: version.reference, at: service.clock.now, in: nil)["valid"]
    }

    @Test func `is no more than claimed when the agent's key was stolen before`() async throws {
        try await scene { service, team, agent, version in
            _ = try await service.reconcile(by: agent, [version.found(state: .present)])
            _ = try await service.run(version, by: team.deployer)
            #expect(try await valid(version, service) == true)
            // A later snapshot, of nothing, changes nothing of what was decided.
            _ = try await service.reconcile(by: agent, [version.found()])
            #expect(try await valid(version, service) == true)
            _ = try await service.registry.revokeKey(
                agent.key.publicKey.id, of: agent.principal, reason: "stolen",
                effectiveFrom: service.clock.now.adding(seconds: -3_600),
                service.request(service.administrator))
            #expect(try await valid(version, service) == false)
        }
    }

    /// Who edits the row of a snapshot moves neither what was stolen before it nor what came after.
    @Test(arguments: [true, false])
    func `counts from when the log took it, whatever its row says`(
        _ isStolenBefore: Bool
    ) async throws {
        try await scene { service, team, agent, version in
            try await service.advanceAndCatchUp(seconds: 600)
            let taken = service.clock.now
            _ = try await service.reconcile(by: agent, [version.found(state: .present)])
            _ = try await service.run(version, by: team.deployer)
            #expect(try await valid(version, service) == true)
            try await service.advanceAndCatchUp(seconds: 600)
            _ = try await service.registry.revokeKey(
                agent.key.publicKey.id, of: agent.principal, reason: "stolen",
                effectiveFrom: taken.adding(seconds: isStolenBefore ? -20 : 300),
                service.request(service.administrator))
            #expect(try await valid(version, service) == .bool(!isStolenBefore))
            let shift = isStolenBefore ? "- interval '40 seconds'" : "+ interval '10 minutes'"
            try await service.sabotage(["UPDATE registry.snapshot SET at = at \(shift)"])
            #expect(try await valid(version, service) == .bool(!isStolenBefore))
        }
    }

    @Test func `stays when the key is revoked from after the snapshot on`() async throws {
        try await scene { service, team, agent, version in
            _ = try await service.reconcile(by: agent, [version.found(state: .present)])
            _ = try await service.run(version, by: team.deployer)
            try await service.advanceAndCatchUp(seconds: 60)
            _ = try await service.registry.revokeKey(
                agent.key.publicKey.id, of: agent.principal, reason: "replaced",
                effectiveFrom: service.clock.now, service.request(service.administrator))
            #expect(try await valid(version, service) == true)
        }
    }
}

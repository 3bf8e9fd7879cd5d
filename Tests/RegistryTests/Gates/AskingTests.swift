// A dry run: the gate's answer without its consequences.

import CanonicalJSON
import Cryptography
import Governance
import Testing
import TransparencyLog

@testable import Registry

@Suite struct `What is only asked of the gate` {
    /// Each rule with its result.
    private func results(_ answer: Registry.GateAnswer) -> [String] {
        (answer.decision["rules"]?.array ?? []).map {
            "\($0["id"]?.string ?? "") \($0["result"]?.string ?? "")"
        }
    }

    @Test func `is answered as it would be decided, and only the asking is recorded`() async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let asked = try await service.deploy(version, by: team.deployer, dryRun: true)
            let entry = asked.outcome.recorded.entry
            guard case .gateAsked(let event) = entry.event else { throw TestFailure("no question") }
            #expect(asked.verdict == "allow" && event.verdict == .allow)
            #expect(event.decision == SHA256.hash(asked.decision.canonicalBytes))
            #expect(asked.document == nil && entry.documents == [] && entry.decision == nil)
            await #expect(throws: (any Error).self) {
                try await service.document(event.decision)
            }

            let decided = try await service.deploy(version, by: team.deployer)
            let kept = decided.outcome.recorded.entry
            #expect(results(decided) == results(asked) && results(asked).count > 10)
            #expect(kept.decision.map { kept.documents.contains($0.facts) } == true)
        }
    }

    @Test func `is denied for other bytes, and is no way round the gate`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let other = try await service.deploy(
                version, by: team.deployer, artifact: SHA256.hash("other"), dryRun: true)
            #expect(other.verdict == "deny" && other.denials == ["DEP-001"])
            let after = try await service.registry.status(of: version.reference)
            #expect(after["deployments"] == [])
        }
    }

    @Test func `is asked anew by a retry, which may be answered otherwise`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            func ask() async throws -> Registry.GateAnswer {
                try await service.deploy(version, by: team.deployer, dryRun: true, key: "once")
            }
            let first = try await ask()
            _ = try await service.registry.suspend(
                version.reference, reason: "bias", service.request(team.owner))
            let second = try await ask()
            #expect(first.verdict == "allow" && second.verdict == "deny")
            #expect(!second.outcome.recorded.wasReplayed)
            #expect(first.outcome.recorded.entryID != second.outcome.recorded.entryID)
        }
    }
}

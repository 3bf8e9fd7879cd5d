// Permits to start again what runs: decided anew each time, and in the way of retiring while they hold.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

extension TestService {
    /// Deploys and confirms; answers the deployment's id.
    func run(_ version: TestVersion, by person: TestPerson) async throws -> String {
        let answer = try await deploy(version, by: person)
        guard !answer.deployment.isEmpty else { throw TestFailure("\(answer.denials)") }
        _ = try await registry.confirmDeployment(answer.deployment, request(person))
        return answer.deployment
    }

    /// Moves the clock, and waits until the fold is level with the log again.
    func advanceAndCatchUp(seconds: Int64) async throws {
        clock.advance(milliseconds: seconds * 1_000)
        for _ in 0..<100 {
            let level = registry.follower.snapshot.levelAt
            if let level, clock.now.milliseconds(since: level) < 2_000 { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw TestFailure("the fold does not catch up")
    }
}

@Suite struct `Permits to run` {
    @Test func `are given for what runs, for the pack's time in its tier`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let id = try await service.run(version, by: team.deployer)
            let before = service.clock.now
            let answer = try await service.registry.permitRun(
                id, artifact: version.artifact, service.request(team.deployer))
            #expect(answer.verdict == "allow", "\(answer.denials)")
            let permit = try Permit(Statement(parsing: #require(answer.document).payload))
            #expect(permit.kind == .run)
            #expect(permit.deployment == id)
            #expect(permit.model == version.reference.description)
            #expect(permit.target == "test")
            let end = try #require(Timestamp(permit.notAfter))
            let hours = end.milliseconds(since: before) / 3_600_000
            #expect((71...72).contains(hours))
            guard case .runDecided(let event) = answer.outcome.recorded.entry.event else {
                throw TestFailure("not a run permit")
            }
            #expect(permit.agrees(with: event.decided))
            // Renewed as often as it is asked for, each time another permit.
            let again = try await service.registry.permitRun(
                id, artifact: version.artifact, service.request(team.deployer))
            #expect(again.document?.payloadDigest != answer.document?.payloadDigest)
            try await service.settled()
            let report = try await service.registry.report(
                model: version.reference.model, for: service.administrator.caller)
            #expect(
                ReportCheck.check(
                    report.json, root: service.registry.root, acceptingDevelopment: true
                ).findings == [])
        }
    }

    @Test func `are not given for what does not run, for other bytes, or to who may not deploy`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let permitted = try await service.deploy(version, by: team.deployer)
            let asDeployer = service.request(team.deployer)
            func refusal(_ id: String) async throws -> String? {
                try await service.refusal {
                    try await service.registry.permitRun(
                        id, artifact: version.artifact, asDeployer)
                }
            }
            #expect(try await refusal("d-unknown") == "deployment-unknown")
            #expect(try await refusal(permitted.deployment) == "deployment-not-running")
            let id = permitted.deployment
            _ = try await service.registry.confirmDeployment(id, asDeployer)
            let other = try await service.registry.permitRun(
                id, artifact: SHA256.hash("other"), asDeployer)
            #expect(other.verdict == "deny")
            #expect(other.document == nil)
            let stranger = try await service.registry.permitRun(
                id, artifact: version.artifact, service.request(team.validator))
            #expect(stranger.verdict == "deny")
            _ = try await service.registry.endDeployment(id, reason: "done", asDeployer)
            #expect(try await refusal(id) == "deployment-not-running")
        }
    }

    @Test func `are not renewed while the version is suspended`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let id = try await service.run(version, by: team.deployer)
            let asDeployer = service.request(team.deployer)
            _ = try await service.registry.permitRun(id, artifact: version.artifact, asDeployer)
            _ = try await service.registry.suspend(
                version.reference, reason: "bias", service.request(team.owner))
            let denied = try await service.registry.permitRun(
                id, artifact: version.artifact, asDeployer)
            #expect(denied.verdict == "deny")
            #expect(denied.document == nil)
        }
    }

    @Test func `are in the way of retiring as long as they hold, also after the deployment ended`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let id = try await service.run(version, by: team.deployer)
            let asDeployer = service.request(team.deployer)
            _ = try await service.registry.permitRun(id, artifact: version.artifact, asDeployer)
            _ = try await service.registry.endDeployment(id, reason: "replaced", asDeployer)
            func retire() async throws -> Registry.GateAnswer {
                try await service.registry.retire(
                    version.reference, reason: "superseded by a better one", successor: nil,
                    service.request(team.owner))
            }
            let early = try await retire()
            #expect(early.verdict == "deny")
            // It says which.
            #expect(String(decoding: early.decision.canonicalBytes, as: UTF8.self).contains(id))
            // What the rows have lost, the fold still knows.
            try await service.sabotage([
                "UPDATE registry.deployment SET run_until = NULL WHERE id = '\(id)'"
            ])
            #expect(try await retire().verdict == "deny")
            try await service.advanceAndCatchUp(seconds: 73 * 3_600)
            let late = try await retire()
            #expect(late.verdict == "allow", "\(late.denials)")
        }
    }

    @Test func `need a pack that says how long they hold`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            try await service.activatePack([
                "permits.yaml": "deploy:\n  lifetime_minutes: 1440\n"
            ])
            let version = try await service.makeApproved(team)
            let answer = try await service.deploy(version, by: team.deployer)
            let permit = try Permit(Statement(parsing: #require(answer.document).payload))
            let end = try #require(Timestamp(permit.notAfter))
            let start = try #require(Timestamp(permit.notBefore))
            #expect(end.milliseconds(since: start) == 86_400_000)
            _ = try await service.registry.confirmDeployment(
                answer.deployment, service.request(team.deployer))
            #expect(
                try await service.refusal {
                    try await service.registry.permitRun(
                        answer.deployment, artifact: version.artifact,
                        service.request(team.deployer))
                } == "no-run-permits")
        }
    }
}

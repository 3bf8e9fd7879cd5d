// One model's whole life, in one process with a real PostgreSQL.

import Governance
import Registry
import Testing

@Suite struct `The life of a model` {
    @Test func `is submitted, evaluated, approved, deployed, undeployed and retired`() async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            #expect(version.reference.description == "credit/scorecard@1")

            let early = try await service.deploy(version, by: team.deployer)
            #expect(early.verdict == "deny")
            #expect(early.document == nil)
            #expect(early.denials.contains("DEP-101"))
            #expect(early.denials.contains("DEP-201"))

            try await service.evaluate(version, by: team.reviewer)
            try await service.approve(version, by: team.validator, as: .validator)
            try await service.approve(version, by: team.officer, as: .complianceOfficer)

            let answer = try await service.deploy(version, by: team.deployer)
            #expect(answer.denials == [])
            #expect(answer.verdict == "allow")
            #expect(answer.document != nil)
            #expect(answer.outcome.receipt != nil)

            let asDeployer = service.request(team.deployer)
            _ = try await service.registry.confirmDeployment(answer.deployment, asDeployer)
            let refused = try await service.registry.retire(
                version.reference, reason: "superseded by a better one", successor: nil,
                service.request(team.owner))
            #expect(refused.verdict == "deny")

            _ = try await service.registry.endDeployment(
                answer.deployment, reason: "done", asDeployer)
            let retired = try await service.registry.retire(
                version.reference, reason: "superseded by a better one", successor: nil,
                service.request(team.owner))
            #expect(retired.denials == [])
            #expect(retired.document != nil)

            let late = try await service.deploy(version, by: team.deployer)
            #expect(late.denials.contains("DEP-302"))
        }
    }
}

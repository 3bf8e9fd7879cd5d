import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `Who does not judge a version` {
    private func scene(
        _ body: (TestService, TestTeam, TestVersion) async throws -> Void
    ) async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            try await body(service, team, version)
        }
    }

    private func denials(
        _ service: TestService, _ team: TestTeam, _ version: TestVersion
    ) async throws -> [String] {
        try await service.settled()
        return try await service.deploy(version, by: team.deployer, dryRun: true).denials
    }

    @Test func `approves it no longer, also what was approved before`() async throws {
        try await scene { service, team, version in
            #expect(try await denials(service, team, version) == [])
            let statement = try await service.abstention(
                from: version, by: team.validator, as: .validator)
            _ = try await service.registry.abstain(statement, service.request(team.validator))
            let answer = try await service.deploy(version, by: team.deployer)
            #expect(answer.denials == ["DEP-102"])
            let status = try await service.registry.status(of: version.reference)
            let approvals = status["approvals"]?.array ?? []
            #expect(approvals.filter { $0["problems"] == ["recused"] }.count == 1)
            #expect(status["abstentions"]?.array?.count == 1)
            // A second answer by the same person is refused, somebody else's takes its place.
            #expect(
                try await service.refusal {
                    try await service.approve(version, by: team.validator, as: .validator)
                } == "gate-denied")
            let other = try await service.enrol([.validator])
            let late = try await service.refusal {
                try await service.approve(version, by: other, as: .validator)
            }
            // Who got the role after the submission is nobody's replacement for it.
            #expect(late == "gate-denied")
        }
    }

    @Test func `may still object`() async throws {
        try await scene { service, team, version in
            let statement = try await service.abstention(
                from: version, by: team.validator, as: .validator)
            _ = try await service.registry.abstain(statement, service.request(team.validator))
            try await service.approve(
                version, by: team.validator, as: .validator, meaning: .reject)
            #expect(try await denials(service, team, version).contains("DEP-301"))
        }
    }

    @Test func `neither closes its findings nor lifts its suspension`() async throws {
        try await scene { service, team, version in
            let finding = try service.finding(on: version, by: team.validator, owner: team.owner)
            _ = try await service.registry.raiseFinding(finding, service.request(team.validator))
            let statement = try await service.abstention(
                from: version, by: team.validator, as: .validator)
            _ = try await service.registry.abstain(statement, service.request(team.validator))
            let closure = try await service.closure(
                of: finding.payloadDigest, on: version, by: team.validator)
            #expect(
                try await service.refusal {
                    try await service.registry.closeFinding(
                        closure, service.request(team.validator))
                } == "signer-recused")
        }
    }

    @Test func `and only abstains, may answer later`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            try await service.evaluate(version, by: team.reviewer)
            let statement = try await service.abstention(
                from: version, by: team.validator, as: .validator, .abstain)
            _ = try await service.registry.abstain(statement, service.request(team.validator))
            #expect(
                try await service.refusal {
                    try await service.registry.abstain(statement, service.request(team.validator))
                } == "abstention-known")
            try await service.approve(version, by: team.validator, as: .validator)
            try await service.approve(version, by: team.officer, as: .complianceOfficer)
            #expect(try await denials(service, team, version) == [])
        }
    }

    @Test func `says so by an own signature, in a role held, on this request`() async throws {
        try await scene { service, team, version in
            let reference = try #require(VersionReference("credit/scorecard@9"))
            for (statement, code) in [
                (
                    try await service.abstention(
                        from: version, by: team.validator, as: .riskOfficer),
                    "abstention-not-entitled"
                ),
                (
                    try await service.abstention(from: version, by: team.owner, as: .owner),
                    "abstention-malformed"
                ),
                (
                    try await service.abstention(
                        from: version, by: team.officer, as: .complianceOfficer
                    ) { $0.signer.principal = team.validator.principal },
                    "abstention-not-entitled"
                ),
                (
                    try await service.abstention(
                        from: version, by: team.validator, as: .validator
                    ) { $0.request.nonce = "ffffffffffffffffffffffffffffffff" },
                    "abstention-not-entitled"
                ),
                (
                    try await service.abstention(
                        from: version, by: team.validator, as: .validator
                    ) { $0.origin = "example.com/other" },
                    "abstention-not-entitled"
                ),
                (
                    try await service.abstention(
                        from: version, by: team.validator, as: .validator
                    ) { $0.version = reference },
                    "version-unknown"
                ),
            ] {
                #expect(
                    try await service.refusal {
                        try await service.registry.abstain(
                            statement, service.request(team.validator))
                    } == code)
            }
            #expect(try await denials(service, team, version) == [])
        }
    }

    @Test func `is known by the log without rows, and by a row without the log's word`()
        async throws
    {
        try await scene { service, team, version in
            let statement = try await service.abstention(
                from: version, by: team.validator, as: .validator, .abstain)
            _ = try await service.registry.abstain(statement, service.request(team.validator))
            #expect(try await denials(service, team, version) == [])
            try await service.sabotage(["UPDATE registry.abstention SET meaning = 'recuse'"])
            #expect(try await denials(service, team, version) == ["DEP-102"])
            let recusal = try await service.abstention(
                from: version, by: team.validator, as: .validator)
            _ = try await service.registry.abstain(recusal, service.request(team.validator))
            try await service.sabotage(["DELETE FROM registry.abstention"])
            #expect(try await denials(service, team, version) == ["DEP-102"])
        }
    }
}

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `A request for changes` {
    private func denials(
        _ service: TestService, _ team: TestTeam, _ version: TestVersion
    ) async throws -> [String] {
        try await service.settled()
        return try await service.deploy(version, by: team.deployer, dryRun: true).denials
    }

    @Test
    func `ends the version's request, says what is missing, and the next version answers it`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            #expect(try await denials(service, team, version) == [])
            try await service.approve(
                version, by: team.validator, as: .validator, meaning: .requestChanges)
            #expect(try await denials(service, team, version).contains("DEP-301"))
            let status = try await service.registry.status(of: version.reference)
            #expect(status["state"] == "changes-requested")
            #expect(status["request"]?["open"] == false)
            let missing = status["missing"]?.array ?? []
            #expect(
                missing.contains {
                    $0["kind"] == "new-version"
                        && $0["detail"]?["changes"] == "say how it was trained"
                })
            // Nobody's approval counts any more, however entitled.
            #expect(
                try await service.refusal {
                    try await service.approve(version, by: team.officer, as: .complianceOfficer)
                } == "gate-denied")
            // The submitter's answer is a request of its own, which everybody answers anew.
            let next = try await service.makeApproved(team, seed: "two")
            #expect(try await denials(service, team, next) == [])
            #expect(try await denials(service, team, version).contains("DEP-301"))
        }
    }

    @Test func `counts by the log, whatever rows and documents are left`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            try await service.approve(
                version, by: team.officer, as: .complianceOfficer, meaning: .requestChanges)
            try await service.settled()
            try await service.sabotage([
                """
                DELETE FROM audit.document WHERE sha256 IN
                    (SELECT document FROM registry.approval WHERE meaning = 'request-changes')
                """, "DELETE FROM registry.approval WHERE meaning = 'request-changes'",
                "DELETE FROM registry.restriction",
                "UPDATE registry.version SET state = 'open'",
            ])
            let answer = try await service.deploy(version, by: team.deployer)
            #expect(answer.denials.contains("DEP-301"))
            let text = answer.decision.canonicalText
            #expect(text.contains("changes-requested") && text.contains("(log)"))
        }
    }

    @Test func `is taken from whoever may reject, and from nobody else`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            for (person, role) in [(team.owner, Role.owner), (team.validator, .riskOfficer)] {
                #expect(
                    try await service.refusal {
                        try await service.approve(
                            version, by: person, as: role, meaning: .requestChanges)
                    } == "objection-not-entitled")
            }
            let silent = try await service.approvalStatement(
                of: version, by: team.validator, as: .validator, meaning: .requestChanges
            ) { $0.comment = " " }
            #expect(
                try await service.refusal {
                    try await service.registry.recordApproval(
                        silent, service.request(team.validator))
                } == "approval-malformed")
            #expect(
                try await service.registry.status(of: version.reference)["state"] == "open")
            // Who was appointed after the submission approves nothing of it, and may object.
            let late = try await service.enrol([.riskOfficer])
            try await service.approve(
                version, by: late, as: .riskOfficer, meaning: .requestChanges)
            #expect(
                try await service.registry.status(of: version.reference)["state"]
                    == "changes-requested")
        }
    }
}

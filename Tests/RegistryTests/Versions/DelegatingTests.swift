import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `Who approves for another` {
    private func denials(
        _ service: TestService, _ team: TestTeam, _ version: TestVersion
    ) async throws -> [String] {
        try await service.settled()
        return try await service.deploy(version, by: team.deployer, dryRun: true).denials
    }

    @Test
    func `approves, shown with the delegator, and that stays when the time is over`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            try await service.evaluate(version, by: team.reviewer)
            // Who has no role, and got none before the submission.
            let deputy = try await service.enrol([])
            let delegation = try await service.delegate(
                by: team.validator, to: deputy, as: .validator)
            try await service.answer(
                version, by: deputy, for: team.validator, as: .validator, under: delegation)
            try await service.approve(version, by: team.officer, as: .complianceOfficer)
            #expect(try await denials(service, team, version) == [])
            let status = try await service.registry.status(of: version.reference)
            let shown = status["approvals"]?.array?.compactMap { $0["delegation"] } ?? []
            #expect(shown.count == 1)
            #expect(shown.first?["digest"] == .string(delegation.hex))
            #expect(
                shown.first?["delegator"] == .string(team.validator.principal.description))
            // The delegator has answered by that.
            #expect(
                try await service.refusal {
                    try await service.approve(version, by: team.validator, as: .validator)
                } == "gate-denied")
            // An end that comes is none of the approval's.
            service.clock.advance(days: 11)
            let next = try await service.submit(by: team.owner, seed: "two")
            #expect(
                try await service.refusal {
                    try await service.answer(
                        next, by: deputy, for: team.validator, as: .validator, under: delegation)
                } == "gate-denied")
            let approvals =
                try await service.registry.status(of: version.reference)["approvals"]?.array
            #expect(approvals?.allSatisfy { $0["valid"] == true } == true)
        }
    }

    @Test(arguments: [false, true])
    func `counts no longer when it is revoked, and never did if it was compromised`(
        compromised: Bool
    ) async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let deputy = try await service.enrol([])
            let version = try await service.submit(by: team.owner)
            try await service.evaluate(version, by: team.reviewer)
            let delegation = try await service.delegate(
                by: team.validator, to: deputy, as: .validator)
            try await service.answer(
                version, by: deputy, for: team.validator, as: .validator, under: delegation)
            try await service.approve(version, by: team.officer, as: .complianceOfficer)
            _ = try await service.run(version, by: team.deployer)
            let revoke = { (person: TestPerson) in
                _ = try await service.registry.revokeDelegation(
                    delegation, of: team.validator.principal, reason: "back",
                    compromised: compromised, service.request(person))
            }
            #expect(
                try await service.refusal { try await revoke(team.owner) } == "role-missing")
            try await revoke(team.officer)
            #expect(
                try await service.refusal { try await revoke(team.validator) }
                    == "delegation-revoked")
            #expect(
                try await denials(service, team, version) == (compromised ? ["DEP-102"] : []))
            // What would be known now of what was permitted then.
            let valid = try await service.registry.validity(
                of: version.reference, at: service.clock.now, in: nil)["valid"]
            #expect(valid == .bool(!compromised))
            let next = try await service.submit(by: team.owner, seed: "two")
            #expect(
                try await service.refusal {
                    try await service.answer(
                        next, by: deputy, for: team.validator, as: .validator, under: delegation)
                } == "gate-denied")
            // The delegator himself is free to answer.
            try await service.approve(next, by: team.validator, as: .validator)
        }
    }

    @Test func `inherits conflicts, and fills one place with the delegator`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let author = try await service.enrol([.owner, .validator])
            let both = try await service.enrol([.validator, .complianceOfficer])
            let deputy = try await service.enrol([.complianceOfficer])
            let version = try await service.submit(by: author)
            try await service.evaluate(version, by: team.reviewer)
            // For the author; and by the author for another.
            for (delegator, delegate) in [(author, deputy), (team.validator, author)] {
                let delegation = try await service.delegate(
                    by: delegator, to: delegate, as: .validator)
                #expect(
                    try await service.refusal {
                        try await service.answer(
                            version, by: delegate, for: delegator, as: .validator,
                            under: delegation)
                    } == "gate-denied")
            }
            // Two roles of one person, the one by a delegate, the other by itself.
            let delegation = try await service.delegate(by: both, to: deputy, as: .validator)
            try await service.answer(
                version, by: deputy, for: both, as: .validator, under: delegation)
            for person in [both, deputy] {
                #expect(
                    try await service.refusal {
                        try await service.approve(version, by: person, as: .complianceOfficer)
                    } == "gate-denied")
            }
            // Who is recused is so by whomever it is said.
            let recusal = try await service.abstention(from: version, by: both, as: .validator)
            _ = try await service.registry.abstain(recusal, service.request(both))
            try await service.approve(version, by: team.officer, as: .complianceOfficer)
            #expect(try await denials(service, team, version) == ["DEP-102"])
        }
    }

    @Test func `is in the report beside whom it was for, and the report holds`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let deputy = try await service.enrol([])
            let version = try await service.submit(by: team.owner)
            try await service.evaluate(version, by: team.reviewer)
            let delegation = try await service.delegate(
                by: team.validator, to: deputy, as: .validator)
            try await service.answer(
                version, by: deputy, for: team.validator, as: .validator, under: delegation)
            try await service.approve(version, by: team.officer, as: .complianceOfficer)
            _ = try await service.registry.revokeDelegation(
                delegation, of: team.validator.principal, reason: "not mine", compromised: true,
                service.request(team.validator))
            try await service.settle()
            let report = try await service.registry.report(
                model: version.reference.model, for: team.officer.caller)
            let verdict = ReportCheck.check(
                report.json, root: service.registry.root, acceptingDevelopment: true)
            // Right when it was recorded: what it is worth now the gate says.
            #expect(verdict.findings == [])
            let page = String(decoding: ReportPage.render(report.json), as: UTF8.self)
            #expect(page.contains("who delegated it in entry"))
            // Without the delegation's line nobody had that right.
            var lines = try #require(report.json["lines"]?.array)
            lines.removeAll { line in
                line["entry"]?.string.flatMap { Base64.decode($0) }.map {
                    String(decoding: $0, as: UTF8.self).contains("delegation.recorded")
                } ?? false
            }
            #expect(lines.count + 1 == report.json["lines"]?.array?.count)
            var members = try #require(report.json.object)
            members["lines"] = .array(lines)
            let without = ReportCheck.check(
                .object(members), root: service.registry.root, acceptingDevelopment: true)
            #expect(without.findings.contains { $0.code == "authority" })
        }
    }

    @Test func `rejects and asks for changes like the delegator`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let deputy = try await service.enrol([])
            let version = try await service.makeApproved(team)
            let delegation = try await service.delegate(
                by: team.officer, to: deputy, as: .complianceOfficer)
            try await service.answer(
                version, by: deputy, for: team.officer, as: .complianceOfficer, under: delegation,
                .requestChanges)
            #expect(try await denials(service, team, version).contains("DEP-301"))
        }
    }

    @Test func `is let by whoever holds the role, as far as the pack lets it`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let deputy = try await service.enrol([])
            let robot = try await service.enrol([], kind: .service)
            let risk = try await service.enrol([.riskOfficer])
            let registry = service.registry
            func refused(
                _ envelope: Envelope, by person: TestPerson? = nil
            ) async throws -> String? {
                try await service.refusal {
                    _ = try await registry.delegate(
                        envelope, service.request(person ?? team.validator))
                }
            }
            let good = try service.delegation(by: team.validator, to: deputy, as: .validator)
            #expect(try await refused(good, by: deputy) == "delegator-only")
            #expect(
                try await refused(
                    service.delegation(
                        by: team.validator, to: deputy, as: .validator, signedBy: deputy.key))
                    == "delegation-not-entitled")
            #expect(
                try await refused(
                    service.delegation(by: team.validator, to: robot, as: .validator))
                    == "delegate-unknown")
            #expect(
                try await refused(
                    service.delegation(by: team.validator, to: deputy, as: .complianceOfficer))
                    == "delegation-not-entitled")
            #expect(
                try await refused(
                    service.delegation(by: team.validator, to: deputy, as: .validator) {
                        $0.validUntil = $0.validFrom.adding(seconds: 31 * 86_400)
                    }) == "delegation-not-entitled")
            #expect(
                try await refused(
                    service.delegation(by: risk, to: deputy, as: .riskOfficer), by: risk)
                    == "delegation-not-entitled")
            #expect(try await refused(good) == nil)
            #expect(try await refused(good) == "delegation-known")
            // Below its tier only.
            try await service.settled()
            let low = try await service.delegate(
                by: team.officer, to: deputy, as: .complianceOfficer
            ) { $0.highestTier = .minimal }
            let version = try await service.submit(by: team.owner)
            #expect(
                try await service.refusal {
                    try await service.answer(
                        version, by: deputy, for: team.officer, as: .complianceOfficer,
                        under: low)
                } == "gate-denied")
            #expect(
                registry.whoami(deputy.caller)["delegations"]?.array?.count == 2)
        }
    }

    @Test func `counts by log and statements, whatever rows say`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let deputy = try await service.enrol([])
            let version = try await service.submit(by: team.owner)
            try await service.evaluate(version, by: team.reviewer)
            let delegation = try await service.delegate(
                by: team.validator, to: deputy, as: .validator)
            try await service.answer(
                version, by: deputy, for: team.validator, as: .validator, under: delegation)
            try await service.approve(version, by: team.officer, as: .complianceOfficer)
            _ = try await service.registry.revokeDelegation(
                delegation, of: team.validator.principal, reason: "not mine", compromised: true,
                service.request(team.validator))
            try await service.settled()
            try await service.sabotage([
                "UPDATE registry.delegation SET revoked_at = NULL, revoked_reason = NULL"
            ])
            #expect(try await denials(service, team, version) == ["DEP-102"])
            // And a revocation that only a row shows restricts as well.
            let second = try await service.submit(by: team.owner, seed: "two")
            try await service.evaluate(second, by: team.reviewer)
            let another = try await service.delegate(
                by: team.validator, to: deputy, as: .validator
            ) { $0.reason = "again" }
            try await service.answer(
                second, by: deputy, for: team.validator, as: .validator, under: another)
            try await service.approve(second, by: team.officer, as: .complianceOfficer)
            #expect(try await denials(service, team, second) == [])
            try await service.sabotage([
                "UPDATE registry.delegation SET revoked_at = valid_from WHERE reason = 'again'"
            ])
            #expect(try await denials(service, team, second) == ["DEP-102"])
        }
    }
}

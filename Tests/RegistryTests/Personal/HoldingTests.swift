// Holds: one may place them, two must release them, one of them from outside the namespace.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `Holds` {
    @Test func `are placed by one compliance officer of the namespace, and by nobody else`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let stranger = try await service.enrol([.complianceOfficer], in: "fraud")
            let version = try await service.submit(by: team.owner)
            let scope = HoldScope.version(version.reference)
            for person in [team.owner, team.validator, stranger] {
                #expect(
                    try await service.refusal {
                        try await service.placeHold(on: scope, by: person)
                    } == "role-missing")
            }
            #expect(
                try await service.refusal {
                    try await service.placeHold(on: scope, by: stranger, for: "fraud")
                } == "namespace-mismatch")
            let unknown = try #require(PrincipalID("p-0000000000000009"))
            #expect(
                try await service.refusal {
                    try await service.placeHold(on: .principal(unknown), by: team.officer)
                } == "principal-unknown")
            _ = try await service.placeHold(on: scope, by: team.officer)
            #expect(try await service.count(HoldPlaced.kind) == 1)
            try await service.expectWhole()
        }
    }

    @Test
    func `stop new deployments of the version, whatever the rows say, until they are released`()
        async throws
    {
        try await TestService.with { service in
            let officers = try await service.makeOfficers()
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            #expect(try await service.deploy(version, by: team.deployer).verdict == "allow")
            let scope = HoldScope.version(version.reference)
            let hold = try await service.placeHold(on: scope, by: team.officer)
            #expect(try await service.deploy(version, by: team.deployer).verdict == "deny")
            try await service.settled()
            try await service.sabotage(["DELETE FROM registry.hold"])
            let denied = try await service.deploy(version, by: team.deployer)
            #expect(denied.verdict == "deny")
            #expect(String(decoding: denied.decision.canonicalBytes, as: UTF8.self).contains(hold))
            try await service.restarted { again in
                #expect(try await again.deploy(version, by: team.deployer).verdict == "deny")
                let release = try again.release(
                    hold, on: scope, inside: team.officer, outside: officers.outsider)
                _ = try await again.registry.releaseHold(
                    hold, release, again.request(team.officer))
                #expect(try await again.deploy(version, by: team.deployer).verdict == "allow")
                try await again.settled()
                // The release counts by its statement: without the document the hold is back.
                try await again.sabotage([
                    "DELETE FROM audit.document WHERE sha256 = "
                        + SHA256.hash(release.canonicalBytes).sql
                ])
                #expect(try await again.deploy(version, by: team.deployer).verdict == "deny")
            }
        }
    }

    @Test func `are released only by two people, one of them from outside`() async throws {
        try await TestService.with { service in
            let officers = try await service.makeOfficers()
            let team = try await service.makeTeam()
            let second = try await service.enrol([.complianceOfficer])
            let everywhere = try await service.enrol([.riskOfficer], in: "**")
            let twin = try await service.enrol(
                [.riskOfficer], in: "fraud", as: team.officer.principal)
            let version = try await service.submit(by: team.owner)
            let scope = HoldScope.version(version.reference)
            let hold = try await service.placeHold(on: scope, by: team.officer)
            func attempt(
                _ inside: TestPerson, _ outside: TestPerson, as role: Role = .riskOfficer,
                keys: [PrivateKey]? = nil
            ) async throws -> String? {
                let envelope = try service.release(
                    hold, on: scope, inside: inside, outside: outside, as: role, keys: keys)
                return try await service.refusal {
                    try await service.registry.releaseHold(
                        hold, envelope, service.request(team.officer))
                }
            }
            let refused = "release-not-entitled"
            let (officer, outsider) = (team.officer, officers.outsider)
            #expect(try await attempt(officer, outsider, keys: [officer.key]) == refused)
            #expect(try await attempt(officer, outsider, keys: [outsider.key]) == refused)
            #expect(try await attempt(officer, second, as: .complianceOfficer) == refused)
            #expect(try await attempt(officer, everywhere) == refused)
            #expect(try await attempt(officer, twin) == refused)
            #expect(try await attempt(officer, officer, as: .complianceOfficer) == refused)
            #expect(try await attempt(team.validator, outsider) == refused)
            #expect(try await service.count(HoldReleased.kind) == 0)
            #expect(try await attempt(second, outsider) == nil)
            #expect(try await attempt(second, outsider) == "hold-released")
            try await service.expectWhole()
            let report = try await service.registry.report(
                model: version.reference.model, for: service.administrator.caller)
            let verdict = ReportCheck.check(
                report.json, root: service.registry.root, acceptingDevelopment: true)
            #expect(verdict.findings == [], "\(verdict.findings)")
            #expect(report.json.canonicalText.contains("hold.released"))
        }
    }
}

// I6, continued: documents that are gone, and restrictions whose rows and documents are gone.

import Attestation
import CanonicalJSON
import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing

extension `I6: the gate does not trust its database` {
    @Test(arguments: [
        ("SELECT card_document FROM registry.version", "DEP-003"),
        ("SELECT manifest_document FROM registry.version", "DEP-002"),
        ("SELECT signature_document FROM registry.version", "DEP-002"),
        ("SELECT document FROM registry.approval WHERE role = 'validator'", "DEP-101"),
        ("SELECT document FROM registry.evaluation", "DEP-201"),
    ])
    func `a missing document is as if it had never been there`(
        which: String, rule: String
    ) async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            try await service.settled()
            try await service.sabotage(["DELETE FROM audit.document WHERE sha256 IN (\(which))"])
            try await expectDenied(service, version, team, by: [rule])
        }
    }

    @Test func `a document whose bytes were changed is as if it were missing`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            try await service.settled()
            try await service.asSuperuser([
                "ALTER TABLE audit.document DROP CONSTRAINT document_digest"
            ])
            try await service.sabotage([
                """
                UPDATE audit.document SET bytes = overlay(bytes PLACING ' ' FROM 20)
                WHERE sha256 IN (SELECT card_document FROM registry.version)
                """
            ])
            try await expectDenied(service, version, team, by: ["DEP-003"])
        }
    }

    @Test func `after a restart a lost key or role statement is an alarm, and denies`() async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            try await service.settled()
            try await service.sabotage([
                """
                DELETE FROM audit.document WHERE sha256 IN
                    (SELECT document FROM registry.assignment WHERE role = 'validator')
                """
            ])
            try await service.restarted { again in
                let answer = try await again.deploy(version, by: team.deployer)
                #expect(answer.denials.contains("DEP-501"))
                #expect(answer.denials.contains("DEP-102"))
            }
        }
    }

    /// Every restrictive kind: how it comes about, and the rows and documents that show it.
    enum Restrictive: String, CaseIterable {
        case suspension, rejection, approversWithdrawal, ownersWithdrawal, retirement,
            roleRevocation
        case keyRevocation
    }

    @Test(arguments: Restrictive.allCases)
    func `a restriction outlives its rows and documents`(kind: Restrictive) async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let registry = service.registry
            let asOwner = service.request(team.owner)
            let asAdministrator = service.request(service.administrator)
            var erase = ["DELETE FROM registry.restriction"]
            var (rule, word) = ("DEP-301", kind.rawValue)
            switch kind {
            case .suspension:
                _ = try await registry.suspend(
                    version.reference, reason: "bias found", service.request(team.officer))
            case .rejection:
                let third = try await service.enrol([.validator])
                // Appointed after the submission, so that a new version is what can be rejected.
                let later = try await service.submit(by: team.owner, seed: "two")
                try await service.approve(later, by: third, as: .validator, meaning: .reject)
                erase += [
                    """
                    DELETE FROM audit.document WHERE sha256 IN
                        (SELECT document FROM registry.approval WHERE meaning = 'reject')
                    """, "DELETE FROM registry.approval WHERE meaning = 'reject'",
                    "UPDATE registry.version SET state = 'open'",
                ]
                try await service.settled()
                try await service.sabotage(erase)
                return try await expectDenied(
                    service, later, team, by: ["DEP-301"], naming: ["rejection", "(log)"])
            case .approversWithdrawal:
                let prior = try #require(
                    try await service.logged().compactMap { logged -> SHA256Digest? in
                        guard case .approvalRecorded(let event) = logged.entry.event,
                            event.role == .validator
                        else { return nil }
                        return event.statement
                    }.last)
                let statement = try await service.approvalStatement(
                    of: version, by: team.validator, as: .validator, meaning: .withdraw
                ) { $0.prior = prior }
                _ = try await registry.recordApproval(statement, service.request(team.validator))
                word = "withdrawal"
                erase += [
                    """
                    DELETE FROM audit.document WHERE sha256 IN
                        (SELECT document FROM registry.approval WHERE meaning = 'withdraw')
                    """, "DELETE FROM registry.approval WHERE meaning = 'withdraw'",
                    "UPDATE registry.version SET state = 'open'",
                ]
            case .ownersWithdrawal:
                _ = try await registry.withdraw(version.reference, reason: "mistake", asOwner)
                word = "withdrawal"
                erase.append("UPDATE registry.version SET state = 'open'")
            case .retirement:
                _ = try await registry.retire(
                    version.reference, reason: "superseded by a better one", successor: nil, asOwner
                )
                rule = "DEP-302"
                erase = [
                    """
                    DELETE FROM audit.document d USING registry.retirement r
                    WHERE convert_from(d.bytes, 'UTF8') LIKE '%application/vnd.in-toto+json%'
                        AND sha256(decode(convert_from(d.bytes, 'UTF8')::json->>'payload', 'base64')) = r.certificate
                    """, "DELETE FROM registry.retirement",
                    "UPDATE registry.version SET state = 'open'",
                ]
            case .roleRevocation:
                _ = try await registry.revokeRole(
                    #require(team.deployer.assignments[.deployer]), of: team.deployer.principal,
                    reason: "left", asAdministrator)
                (rule, word) = ("DEP-401", "\(team.deployer.principal)")
                erase = ["UPDATE registry.assignment SET revoked_at = NULL, revoked_reason = NULL"]
            case .keyRevocation:
                // A revoked key signs nothing any more, whatever its row says.
                let next = try await service.submit(by: team.owner, seed: "two")
                let statement = try await service.approvalStatement(
                    of: next, by: team.validator, as: .validator)
                _ = try await registry.revokeKey(
                    team.validator.key.publicKey.id, of: team.validator.principal, reason: "stolen",
                    asAdministrator)
                try await service.settled()
                try await service.sabotage([
                    "UPDATE registry.credential SET revoked_at = NULL, revoked_reason = NULL"
                ])
                for again in [false, true] {
                    let ask = { (service: TestService) in
                        do {
                            _ = try await service.registry.recordApproval(
                                statement, service.request(team.validator))
                            Issue.record("recorded")
                        } catch let refusal as Refusal {
                            #expect(refusal.code == "gate-denied")
                            #expect(refusal.message.contains("revoked"), "\(refusal.message)")
                        }
                    }
                    if again { try await service.restarted(ask) } else { try await ask(service) }
                }
                return
            }
            try await service.settled()
            try await service.sabotage(erase)
            try await expectDenied(service, version, team, by: [rule], naming: [word])
        }
    }

    @Test func `a revoked token authenticates nobody, whatever its row says`() async throws {
        try await TestService.with { service in
            let registry = service.registry
            let asAdministrator = service.request(service.administrator)
            let person = try await service.enrol([.owner])
            let token = try await registry.issueToken(
                for: person.principal, days: 1, asAdministrator)
            #expect(registry.authenticate(token.secret) != nil)
            _ = try await registry.revokeToken(token.id, reason: "lost", asAdministrator)
            #expect(registry.authenticate(token.secret) == nil)
            try await service.settled()
            try await service.sabotage(["UPDATE registry.token SET revoked_at = NULL"])
            #expect(registry.authenticate(token.secret) == nil)
            try await service.restarted {
                let caller = $0.registry.authenticate(token.secret)
                #expect(caller == nil)
            }
        }
    }

    @Test(arguments: [
        "UPDATE registry.deployment SET state = 'ended'", "DELETE FROM registry.deployment",
    ])
    func `what runs cannot be hidden from the retire gate`(statement: String) async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let answer = try await service.deploy(version, by: team.deployer)
            _ = try await service.registry.confirmDeployment(
                answer.deployment, service.request(team.deployer))
            try await service.settled()
            try await service.sabotage([statement])
            func ask(_ service: TestService) async throws {
                let refused = try await service.registry.retire(
                    version.reference, reason: "superseded by a better one", successor: nil,
                    service.request(team.owner))
                #expect(refused.verdict == "deny")
                #expect(refused.reasons.contains(answer.deployment))
            }
            try await ask(service)
            try await service.restarted(ask)
        }
    }
}

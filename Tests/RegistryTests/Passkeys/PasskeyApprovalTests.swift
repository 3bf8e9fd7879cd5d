// Approvals signed by passkeys, from the enrolment to the permit and the report.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import TestSupport
import Testing

@testable import Registry

@Suite struct `An approval by passkey` {
    /// The shipped pack, with passkeys for tiers 2 and 3.
    static let strict: [String: String] = {
        guard let files = try? PackFiles.load(folder: nil),
            let file = files.first(where: { $0.path == "approvals.yaml" })
        else { return [:] }
        var text = String(decoding: file.bytes, as: UTF8.self)
        for days in [180, 90] {
            text = text.replacing(
                "validity_days: \(days)\n",
                with: "validity_days: \(days)\n    least_factor: passkey\n")
        }
        return ["approvals.yaml": text]
    }()

    private func scene(
        _ body: (TestService, TestTeam, TestVersion, TestPasskey) async throws -> Void
    ) async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let passkey = try await service.enrolPasskey(of: team.validator)
            let version = try await service.submit(by: team.owner)
            try await service.evaluate(version, by: team.reviewer)
            try await body(service, team, version, passkey)
        }
    }

    private func approval(
        _ service: TestService, _ version: TestVersion, by person: TestPerson,
        as role: Role = .validator, factor: SignatureFactor = .passkey
    ) async throws -> Envelope {
        try await service.approvalStatement(of: version, by: person, as: role) {
            $0.factor = factor
        }
    }

    @Test func `counts at the gate, for the witness and in the report`() async throws {
        try await scene { service, team, version, passkey in
            let auditor = try service.auditor()
            let signed = try passkey.sign(
                try await approval(service, version, by: team.validator))
            let outcome = try await service.registry.recordApproval(
                signed, service.request(team.validator))
            guard case .approvalRecorded(let event) = outcome.recorded.entry.event else {
                throw TestFailure("not recorded")
            }
            #expect(event.key == passkey.passkey.id)
            try await service.approve(version, by: team.officer, as: .complianceOfficer)
            try await service.settled()
            let answer = try await service.deploy(version, by: team.deployer)
            #expect(answer.verdict == "allow", "\(answer.denials)")
            #expect(try await service.examine(auditor) == [])
            #expect(try await service.examine(service.auditor()) == [])
            let replayed = try await Auditing.replay(
                service.access.migrator, root: service.registry.root)
            #expect(replayed.isEqual, "\(replayed.findings)")
            try await service.settled()
            let report = try await service.registry.report(
                model: version.reference.model, for: team.officer.caller)
            let verdict = ReportCheck.check(
                report.json, root: service.registry.root, acceptingDevelopment: true)
            #expect(verdict.findings == [])
        }
    }

    /// The codes by which an approval was refused.
    private func problems(
        _ service: TestService, _ envelope: Envelope, by person: TestPerson
    ) async throws -> String {
        do {
            _ = try await service.registry.recordApproval(envelope, service.request(person))
            return "recorded"
        } catch let refusal as Refusal {
            return "\(refusal.code) \(refusal.message) \(refusal.findings)"
        }
    }

    @Test func `is refused for what stands against its assertion`() async throws {
        try await scene { service, team, version, passkey in
            let statement = try await approval(service, version, by: team.validator)
            var other = passkey
            other.soft.flags = 0b001
            #expect(
                try await problems(service, other.sign(statement), by: team.validator)
                    .contains("passkey-user-not-verified"))
            other = passkey
            other.soft.origin = "https://evil.example.com"
            #expect(
                try await problems(service, other.sign(statement), by: team.validator)
                    .contains("passkey-other-origin"))
            // Signed for another statement.
            let another = try await approval(service, version, by: team.validator, factor: .key)
            let moved = Envelope(
                payloadType: statement.payloadType, payload: statement.payload,
                signatures: try passkey.sign(another).signatures)
            #expect(
                try await problems(service, moved, by: team.validator)
                    .contains("passkey-other-challenge"))
            // A passkey that nobody enrolled.
            #expect(
                try await problems(
                    service, TestService.passkey().sign(statement), by: team.validator
                )
                .contains("unknown-key"))
            // The passkey's own key, as a plain one.
            let plain = try Envelope.sign(statement.payload, with: [passkey.soft.key])
            #expect(
                try await problems(service, plain, by: team.validator).contains("unknown-key"))
            #expect(
                try await problems(service, passkey.sign(statement), by: team.validator)
                    == "recorded")
        }
    }

    @Test func `says what signed it`() async throws {
        try await scene { service, team, version, passkey in
            let byKey = try await approval(service, version, by: team.validator)
            #expect(
                try await problems(service, byKey, by: team.validator).contains("other-factor"))
            let asKey = try await approval(service, version, by: team.validator, factor: .key)
            #expect(
                try await problems(service, passkey.sign(asKey), by: team.validator)
                    .contains("other-factor"))
        }
    }

    @Test func `is what a pack may demand`() async throws {
        try await TestService.with { service in
            #expect(Self.strict["approvals.yaml"]?.contains("least_factor") == true)
            try await service.activatePack(Self.strict)
            try await service.settled()
            let team = try await service.makeTeam()
            let validators = try await service.enrolPasskey(of: team.validator)
            let officers = try await service.enrolPasskey(of: team.officer, .ed25519)
            let reviewers = try await service.enrolPasskey(of: team.reviewer)
            _ = reviewers
            let version = try await service.submit(by: team.owner)
            try await service.evaluate(version, by: team.reviewer)
            let byKey = try await approval(
                service, version, by: team.validator, factor: .key)
            #expect(
                try await problems(service, byKey, by: team.validator)
                    .contains("signed-with-key-not-passkey"))
            for (person, role, passkey) in [
                (team.validator, Role.validator, validators),
                (team.officer, .complianceOfficer, officers),
            ] {
                let statement = try await approval(service, version, by: person, as: role)
                #expect(
                    try await problems(service, passkey.sign(statement), by: person) == "recorded")
            }
            try await service.settled()
            let answer = try await service.deploy(version, by: team.deployer, dryRun: true)
            #expect(answer.verdict == "allow", "\(answer.denials)")
        }
    }

    @Test func `by keys from before the pack demanded more no longer deploys`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            try await service.settled()
            #expect(
                try await service.deploy(version, by: team.deployer, dryRun: true).verdict
                    == "allow")
            try await service.activatePack(Self.strict)
            try await service.settled()
            let answer = try await service.deploy(version, by: team.deployer, dryRun: true)
            #expect(answer.verdict == "deny")
            #expect(answer.denials == ["DEP-102"])
            #expect(answer.decision.canonicalText.contains(#""factor":"passkey""#))
        }
    }

    @Test func `is not made with a passkey that was taken back`() async throws {
        try await scene { service, team, version, passkey in
            _ = try await service.registry.revokeKey(
                passkey.passkey.id, of: team.validator.principal, reason: "lost",
                service.request(team.validator))
            try await service.settled()
            let statement = try await approval(service, version, by: team.validator)
            #expect(
                try await problems(service, passkey.sign(statement), by: team.validator)
                    .contains("revoked"))
        }
    }

    @Test func `an assignment without the passkey's own signature is refused`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let passkey = try TestService.passkey()
            var stranger = passkey
            stranger.soft.origin = "https://evil.example.com"
            let bad = try service.passkeyAssignment(stranger, to: team.validator)
            await #expect(throws: Refusal.self) {
                try await service.registry.assignKey(
                    bad, service.request(service.administrator))
            }
            let alone = try service.passkeyAssignment(
                passkey, to: team.validator, signedBy: [team.validator.key])
            await #expect(throws: Refusal.self) {
                try await service.registry.assignKey(
                    alone, service.request(service.administrator))
            }
            let good = try service.passkeyAssignment(passkey, to: team.validator)
            _ = try await service.registry.assignKey(good, service.request(service.administrator))
        }
    }
}

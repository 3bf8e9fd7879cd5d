import Attestation
import CanonicalJSON
import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing

extension TestService {
    /// A waiver of DEP-303 for a day.
    func waiver(
        for version: TestVersion, by person: TestPerson, as role: Role = .riskOfficer,
        edit: (inout Waiver) -> Void = { _ in }
    ) async throws -> Envelope {
        let status = try await registry.status(of: version.reference)
        guard let policy = status["activePolicy"]?.string.flatMap({ SHA256Digest(hex: $0) }) else {
            throw TestFailure("no pack")
        }
        let now = clock.now
        var waiver = Waiver(
            origin: origin, version: version.reference, artifact: version.artifact,
            rule: "DEP-303", policy: policy, reason: "the fix is on its way",
            signer: person.signing(as: role), signedAt: now, expiresAt: now.adding(seconds: 86_400))
        edit(&waiver)
        return try waiver.statement.sign(with: [person.key])
    }
}

@Suite struct `A waiver` {
    /// An approved version with an open critical finding that does not block, and a risk officer.
    private func scene(
        _ body: (TestService, TestTeam, TestVersion, TestPerson) async throws -> Void
    ) async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let officer = try await service.enrol([.riskOfficer])
            let version = try await service.makeApproved(team)
            let finding = try service.finding(
                on: version, by: team.validator, owner: team.owner
            ) {
                $0.severity = .critical
                $0.blocking = false
                $0.dueAt = $0.signedAt.adding(seconds: 40 * 86_400)
            }
            _ = try await service.registry.raiseFinding(finding, service.request(team.validator))
            try await body(service, team, version, officer)
        }
    }

    private func denials(
        _ service: TestService, _ team: TestTeam, _ version: TestVersion
    ) async throws -> [String] {
        try await service.settled()
        return try await service.deploy(version, by: team.deployer, dryRun: true).denials
    }

    @Test func `sets a rule aside until it ends, and the decision says who did`() async throws {
        try await scene { service, team, version, officer in
            #expect(try await denials(service, team, version) == ["DEP-303"])
            let statement = try await service.waiver(for: version, by: officer)
            _ = try await service.registry.waive(statement, service.request(officer))
            try await service.settled()
            let answer = try await service.deploy(version, by: team.deployer)
            #expect(answer.verdict == "allow")
            let rule = answer.decision["rules"]?.array?.first { $0["id"] == "DEP-303" }
            #expect(rule?["result"] == "waived")
            #expect(rule?["values"]?["waiver"]?["principal"] == .text(officer.principal))
            #expect(rule?["values"]?["waiver"]?["role"] == "risk-officer")
            #expect(rule?["reason"]?.string?.hasPrefix("waived by \(officer.principal)") == true)
            let status = try await service.registry.status(of: version.reference)
            #expect(status["waivers"]?.array?.first?["problems"] == [])
            #expect(
                try await service.refusal {
                    try await service.registry.waive(statement, service.request(officer))
                } == "waiver-known")
            service.clock.advance(milliseconds: 86_401_000)
            try await service.advanceAndCatchUp(seconds: 0)
            #expect(try await denials(service, team, version) == ["DEP-303"])
        }
    }

    @Test func `is of no rule of the floor, and of none that the pack keeps`() async throws {
        try await scene { service, team, version, officer in
            for rule in [
                "DEP-001", "DEP-002", "DEP-101", "DEP-103", "DEP-301", "DEP-004", "APP-004",
            ] {
                let statement = try await service.waiver(for: version, by: officer) {
                    $0.rule = rule
                }
                #expect(
                    try await service.refusal {
                        try await service.registry.waive(statement, service.request(officer))
                    } == "waiver-not-entitled", "\(rule)")
            }
            #expect(try await denials(service, team, version) == ["DEP-303"])
        }
    }

    @Test func `is signed by one whom the pack names, for these bytes and this pack`() async throws
    {
        try await scene { service, team, version, officer in
            let both = try await service.enrol([.owner, .riskOfficer])
            let own = try await service.submit(by: both, "credit/own", seed: "own")
            for (statement, code) in [
                (
                    try await service.waiver(
                        for: version, by: team.officer, as: .complianceOfficer),
                    "waiver-not-entitled"
                ),
                (
                    try await service.waiver(for: version, by: team.validator, as: .riskOfficer),
                    "waiver-not-entitled"
                ),
                (
                    try await service.waiver(for: version, by: team.owner, as: .owner),
                    "waiver-malformed"
                ),
                (
                    try await service.waiver(for: version, by: officer) { $0.policy = .zero },
                    "waiver-not-entitled"
                ),
                (
                    try await service.waiver(for: version, by: officer) { $0.artifact = .zero },
                    "waiver-not-entitled"
                ),
                (
                    try await service.waiver(for: version, by: officer) {
                        $0.origin = "example.com/other"
                    }, "waiver-not-entitled"
                ),
                (
                    try await service.waiver(for: version, by: officer) {
                        $0.expiresAt = $0.signedAt.adding(seconds: 31 * 86_400)
                    }, "waiver-malformed"
                ),
                // Who made the version waives nothing of it.
                (try await service.waiver(for: own, by: both), "waiver-not-entitled"),
            ] {
                #expect(
                    try await service.refusal {
                        try await service.registry.waive(statement, service.request(officer))
                    } == code)
            }
            #expect(try await denials(service, team, version) == ["DEP-303"])
        }
    }

    @Test func `counts by what was signed and not by rows, and not of one who is recused`()
        async throws
    {
        try await scene { service, team, version, officer in
            let statement = try await service.waiver(for: version, by: officer)
            // A row alone permits nothing.
            try await service.sabotage([
                """
                INSERT INTO registry.waiver VALUES
                    ('\\x00', '\\x00', '\(version.reference)', 'DEP-303', '\\x00',
                     '\(officer.principal)', 'risk-officer', '', now(), 'infinity')
                """
            ])
            #expect(try await denials(service, team, version) == ["DEP-303"])
            _ = try await service.registry.waive(statement, service.request(officer))
            try await service.sabotage(["DELETE FROM registry.waiver"])
            #expect(try await denials(service, team, version) == [])
            let recusal = try await service.abstention(
                from: version, by: officer, as: .riskOfficer)
            _ = try await service.registry.abstain(recusal, service.request(officer))
            #expect(try await denials(service, team, version) == ["DEP-303"])
        }
    }

    @Test func `is void when another pack comes into force`() async throws {
        try await scene { service, team, version, officer in
            let statement = try await service.waiver(for: version, by: officer)
            _ = try await service.registry.waive(statement, service.request(officer))
            #expect(try await denials(service, team, version) == [])
            try await service.activatePack(["tiers.yaml": Self.tiers()])
            #expect(try await denials(service, team, version).contains("DEP-303"))
        }
    }

    @Test func `is verified before anything is locked, with one signature and no other`()
        async throws
    {
        try await scene { service, team, version, officer in
            let statement = try await service.waiver(for: version, by: officer)
            func refusal(_ envelope: Envelope) async throws -> String? {
                try await service.refusal {
                    try await service.registry.waive(envelope, service.request(team.deployer))
                }
            }
            let bad = Envelope.Signature(
                keyID: officer.key.publicKey.id.hex, bytes: [UInt8](repeating: 7, count: 70))
            let stranger = try PrivateKey.generate(.ecdsaP256)
            let payload = try Statement(parsing: statement.payload)
            let none = Envelope(
                payloadType: statement.payloadType, payload: statement.payload, signatures: [])
            let held = "version/\(version.reference)"
            // Whoever waited for the row would be told something else, when the wait is over.
            try await service.holding(
                "SELECT FROM registry.subject WHERE name = \(held) FOR UPDATE"
            ) {
                for envelope in [
                    statement.adding(bad), none.adding(bad), none,
                    try statement.adding(signatureBy: team.validator.key),
                    try payload.sign(with: [stranger]),
                ] {
                    #expect(try await refusal(envelope) == "waiver-not-entitled")
                }
            }
            #expect(try await denials(service, team, version) == ["DEP-303"])
            #expect(try await refusal(statement) == nil)
            #expect(try await denials(service, team, version) == [])
        }
    }

    @Test func `is over for what runs by it, as a legacy date is`() async throws {
        try await scene { service, team, version, officer in
            let statement = try await service.waiver(for: version, by: officer)
            _ = try await service.registry.waive(statement, service.request(officer))
            try await service.settled()
            _ = try await service.run(version, by: team.deployer)
            try await service.settled()
            let meanwhile = service.clock.now
            func valid(at time: Timestamp) async throws -> JSON? {
                try await service.registry.validity(of: version.reference, at: time, in: nil)[
                    "valid"]
            }
            #expect(try await valid(at: meanwhile) == true)
            try await service.advanceAndCatchUp(seconds: 86_401)
            #expect(try await valid(at: service.clock.now) == false)
            // What was so stays so, although no gate looks at the waiver any more.
            #expect(try await valid(at: meanwhile) == true)
        }
    }

    @Test func `makes room when it ends: 200 of a few minutes are not the last ones`() async throws
    {
        try await scene { service, team, version, officer in
            @Sendable func waive(_ number: Int) async throws {
                let statement = try await service.waiver(for: version, by: officer) {
                    $0.reason = "number \(number)"
                    $0.expiresAt = $0.signedAt.adding(seconds: 900)
                }
                _ = try await service.registry.waive(statement, service.request(officer))
            }
            for first in stride(from: 1, to: 200, by: 4) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in first..<first + 4 {
                        group.addTask { try await waive(number) }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(try await service.refusal { try await waive(201) } == "waivers-too-many")
            try await service.advanceAndCatchUp(seconds: 901)
            // They are no gate's work any more, and one more can be recorded.
            let denied = try await service.deploy(version, by: team.deployer)
            #expect(denied.denials == ["DEP-303"])
            guard case .deploymentDecided(let event) = denied.outcome.recorded.entry.event else {
                throw TestFailure("not a decision")
            }
            let facts = try await JSON(parsing: service.document(event.facts))
            #expect(facts["waivers"] == nil)
            try await waive(202)
            #expect(try await denials(service, team, version) == [])
        }
    }

    private static func tiers() throws -> String {
        let file = try PackFiles.load(folder: nil).first { $0.path == "tiers.yaml" }
        return String(decoding: file?.bytes ?? [], as: UTF8.self) + "# reviewed again\n"
    }
}

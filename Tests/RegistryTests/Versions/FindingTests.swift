import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `Findings about a version` {
    private struct Scene {
        let service: TestService
        let team: TestTeam
        let version: TestVersion
        /// A second validator, who has approved nothing.
        let other: TestPerson

        func finding(
            by person: TestPerson? = nil, _ role: Role = .validator, blocking: Bool = true,
            severity: FindingSeverity = .high, owner: TestPerson? = nil,
            edit: (inout ValidationFinding) -> Void = { _ in }
        ) throws -> Envelope {
            try service.finding(
                on: version, by: person ?? team.validator, as: role, owner: owner ?? team.owner
            ) {
                ($0.blocking, $0.severity) = (blocking, severity)
                edit(&$0)
            }
        }

        @discardableResult
        func raise(_ statement: Envelope) async throws -> SHA256Digest {
            _ = try await service.registry.raiseFinding(statement, service.request(team.validator))
            return statement.payloadDigest
        }

        func closure(
            of finding: SHA256Digest, by person: TestPerson? = nil, _ role: Role = .validator,
            edit: (inout FindingClosure) -> Void = { _ in }
        ) async throws -> Envelope {
            try await service.closure(
                of: finding, on: version, by: person ?? other, as: role, edit: edit)
        }

        @discardableResult
        func close(_ statement: Envelope) async throws -> Registry.Outcome {
            try await service.registry.closeFinding(statement, service.request(other))
        }

        func refusal(_ body: () async throws -> Void) async throws -> String? {
            try await service.refusal(body)
        }

        /// The gate's answer once it has read the log at the time of the test's clock.
        func answer() async throws -> Registry.GateAnswer {
            try await service.settled()
            for _ in 0..<100 {
                let answer = try await service.deploy(version, by: team.deployer, dryRun: true)
                guard answer.denials.contains("DEP-501") else { break }
                try await Task.sleep(for: .milliseconds(50))
            }
            return try await service.deploy(version, by: team.deployer)
        }

        func denials() async throws -> [String] { try await answer().denials }
    }

    private func scene(_ body: (Scene) async throws -> Void) async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let scene = Scene(
                service: service, team: team, version: version,
                other: try await service.enrol([.validator]))
            #expect(try await scene.denials() == [])
            try await body(scene)
        }
    }

    @Test func `that block deny until they are closed`() async throws {
        try await scene { scene in
            let finding = try await scene.raise(scene.finding())
            let denied = try await scene.answer()
            #expect(denied.denials == ["DEP-301"])
            let wanted: JSON = [
                [
                    "kind": "finding-closure",
                    "detail": ["kind": "finding", "id": .string(finding.hex)],
                ]
            ]
            #expect(denied.decision["missing"] == wanted)
            let status = try await scene.service.registry.status(of: scene.version.reference)
            #expect(status["findings"]?.array?.map { $0["source"] } == ["both"])
            try await scene.close(scene.closure(of: finding))
            #expect(try await scene.denials() == [])
            #expect(
                try await scene.refusal { try await scene.close(scene.closure(of: finding)) }
                    == "finding-unknown")
        }
    }

    @Test func `that do not block deny once they are due, as a condition does`() async throws {
        try await scene { scene in
            let approval = SHA256.hash("an approval")
            let duty = try await scene.raise(
                scene.finding(blocking: false) { $0.approval = approval })
            #expect(try await scene.denials() == [])
            scene.service.clock.advance(milliseconds: 3_000_000)
            #expect(try await scene.denials() == [])
            scene.service.clock.advance(milliseconds: 700_000)
            let late = try await scene.answer()
            #expect(late.denials == ["DEP-301"])
            let reasons = (late.decision["rules"]?.array ?? []).compactMap { $0["reason"]?.string }
            #expect(reasons.contains { $0.contains(duty.hex) })
            try await scene.close(scene.closure(of: duty))
            #expect(try await scene.denials() == [])
        }
    }

    @Test func `that are critical deny by the pack's own rule`() async throws {
        try await scene { scene in
            let finding = try await scene.raise(
                scene.finding(blocking: false, severity: .critical))
            #expect(try await scene.denials() == ["DEP-303"])
            try await scene.close(scene.closure(of: finding))
            #expect(try await scene.denials() == [])
        }
    }

    @Test func `are taken from those who judge models, once, about these bytes`() async throws {
        try await scene { scene in
            let good = try scene.finding()
            for (statement, code) in [
                (try scene.finding(by: scene.team.owner, .owner), "finding-malformed"),
                (try scene.finding { $0.dueAt = $0.signedAt }, "finding-malformed"),
                (try scene.finding(by: scene.team.owner, .validator), "finding-not-entitled"),
                (try scene.finding(by: scene.team.validator, .riskOfficer), "finding-not-entitled"),
                (try scene.finding { $0.origin = "example.com/other" }, "finding-not-entitled"),
                (try scene.finding { $0.artifact = SHA256.hash("x") }, "finding-not-entitled"),
                (
                    try scene.finding { $0.signedAt = $0.signedAt.adding(seconds: 120) },
                    "finding-not-entitled"
                ),
                (
                    try scene.finding { $0.owner = PrincipalID("p-00000000000000ff") ?? $0.owner },
                    "owner-unknown"
                ),
                (
                    try scene.finding { $0.signer.principal = scene.other.principal },
                    "finding-not-entitled"
                ),
            ] {
                #expect(try await scene.refusal { try await scene.raise(statement) } == code)
            }
            #expect(try await scene.denials() == [])
            try await scene.raise(good)
            #expect(try await scene.refusal { try await scene.raise(good) } == "finding-known")
            #expect(try await scene.denials() == ["DEP-301"])
        }
    }

    @Test func `are closed neither by authors, nor by who had to see to them, nor in another role`()
        async throws
    {
        try await scene { scene in
            let (service, team) = (scene.service, scene.team)
            let risk = try await service.enrol([.riskOfficer])
            let finding = try await scene.raise(scene.finding(owner: scene.other))
            let third = try await service.enrol([.validator])
            let statements = [
                // Whoever submitted, whoever had to see to it, and who holds no such role.
                try await scene.closure(of: finding, by: team.owner, .validator),
                try await scene.closure(of: finding, by: scene.other),
                try await scene.closure(of: finding, by: team.deployer, .validator),
                try await scene.closure(of: finding, by: team.officer, .complianceOfficer),
                // A risk that no risk officer accepts.
                try await scene.closure(of: finding, by: third) { $0.resolution = .accepted },
                // Another state, another log, out of its time, in somebody else's name.
                try await scene.closure(of: finding, by: third) {
                    $0.digests.evidence = SHA256.hash("other")
                },
                try await scene.closure(of: finding, by: third) { $0.origin = "example.com/other" },
                try await scene.closure(of: finding, by: third) {
                    $0.signedAt = $0.signedAt.adding(seconds: -10 * 86_400)
                    $0.expiresAt = $0.signedAt.adding(seconds: 86_400)
                },
                try await scene.closure(of: finding, by: third) {
                    $0.signer.principal = team.validator.principal
                },
            ]
            for (number, statement) in statements.enumerated() {
                #expect(
                    try await scene.refusal { try await scene.close(statement) }
                        == "closure-not-entitled", "\(number)")
            }
            let unknown = try await scene.closure(of: SHA256.hash("none"), by: third)
            #expect(try await scene.refusal { try await scene.close(unknown) } == "finding-unknown")
            #expect(try await scene.denials() == ["DEP-301"])
            try await scene.close(
                scene.closure(of: finding, by: risk, .riskOfficer) { $0.resolution = .accepted })
            #expect(try await scene.denials() == [])
        }
    }

    @Test func `of a submitter who is a validator too are closed by somebody else`() async throws {
        try await TestService.with { service in
            var team = try await service.makeTeam()
            let both = try await service.enrol([.owner, .validator])
            team = TestTeam(
                owner: both, validator: team.validator, reviewer: team.reviewer,
                officer: team.officer, deployer: team.deployer)
            let version = try await service.makeApproved(team)
            let scene = Scene(
                service: service, team: team, version: version,
                other: try await service.enrol([.validator]))
            let finding = try await scene.raise(scene.finding(owner: team.reviewer))
            let own = try await scene.closure(of: finding, by: both)
            #expect(
                try await scene.refusal { try await scene.close(own) } == "closure-not-entitled")
            #expect(try await scene.denials() == ["DEP-301"])
            try await scene.close(scene.closure(of: finding))
            #expect(try await scene.denials() == [])
        }
    }

    @Test func `do not end by rows, and not without the document that closes them`() async throws {
        try await scene { scene in
            let finding = try await scene.raise(scene.finding())
            let closed = "UPDATE registry.finding SET closed_at = now(), closure = '\\x00'"
            let open = "UPDATE registry.finding SET closed_at = NULL, closure = NULL"
            try await scene.service.sabotage([closed])
            #expect(try await scene.denials() == ["DEP-301"])
            try await scene.service.sabotage([open])
            let statement = try await scene.closure(of: finding)
            try await scene.close(statement)
            #expect(try await scene.denials() == [])
            // The log says closed, a row says not: what either shows restricts.
            try await scene.service.sabotage([open])
            #expect(try await scene.denials() == ["DEP-301"])
            try await scene.service.sabotage([
                closed,
                """
                DELETE FROM audit.document
                WHERE sha256 = \(SHA256.hash(statement.canonicalBytes).sql)
                """,
            ])
            #expect(try await scene.denials() == ["DEP-301"])
        }
    }

    @Test func `whose row is gone deny by the log`() async throws {
        try await scene { scene in
            try await scene.raise(scene.finding())
            try await scene.service.sabotage(["DELETE FROM registry.finding"])
            let status = try await scene.service.registry.status(of: scene.version.reference)
            #expect(status["findings"]?.array?.map { $0["source"] } == ["log"])
            #expect(try await scene.denials() == ["DEP-301"])
        }
    }
}

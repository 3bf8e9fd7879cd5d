import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `Lifting a suspension` {
    private struct Scene {
        let service: TestService
        let team: TestTeam
        let version: TestVersion
        let suspension: String

        var quorum: [(TestPerson, Role)] {
            [(team.validator, .validator), (team.officer, .complianceOfficer)]
        }

        func statement(
            _ signers: [(person: TestPerson, role: Role)], signing: [TestPerson]? = nil,
            edit: (inout SuspensionLift) -> Void = { _ in }
        ) async throws -> Envelope {
            let status = try await service.registry.status(of: version.reference)
            func digest(_ name: String) throws -> SHA256Digest {
                try #require(
                    status["digests"]?[name]?.string.flatMap { SHA256Digest(hex: $0) })
            }
            let now = service.clock.now
            var lift = SuspensionLift(
                origin: service.origin, version: version.reference, restriction: suspension,
                reason: "the drift was a fault of the sensor",
                digests: SignedDigests(
                    card: try digest("card"), artifact: try digest("artifact"),
                    evidence: try digest("evidence"), policy: try digest("policy")),
                signers: signers.map {
                    .init(
                        principal: $0.person.principal, role: $0.role,
                        assignment: $0.person.assignments[$0.role] ?? .zero)
                }, signedAt: now, expiresAt: now.adding(seconds: 86_400))
            edit(&lift)
            return try lift.statement.sign(with: (signing ?? signers.map(\.person)).map(\.key))
        }

        @discardableResult
        func lift(_ statement: Envelope) async throws -> Registry.Outcome {
            try await service.registry.lift(statement, service.request(team.validator))
        }

        func denials() async throws -> [String] {
            try await service.settled()
            return try await service.deploy(version, by: team.deployer).denials
        }
    }

    private func suspend(
        _ service: TestService, _ team: TestTeam, _ version: TestVersion
    ) async throws -> String {
        let outcome = try await service.registry.suspend(
            version.reference, reason: "drift", service.request(team.officer))
        guard case .versionSuspended(let event) = outcome.recorded.entry.event else {
            throw TestFailure("no suspension")
        }
        return event.restriction
    }

    private func scene(_ body: (Scene) async throws -> Void) async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let scene = Scene(
                service: service, team: team, version: version,
                suspension: try await suspend(service, team, version))
            #expect(try await scene.denials() == ["DEP-301"])
            try await body(scene)
        }
    }

    @Test func `by the whole quorum lets the version be deployed again`() async throws {
        try await scene { scene in
            try await scene.lift(scene.statement(scene.quorum))
            #expect(try await scene.denials() == [])
            // What was signed for one suspension lifts no later one.
            let spent = try await scene.statement(scene.quorum)
            _ = try await suspend(scene.service, scene.team, scene.version)
            #expect(
                try await scene.service.refusal { try await scene.lift(spent) }
                    == "suspension-unknown")
            #expect(try await scene.denials() == ["DEP-301"])
        }
    }

    @Test func `takes every role, distinct entitled people, and nobody who made the version`()
        async throws
    {
        try await scene { scene in
            let (team, quorum) = (scene.team, scene.quorum)
            let other = try await scene.service.enrol([.owner, .validator])
            let statements = [
                // One of the two is lacking.
                try await scene.statement(Array(quorum.prefix(1))),
                // Named, but has not signed.
                try await scene.statement(quorum, signing: [team.validator]),
                // One person in both roles is one person.
                try await scene.statement([
                    (team.validator, .validator), (team.validator, .validator),
                ]),
                // A role that is not held.
                try await scene.statement([
                    (team.validator, .validator), (team.deployer, .complianceOfficer),
                ]),
                // Its author.
                try await scene.statement([
                    (team.owner, .validator), (team.officer, .complianceOfficer),
                ]),
                // Another state, another log, out of its time.
                try await scene.statement(quorum) { $0.digests.evidence = SHA256.hash("other") },
                try await scene.statement(quorum) { $0.origin = "example.com/other" },
                try await scene.statement(quorum) {
                    $0.signedAt = $0.signedAt.adding(seconds: -10 * 86_400)
                    $0.expiresAt = $0.signedAt.adding(seconds: 86_400)
                },
            ]
            for (number, statement) in statements.enumerated() {
                #expect(
                    try await scene.service.refusal { try await scene.lift(statement) }
                        == "lift-not-entitled", "\(number)")
            }
            #expect(try await scene.denials() == ["DEP-301"])
            // Anybody else in the role will do.
            try await scene.lift(
                scene.statement([(other, .validator), (team.officer, .complianceOfficer)]))
            #expect(try await scene.denials() == [])
        }
    }

    @Test func `does not happen by rows, and not without its document`() async throws {
        try await scene { scene in
            try await scene.service.sabotage([
                "UPDATE registry.restriction SET lifted_at = now(), lift = '\\x00'"
            ])
            #expect(try await scene.denials() == ["DEP-301"])
            try await scene.service.sabotage([
                "UPDATE registry.restriction SET lifted_at = NULL, lift = NULL"
            ])
            let statement = try await scene.statement(scene.quorum)
            try await scene.lift(statement)
            #expect(try await scene.denials() == [])
            // The log says lifted, a row says not: what either shows restricts.
            try await scene.service.sabotage([
                "UPDATE registry.restriction SET lifted_at = NULL, lift = NULL"
            ])
            #expect(try await scene.denials() == ["DEP-301"])
            try await scene.service.sabotage([
                "UPDATE registry.restriction SET lifted_at = now(), lift = '\\x00'",
                """
                DELETE FROM audit.document
                WHERE sha256 = \(SHA256.hash(statement.canonicalBytes).sql)
                """,
            ])
            #expect(try await scene.denials() == ["DEP-301"])
        }
    }
}

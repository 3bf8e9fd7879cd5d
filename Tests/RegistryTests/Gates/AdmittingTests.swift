// What may start on a cluster: with a valid imprimatur there, and without one not.

import Attestation
import Cryptography
import Governance
import Testing

@testable import Registry

@Suite struct `What may start on a cluster` {
    private func ask(
        _ service: TestService, _ version: TestVersion?, in environment: String = "production",
        target: String = "test", artifact: SHA256Digest? = nil, images: [SHA256Digest] = []
    ) async throws -> Registry.Admission {
        let environment = try #require(EnvironmentName(environment))
        return try await service.registry.admission(
            .init(
                environment: environment, target: target, version: version?.reference,
                artifact: artifact, images: images))
    }

    @Test func `follows a deployment from its permit to its end`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let before = try await ask(service, version)
            #expect(
                before.reasons == ["credit/scorecard@1: nothing permits it in production on test"])
            let deployed = try await service.deploy(version, by: team.deployer)
            #expect(
                try await ask(service, version)
                    == .init(grounds: ["credit/scorecard@1 \(deployed.deployment)"]))
            // Elsewhere it says nothing.
            #expect(try await !ask(service, version, in: "staging").isAllowed)
            #expect(try await !ask(service, version, target: "other").isAllowed)
            #expect(try await !ask(service, version, target: "").isAllowed)
            // The permit is used within its time, or is none.
            try await service.advanceAndCatchUp(seconds: 16 * 60)
            #expect(try await !ask(service, version).isAllowed)
            let running = try await service.run(version, by: team.deployer)
            try await service.advanceAndCatchUp(seconds: 16 * 60)
            #expect(try await ask(service, version).isAllowed)
            _ = try await service.registry.endDeployment(
                running, reason: "replaced", service.request(team.deployer))
            #expect(try await !ask(service, version).isAllowed)
        }
    }

    @Test func `is asked for the bytes that were approved`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            _ = try await service.run(version, by: team.deployer)
            #expect(try await ask(service, version, artifact: version.artifact).isAllowed)
            let other = SHA256.hash([1])
            let refused = try await ask(service, version, artifact: other)
            #expect(refused.reasons.count == 1 && refused.reasons[0].contains(other.hex))
        }
    }

    @Test func `is found by an image that is a file of a deployed artifact`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let images = version.files.map(\.sha256)
            #expect(try await !ask(service, nil, images: images).isAllowed)
            _ = try await service.run(version, by: team.deployer)
            #expect(try await ask(service, nil, images: [images[0]]).isAllowed)
            #expect(try await ask(service, nil, images: images).isAllowed)
            let unknown = SHA256.hash([1])
            let mixed = try await ask(service, nil, images: [images[0], unknown])
            #expect(!mixed.isAllowed && mixed.reasons.count == 1)
            #expect(try await !ask(service, nil, in: "staging", images: images).isAllowed)
            #expect(try await !ask(service, nil).isAllowed)
        }
    }

    @Test func `is denied while something is held against the version`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            _ = try await service.run(version, by: team.deployer)
            _ = try await service.registry.suspend(
                version.reference, reason: "bias", service.request(team.owner))
            let denied = try await ask(service, version)
            #expect(!denied.isAllowed && denied.reasons.contains { $0.contains("bias") })
            // Deleting the row does not help: the log knows.
            try await service.settled()
            try await service.sabotage(["DELETE FROM registry.restriction"])
            #expect(try await !ask(service, version).isAllowed)
        }
    }

    @Test func `is denied when the decision would not be made again, or cannot be`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let start = service.clock.now
            let version = try await service.makeApproved(team)
            _ = try await service.run(version, by: team.deployer)
            #expect(try await ask(service, version).isAllowed)
            _ = try await service.registry.revokeKey(
                team.officer.key.publicKey.id, of: team.officer.principal, reason: "stolen",
                effectiveFrom: start, service.request(service.administrator))
            let stolen = try await ask(service, version)
            #expect(stolen.reasons.count == 1 && stolen.reasons[0].contains("DEP-"), "\(stolen)")
            try await service.settled()
            try await service.sabotage([
                "UPDATE registry.decision SET policy = decode(repeat('ab', 32), 'hex')"
            ])
            let unreadable = try await ask(service, version)
            #expect(
                unreadable.reasons.count == 1 && unreadable.reasons[0].contains("cannot be read"))
        }
    }

    @Test func `believes no row that the log does not know`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let deployed = try await service.deploy(version, by: team.deployer)
            try await service.advanceAndCatchUp(seconds: 16 * 60)
            try await service.settled()
            try await service.sabotage([
                "UPDATE registry.deployment SET state = 'active', not_after = 'infinity' "
                    + "WHERE id = '\(deployed.deployment)'"
            ])
            #expect(try await !ask(service, version).isAllowed)
        }
    }

    @Test func `is denied for versions that nobody knows`() async throws {
        try await TestService.with { service in
            let reference = try #require(VersionReference("credit/ghost@1"))
            let ghost = TestVersion(reference: reference, files: [], artifact: SHA256.hash([]))
            let answer = try await ask(service, ghost)
            #expect(!answer.isAllowed && answer.reasons.count == 1)
        }
    }
}

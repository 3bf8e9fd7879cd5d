// Which card readers are given: the one that the log names, whatever a row says.

import Attestation
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `The card of a version` {
    @Test func `is the one that was submitted, also when its row names another`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let first = try await service.submit(by: team.owner, seed: "one")
            let second = try await service.submit(by: team.owner, seed: "two")
            func artifact(_ version: TestVersion) async throws -> String? {
                try await service.settled()
                let card = try await service.registry.card(
                    of: version.reference, for: team.deployer.caller)
                return try Statement(parsing: card.payload).subjects.first?.sha256?.hex
            }
            #expect(try await artifact(first) == first.artifact.hex)
            #expect(try await artifact(second) == second.artifact.hex)
            try await service.sabotage([
                """
                UPDATE registry.version SET card_statement = other.card_statement,
                    card_document = other.card_document
                FROM registry.version other
                WHERE registry.version.name = '\(first.reference)'
                    AND other.name = '\(second.reference)'
                """
            ])
            #expect(try await artifact(first) == first.artifact.hex)
        }
    }
}

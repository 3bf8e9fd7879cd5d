// I8: personal data stays outside what is signed for ever, and outside what is readable at rest.

import Attestation
import CanonicalJSON
import Cryptography
import Database
import Foundation
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `I8: personal data` {
    /// The personal values of the example card. (Its shared mailbox is also a public channel in it.)
    static let values = [
        "Ada Example", "ada@bank.example", "Ben Example", "ben@bank.example", "Cleo Example",
    ]

    /// The value as text, as hex, and as the part of its base64 that does not depend on its place.
    private func forms(of value: String) -> [String] {
        let bytes = Array(value.utf8)
        let base64 = (0..<3).map { offset -> String in
            let text = Base64.encode([UInt8](repeating: 0, count: offset) + bytes)
            return String(text.dropFirst(offset == 0 ? 0 : offset + 1).dropLast(4))
        }
        let plain = [value] + base64
        return plain + plain.map { Hex.encode(Array($0.utf8)) }
    }

    /// Everything in the database as PostgreSQL dumps it: text as text, bytes in hex.
    private func dump(_ scratch: ScratchDatabase) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/pg_dump")
        process.arguments = [
            "-h", try #require(scratch.superuserURL.host), "-p",
            scratch.superuserURL.port ?? "5432",
            "-U", try #require(scratch.superuserURL.user), "-d", scratch.name,
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    @Test func `no personal value is readable in any table, document, entry or log line`()
        async throws
    {
        let lines = LogLines()
        try await LogLines.$current.withValue(lines) {
            try await TestService.with { service in
                let team = try await service.makeTeam()
                let version = try await service.makeApproved(team)
                _ = try await service.deploy(version, by: team.deployer)
                try await service.settled()
                let dump = try dump(service.scratch)
                let names = try await service.registry.database.read { db in
                    try db.all("SELECT id FROM registry.principal", as: String.self)
                }.map { "Person \($0)" }
                #expect(names.count > 5)
                for value in Self.values + names {
                    for form in forms(of: value) {
                        #expect(!dump.contains(form), "\(value) as \(form)")
                        #expect(!lines.all.contains { $0.contains(form) }, "\(value) is logged")
                    }
                }
                // The search finds what is there: a pseudonym of the card, in a signed document.
                #expect(forms(of: "team-consumer-credit").contains { dump.contains($0) })
                #expect(dump.contains("COPY personal.secret"))
            }
        }
    }

    @Test func `a card that shows a personal value is refused, and stored nowhere`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let model = try #require(ModelName("credit/scorecard"))
            let open = try ModelCard(
                parsing: TestService.exampleCard(model: model), schema: service.registry.schema)
            let good = try service.submission(by: team.owner)
            let statement = CardStatement(
                origin: service.origin, model: model,
                artifact: .zero, card: open
            ).statement
            let before = try await service.contents()
            let refusal = try await service.refusal {
                try await service.registry.submit(
                    .init(
                        model: model, card: statement.sign(with: [team.owner.key]), disclosures: [],
                        files: good.files, signature: good.signature), service.request(team.owner))
            }
            #expect(refusal == "card-malformed")
            #expect(try await service.contents() == before)
        }
    }

    @Test func `commitments verify with the salt, and cannot be guessed without it`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let submission = try service.submission(by: team.owner)
            _ = try await service.registry.submit(submission, service.request(team.owner))
            let commitments = submission.disclosures.map(\.commitment)
            #expect(commitments.count >= 6)
            let revealed = try await service.registry.database.read { db in
                try service.registry.vault.reveal(commitments, db)
            }
            for disclosure in submission.disclosures {
                #expect(revealed[disclosure.commitment]?.value == disclosure.value)
                #expect(revealed[disclosure.commitment]?.salt == disclosure.salt)
                let value = disclosure.value.canonicalBytes
                #expect(SHA256.hash(disclosure.salt + value) == disclosure.commitment)
                #expect(disclosure.salt.count == 32)
                // Who has the database and a list of names finds none of them.
                let text = Array((disclosure.value.string ?? "").utf8)
                let known = [service.origin, "\(team.owner.principal)", ""].map { Array($0.utf8) }
                for salt in known + [[UInt8](repeating: 0, count: 32)] {
                    #expect(SHA256.hash(salt + value) != disclosure.commitment)
                    #expect(SHA256.hash(salt + text) != disclosure.commitment)
                }
            }
            // One person named twice is not seen to be one: every salt is fresh.
            #expect(Set(submission.disclosures.map(\.salt)).count == commitments.count)
            let first = PersonalValue("Ada Example")
            #expect(first.commitment != PersonalValue("Ada Example").commitment)
        }
    }

    @Test func `only the key-encryption key reads, and it is not in the database`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let submission = try service.submission(by: team.owner)
            _ = try await service.registry.submit(submission, service.request(team.owner))
            let commitments = submission.disclosures.map(\.commitment)
            let stranger = Vault(key: Random.bytes(32))
            let seen = try await service.registry.database.read { db in
                try stranger.reveal(commitments, db)
            }
            #expect(seen.isEmpty)
            let key = try KeyFile.secret(service.directory.keyEncryptionKey)
            #expect(!(try dump(service.scratch)).contains(Hex.encode(key)))
            // Even with the wrapped keys relabelled for the stranger.
            try await service.sabotage([
                """
                UPDATE personal.subject_key SET kek =
                    encode(sha256('imprimatur.dev/kek/v1'::bytea || '\\x\(String(repeating: "00", count: 32))'), 'hex')
                """
            ])
            let zero = Vault(key: [UInt8](repeating: 0, count: 32))
            await #expect(throws: VaultError.damaged) {
                _ = try await service.registry.database.read { db in
                    try zero.reveal(commitments, db)
                }
            }
        }
    }

    @Test func `a value moved to another subject or commitment does not open`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let submission = try service.submission(by: team.owner)
            _ = try await service.registry.submit(submission, service.request(team.owner))
            let commitments = submission.disclosures.map(\.commitment)
            try await service.sabotage([
                """
                UPDATE personal.secret SET sealed =
                    (SELECT sealed FROM personal.secret WHERE commitment = \(commitments[0].sql))
                WHERE commitment = \(commitments[1].sql)
                """
            ])
            await #expect(throws: VaultError.damaged) {
                _ = try await service.registry.database.read { db in
                    try service.registry.vault.reveal(commitments, db)
                }
            }
        }
    }
}

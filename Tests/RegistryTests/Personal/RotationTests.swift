// The key-encryption key changes with every erasure: wherever that is cut off, one key opens everything.

import CanonicalJSON
import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `Rotating the key-encryption key` {
    /// Where an erasure is cut off.
    enum Cut: String, CaseIterable, CustomTestStringConvertible {
        case successorWritten, successorHalfWritten, rolledBack, committed, formerOverwritten

        var testDescription: String { rawValue }
        var isCommitted: Bool { self == .committed || self == .formerOverwritten }
    }

    private struct Interrupted: Error {}

    private func cut(_ cut: Cut, _ service: TestService, _ subject: String) async throws {
        let path = service.directory.keyEncryptionKey
        let next = KeyEncryptionKeys.successor(of: path)
        switch cut {
        case .successorWritten: try File.create(next, Random.bytes(32), mode: 0o600)
        case .successorHalfWritten: try File.create(next, Random.bytes(7), mode: 0o600)
        case .rolledBack:
            await #expect(throws: (any Error).self) {
                try await service.registry.database.write { db in
                    _ = try service.registry.vault.erase(subject, db)
                    throw Interrupted()
                }
            }
            #expect(File.exists(next))
        case .committed, .formerOverwritten:
            try await service.registry.database.write { db in
                _ = try service.registry.vault.erase(subject, db)
            }
            #expect(File.exists(next))
            if cut == .formerOverwritten {
                try File.replace(path, with: Random.bytes(32), mode: 0o600)
            }
        }
    }

    @Test(arguments: Cut.allCases)
    func `an interruption leaves the survivors readable, and a restart makes up what is missing`(
        where cut: Cut
    ) async throws {
        try await TestService.with { service in
            let people = try await [service.enrol([]), service.enrol([]), service.enrol([])]
            try await service.settled()
            let commitments = try people.map(service.commitment(of:))
            let path = service.directory.keyEncryptionKey
            let former = try KeyFile.secret(path)
            try await self.cut(cut, service, people[0].principal.description)
            let left = cut.isCommitted ? Array(commitments.dropFirst()) : commitments
            // The running process still reads everything that is there.
            #expect(try await service.revealed(commitments).keys.sorted() == left.sorted())
            try await service.restarted { again in
                #expect(try await again.revealed(commitments).keys.sorted() == left.sorted())
                #expect(!File.exists(KeyEncryptionKeys.successor(of: path)))
                #expect((try KeyFile.secret(path) == former) == !cut.isCommitted)
                // Sealing goes on under whichever key is in force.
                let new = try await again.enrol([])
                try await again.settled()
                let commitment = try again.commitment(of: new)
                #expect(try await again.revealed([commitment]).count == 1)
            }
        }
    }

    @Test func `an instance with an old copy of the key seals nothing, until it has the new one`()
        async throws
    {
        try await TestService.with { service in
            let officers = try await service.makeOfficers()
            let person = try await service.enrol([])
            let path = service.directory.keyEncryptionKey
            let copy = service.directory.path + "/copy"
            try File.create(copy, KeyFile.secret(path), mode: 0o600)
            let other = Vault(keys: try KeyEncryptionKeys(path: copy))
            try await service.erase(.principal(person.principal), by: officers)
            let value = PersonalValue("somebody")
            await #expect(throws: (any Error).self) {
                try await service.registry.database.write { db in
                    _ = try other.seal([value], of: "p-0000000000000001", db)
                }
            }
            try await #require(throws: KeyEncryptionKeyError.self) {
                try await other.settle(service.registry.database)
            }
            try File.replace(copy, with: KeyFile.secret(path), mode: 0o600)
            try await service.registry.database.write { db in
                for statement in try other.seal([value], of: "p-0000000000000001", db)
                    .flatMap(\.statements)
                { try db.execute(statement) }
            }
            #expect(try await service.revealed([value.commitment]).count == 1)
        }
    }

    @Test func `a key file that others may read is refused`() async throws {
        let folder = try TestCluster.temporaryDirectory()
        try File.create(folder + "/open", Random.bytes(32), mode: 0o644)
        #expect(throws: (any Error).self) { try KeyEncryptionKeys(path: folder + "/open") }
        try File.create(folder + "/short", Random.bytes(31), mode: 0o600)
        #expect(throws: KeyEncryptionKeyError.self) {
            try KeyEncryptionKeys(path: folder + "/short")
        }
        #expect(throws: KeyEncryptionKeyError.self) {
            try KeyEncryptionKeys(path: folder + "/absent")
        }
    }
}

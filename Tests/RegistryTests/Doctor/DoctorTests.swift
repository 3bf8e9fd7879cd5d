// The doctor sees each fault that it looks for, and none in a healthy service.

import CanonicalJSON
import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `The doctor` {
    private func examine(
        _ service: TestService, now: Timestamp? = nil
    ) async throws -> [String: Diagnosis.State] {
        let settings = try StoredSettings.read(
            File.read(service.directory.settings, limit: 65_536))
        let found = try await Doctor(
            directory: service.directory, settings: settings, root: service.registry.root,
            access: service.access, now: now ?? service.clock.now
        ).examine()
        #expect(Set(found.map(\.check)).count == found.count)
        return Dictionary(uniqueKeysWithValues: found.map { ($0.check, $0.state) })
    }

    @Test func `finds nothing wrong in a new service but the test server's settings`()
        async throws
    {
        try await TestService.with { service in
            _ = try await service.makeTeam()
            try await service.settled()
            let found = try await examine(service)
            let faults = found.filter { $0.value == .fault }.keys.sorted()
            #expect(
                faults == [
                    "postgresql.fsync", "postgresql.full_page_writes",
                    "postgresql.synchronous_commit",
                ])
            #expect(found.filter { $0.value == .unknown }.keys.sorted() == ["disk"])
            #expect(found["pin"] == .ok && found["kek"] == .ok && found["schema"] == .ok)
        }
    }

    @Test func `sees what is about to end, and what has ended`() async throws {
        try await TestService.with { service in
            try await service.settled()
            let now = service.clock.now
            let soon = try await examine(service, now: now.adding(seconds: 70 * 86_400))
            #expect(soon["keys.permit"] == .warning && soon["root"] == .ok)
            let late = try await examine(service, now: now.adding(seconds: 100 * 86_400))
            #expect(late["keys.permit"] == .fault && late["keys.log"] == .ok)
            let never = try await examine(service, now: now.adding(seconds: 400 * 86_400))
            #expect(never["root"] == .fault && never["keys.service"] == .fault)
        }
    }

    @Test func `sees a lost pin, a clock behind, an open key file, and a wrong or unfinished kek`()
        async throws
    {
        try await TestService.with { service in
            _ = try await service.makeTeam()
            try await service.settled()
            let behind = try await examine(
                service, now: service.clock.now.adding(seconds: -3_600))
            #expect(behind["clock"] == .fault)
            let kek = service.directory.keyEncryptionKey
            let next = KeyEncryptionKeys.successor(of: kek)
            try File.create(next, Random.bytes(32), mode: 0o600)
            #expect(try await examine(service)["kek"] == .warning)
            try FileRemoval.remove(next)
            let right = try KeyFile.secret(kek)
            try File.replace(kek, with: Random.bytes(32), mode: 0o600)
            #expect(try await examine(service)["kek"] == .fault)
            try File.replace(kek, with: right, mode: 0o644)
            #expect(try await examine(service)["kek"] == .fault)
            try File.replace(kek, with: right, mode: 0o600)
            let pem = try File.read(service.directory.permitKey, limit: 10_000)
            try File.replace(service.directory.permitKey, with: pem, mode: 0o640)
            #expect(try await examine(service)["file.permit.pem"] == .fault)
            try FileRemoval.remove(service.node.pin.path)
            #expect(try await examine(service)["pin"] == .fault)
        }
    }
}

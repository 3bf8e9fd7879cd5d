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
            #expect(found["append-only"] == .ok)
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

    /// What takes a layer of the append-only record away, and how to undo it.
    static let removals: [(does: String, undoes: String)] = [
        (
            "ALTER TABLE audit.leaf DISABLE TRIGGER append_only",
            "ALTER TABLE audit.leaf ENABLE ALWAYS TRIGGER append_only"
        ),
        // Enabled, but not for a session that says it is a replica.
        (
            "ALTER TABLE audit.head ENABLE TRIGGER only_grow",
            "ALTER TABLE audit.head ENABLE ALWAYS TRIGGER only_grow"
        ),
        (
            "ALTER TRIGGER no_truncate ON audit.entry RENAME TO other",
            "ALTER TRIGGER other ON audit.entry RENAME TO no_truncate"
        ),
        (
            "ALTER FUNCTION audit.refuse() RENAME TO other",
            "ALTER FUNCTION audit.other() RENAME TO refuse"
        ),
        (
            "GRANT UPDATE ON audit.entry TO imprimatur_writer",
            "REVOKE UPDATE ON audit.entry FROM imprimatur_writer"
        ),
        (
            "GRANT INSERT (index) ON audit.leaf TO imprimatur_writer",
            "REVOKE INSERT (index) ON audit.leaf FROM imprimatur_writer"
        ),
        ("GRANT DELETE ON audit.tile TO PUBLIC", "REVOKE DELETE ON audit.tile FROM PUBLIC"),
        (
            "ALTER TABLE audit.document OWNER TO imprimatur_migrator",
            "ALTER TABLE audit.document OWNER TO imprimatur_owner"
        ),
        (
            "ALTER TABLE audit.leaf ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE audit.leaf DISABLE ROW LEVEL SECURITY"
        ),
        ("CREATE TABLE audit.more () INHERITS (audit.checkpoint)", "DROP TABLE audit.more"),
        (
            "CREATE RULE nothing AS ON DELETE TO audit.pending DO INSTEAD NOTHING",
            "DROP RULE nothing ON audit.pending"
        ),
        ("ALTER TABLE audit.tile RENAME TO other", "ALTER TABLE audit.other RENAME TO tile"),
    ]

    @Test func `sees every layer of the append-only record that somebody took away`() async throws {
        try await TestService.with { service in
            try await service.settled()
            for (does, undoes) in Self.removals {
                _ = try await service.asSuperuser([does])
                #expect(try await examine(service)["append-only"] == .fault, "\(does)")
                _ = try await service.asSuperuser([undoes])
                #expect(try await examine(service)["append-only"] == .ok, "\(undoes)")
            }
            _ = try await service.asSuperuser([
                """
                CREATE OR REPLACE FUNCTION audit.only_grow() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN RETURN NEW; END'
                """
            ])
            #expect(try await examine(service)["append-only"] == .fault)
        }
    }
}

// Layers that the schema does not have because they bind nobody: what each would stop, who switches it
// off, and that verification names what happens behind it. Each is put on a copy of the log as an
// operator with the superuser's rights would.

import Cryptography
import Database
import Foundation
import Registry
import TestSupport
import Testing

@Suite(.serialized, .scratchDatabase(AuditedWorld.template))
struct `Layers that an operator may add` {
    /// What a statement meets as superuser: nil when it is carried out.
    private static func asSuperuser(_ statements: [SQL]) async throws -> DatabaseError.State? {
        do {
            try await AuditedWorld.withScratch(AuditedWorld.scratch.superuserURL) { db in
                for sql in statements { try db.execute(sql) }
            }
            return nil
        } catch let error as TransactionError {
            return (error.body as? DatabaseError)?.state
        } catch let error as DatabaseError {
            return error.state
        }
    }

    private static func asWriter<R: Sendable>(
        _ body: @escaping @Sendable (borrowing Connection) throws -> R
    ) async throws -> R {
        try await AuditedWorld.withScratch(AuditedWorld.scratch.url(as: .writer), body)
    }

    private static func count(_ table: SQL, as url: DatabaseURL) async throws -> Int64 {
        try await AuditedWorld.withScratch(url) { db in
            try db.one("SELECT count(*) FROM \(table)", as: Int64.self)
        }
    }

    /// What verification says when the leaf at 200 is not to be seen.
    private static let gone200: Set<String> = [
        "audit.leaf leaf-missing", "audit.entry entry-unplaced",
    ]

    // MARK: row security

    private static let hidden200: [SQL] = [
        "ALTER TABLE audit.leaf ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY most ON audit.leaf USING (index <> 200)",
    ]

    @Test func `row security hides rows from the application, and neither owner nor superuser`()
        async throws
    {
        let world = try AuditedWorld.current
        #expect(try await Self.asSuperuser(Self.hidden200) == nil)
        let (writer, owner, superuser) = try await (
            Self.count("audit.leaf", as: AuditedWorld.scratch.url(as: .writer)),
            Self.count("audit.leaf", as: AuditedWorld.scratch.url(as: .migrator)),
            Self.count("audit.leaf", as: AuditedWorld.scratch.superuserURL)
        )
        #expect(writer == world.size - 1)
        #expect(owner == world.size && superuser == world.size)
        // The log is checked as its owner, who sees everything: what is there is intact.
        #expect(try await world.verify().verdict == .intact)
    }

    @Test func `row security that is forced blinds the owner too, and verification says so`()
        async throws
    {
        let world = try AuditedWorld.current
        let forced = Self.hidden200 + ["ALTER TABLE audit.leaf FORCE ROW LEVEL SECURITY"]
        #expect(try await Self.asSuperuser(forced) == nil)
        #expect(
            try await Self.count("audit.leaf", as: AuditedWorld.scratch.superuserURL) == world.size)
        let report = try await world.verify()
        #expect(report.verdict == .tampered, "\(report)")
        #expect(report.findings.named == Self.gone200)
    }

    // MARK: event triggers

    private static let noDrop: [SQL] = [
        """
        CREATE FUNCTION public.no_drop() RETURNS event_trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'no drop' USING ERRCODE = 'insufficient_privilege'; END $$
        """,
        "CREATE EVENT TRIGGER no_drop ON sql_drop EXECUTE FUNCTION public.no_drop()",
    ]

    @Test func `an event trigger stops a superuser's DROP until it is switched off`() async throws {
        let world = try AuditedWorld.current
        #expect(try await Self.asSuperuser(Self.noDrop) == nil)
        let drop: [SQL] = [
            "DROP TRIGGER append_only ON audit.leaf", "DELETE FROM audit.leaf WHERE index = 200",
        ]
        #expect(try await Self.asSuperuser(drop) == .insufficientPrivilege)
        #expect(try await world.verify().verdict == .intact)
        #expect(
            try await Self.asSuperuser(["ALTER EVENT TRIGGER no_drop DISABLE"] + drop) == nil)
        #expect(try await world.verify().findings.named == Self.gone200)
    }

    @Test func `an event trigger against DDL does not see rows that are rewritten without DDL`()
        async throws
    {
        let world = try AuditedWorld.current
        let noDDL: [SQL] = [
            Self.noDrop[0],
            "CREATE EVENT TRIGGER no_ddl ON ddl_command_start EXECUTE FUNCTION public.no_drop()",
        ]
        #expect(try await Self.asSuperuser(noDDL) == nil)
        for sql in [
            "ALTER TABLE audit.leaf DISABLE TRIGGER append_only",
            "ALTER TABLE audit.leaf RENAME TO other", "DROP TABLE audit.tile",
            "CREATE RULE nothing AS ON INSERT TO audit.leaf DO INSTEAD NOTHING",
        ] as [SQL] {
            #expect(try await Self.asSuperuser([sql]) == .insufficientPrivilege, "\(sql)")
        }
        // Updating the catalogue is no DDL.
        let behind: [SQL] = [
            "UPDATE pg_trigger SET tgenabled = 'D' WHERE tgrelid = 'audit.leaf'::regclass",
            "UPDATE audit.leaf SET leaf_hash = sha256('x') WHERE index = 200",
        ]
        #expect(
            try await Self.asSuperuser(["SET LOCAL allow_system_table_mods = on", behind[0]]) == nil
        )
        #expect(try await Self.asSuperuser([behind[1]]) == nil)
        #expect(try await world.verify().findings.named == ["audit.leaf leaf-altered"])
    }

    // MARK: outside of the server

    /// A name that only tests make up.
    private struct Name: RawRepresentable, CaseIterable {
        let rawValue: String
        static var allCases: [Name] { [] }
    }

    /// A copy of the scratch database whose files nobody has opened yet; `edit` gets that of a table.
    private static func withEditedFile(
        of table: String, _ edit: (inout [UInt8]) throws -> Void,
        _ body: (ScratchDatabase) async throws -> Void
    ) async throws {
        let original = try AuditedWorld.scratch
        let copy = ScratchDatabase(cluster: original.cluster, name: original.name + "_edited")
        let (folder, file) = try await AuditedWorld.withScratch(original.superuserURL) { db in
            let file = try db.one(
                "SELECT pg_relation_filenode(\(table)::regclass)::text", as: String.self)
            return (try db.one("SHOW data_directory", as: String.self), file)
        }
        let connection = DedicatedConnection(
            original.cluster.superuserURL(database: "postgres"), label: "test")
        try await connection.connect()
        let oid = try await connection.withConnection { db in
            try db.execute(
                """
                CREATE DATABASE \(identifier: Name(rawValue: copy.name)) TEMPLATE \(identifier: Name(rawValue: original.name))
                STRATEGY FILE_COPY
                """)
            return try db.one(
                "SELECT oid::text FROM pg_database WHERE datname = \(copy.name)", as: String.self)
        }
        await connection.close()
        do {
            let path = "\(folder)/base/\(oid)/\(file)"
            var bytes = try File.read(path, limit: 64 << 20)
            try edit(&bytes)
            // In place: the file keeps its owner.
            let handle = try #require(FileHandle(forWritingAtPath: path))
            try handle.write(contentsOf: Data(bytes))
            try handle.close()
            try await body(copy)
            try await original.cluster.dropDatabase(named: copy.name)
        } catch {
            try? await original.cluster.dropDatabase(named: copy.name)
            throw error
        }
    }

    @Test
    func `a heap file edited on disk is met by page checksums, and past them by verification`()
        async throws
    {
        let world = try AuditedWorld.current
        let hash = try await AuditedWorld.withScratch(AuditedWorld.scratch.superuserURL) { db in
            try db.one("SELECT leaf_hash FROM audit.leaf WHERE index = 200", as: [UInt8].self)
        }
        func flip(_ bytes: inout [UInt8]) throws {
            let place = try #require(bytes.firstRange(of: hash))
            bytes[place.lowerBound] ^= 1
        }
        try await Self.withEditedFile(of: "audit.leaf", flip) { copy in
            func verify() async throws -> AuditReport {
                try await Auditing.verify(
                    copy.url(as: .migrator), root: world.root, pin: world.pin)
            }
            // Undecided, and by no means intact.
            await #expect(throws: (any Error).self) { try await verify() }
            let connection = DedicatedConnection(copy.superuserURL, label: "test")
            try await connection.connect()
            _ = try await connection.withConnection { db in
                try db.execute(
                    "ALTER DATABASE \(identifier: Name(rawValue: copy.name)) SET ignore_checksum_failure = on"
                )
            }
            await connection.close()
            #expect(try await verify().findings.named == ["audit.leaf leaf-altered"])
        }
        // The copy itself is no fault.
        try await Self.withEditedFile(of: "audit.leaf", { _ in }) { copy in
            let report = try await Auditing.verify(
                copy.url(as: .migrator), root: world.root, pin: world.pin)
            #expect(report.verdict == .intact)
        }
    }
}

// Append-only, layer by layer: what each layer stops, what it does not, and that verification names what
// no layer can stop. One test per layer; what follows from grants and triggers statement by statement is
// in AppendOnlyTests.
//
// Not among the layers: row security and event triggers (a superuser switches both off, and they stop
// nobody whom the grants let through), and pgaudit (its maintainers say that it does not audit
// superusers). They may be added beside; nothing here relies on them.

import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing
import TransparencyLog

@Suite(.serialized, .scratchDatabase(AuditedWorld.template)) struct `Layers against edits` {
    private static func asWriter(_ sql: SQL) async throws -> DatabaseError.State? {
        let database = try AuditedWorld.scratch.database(
            as: .writer, settings: .init(maxConnections: 1))
        defer { Task { await database.closeIdle() } }
        do {
            _ = try await database.write { db in try db.execute(sql) }
            return nil
        } catch let error as DatabaseError {
            return error.state
        }
    }

    // MARK: grants

    @Test
    func `grants stop the application from rewriting by an upsert, and from choosing an index`()
        async throws
    {
        let statements: [SQL] = [
            """
            INSERT INTO audit.document SELECT * FROM audit.document LIMIT 1
            ON CONFLICT (sha256) DO UPDATE SET bytes = excluded.bytes
            """,
            """
            INSERT INTO audit.idempotency SELECT * FROM audit.idempotency LIMIT 1
            ON CONFLICT (key_digest) DO UPDATE SET entry_id = 1
            """,
            "INSERT INTO audit.leaf VALUES (-5, 1, sha256('x'), sha256('x'))",
            "INSERT INTO audit.leaf VALUES (1000, 1, sha256('x'), sha256('x'))",
            "MERGE INTO audit.entry e USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
        ]
        for sql in statements {
            #expect(try await Self.asWriter(sql) == .insufficientPrivilege, "\(sql)")
        }
        #expect(try await AuditedWorld.current.verify().verdict == .intact)
    }

    @Test func `grants do not stop it from inserting an entry, which verification names`()
        async throws
    {
        let state = try await Self.asWriter(
            """
            WITH e AS (INSERT INTO audit.entry (bytes) VALUES ('{}') RETURNING id)
            INSERT INTO audit.pending SELECT id FROM e
            """)
        #expect(state == nil)
        let world = try AuditedWorld.current
        #expect(try await world.verify().findings.named == ["audit.entry entry-malformed"])
    }

    // MARK: roles

    @Test
    func `the owner of the tables cannot log in, and neither writer nor sequencer becomes it`()
        async throws
    {
        try await AuditedWorld.withScratch(AuditedWorld.scratch.superuserURL) { db in
            let owners = try db.all(
                """
                SELECT DISTINCT r.rolname::text FROM pg_class c
                JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner
                WHERE n.nspname IN ('audit', 'registry') AND c.relkind = 'r'
                """, as: String.self)
            #expect(owners == ["imprimatur_owner"])
            let powers = try db.all(
                """
                SELECT rolname::text, rolcanlogin, rolsuper OR rolcreaterole OR rolbypassrls
                    OR rolreplication, pg_has_role(rolname, 'imprimatur_owner', 'MEMBER')
                FROM pg_roles WHERE rolname LIKE 'imprimatur_%' ORDER BY 1
                """, as: (String, Bool, Bool, Bool).self)
            for (role, canLogIn, isMighty, mayOwn) in powers {
                #expect(!isMighty, "\(role)")
                #expect(canLogIn == (role != "imprimatur_owner"), "\(role)")
                let isOwner = role == "imprimatur_owner" || role == "imprimatur_migrator"
                #expect(mayOwn == isOwner, "\(role)")
            }
            #expect(powers.count == 4)
        }
        for sql in [
            "ALTER TABLE audit.entry ALTER COLUMN bytes TYPE bytea USING ''::bytea",
            "DROP TRIGGER append_only ON audit.entry", "CREATE TABLE audit.other (x int)",
            "ALTER TABLE audit.entry RENAME TO other", "CREATE SCHEMA other",
        ] as [SQL] {
            #expect(try await Self.asWriter(sql) == .insufficientPrivilege, "\(sql)")
        }
    }

    // MARK: triggers

    struct Bypass: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let statements: [SQL]
        let named: Set<String>
    }

    /// What triggers do not stop, done as the owner of the tables (or, where said, as superuser).
    static let bypasses: [Bypass] = [
        Bypass(
            testDescription: "the owner switches the trigger off for a moment",
            statements: [
                "SET LOCAL ROLE imprimatur_owner",
                "ALTER TABLE audit.leaf DISABLE TRIGGER append_only",
                "UPDATE audit.leaf SET leaf_hash = sha256('x') WHERE index = 200",
                "ALTER TABLE audit.leaf ENABLE ALWAYS TRIGGER append_only",
            ], named: ["audit.leaf leaf-altered"]),
        Bypass(
            testDescription:
                "a column's type is changed, and every row rewritten without a trigger",
            statements: [
                "SET LOCAL ROLE imprimatur_owner",
                """
                ALTER TABLE audit.leaf ALTER COLUMN chain_hash TYPE bytea USING CASE
                    WHEN index = 200 THEN sha256('x') ELSE chain_hash END
                """,
            ], named: ["audit.leaf chain-altered"]),
        Bypass(
            testDescription: "a table is renamed and another put in its place",
            statements: [
                "SET LOCAL ROLE imprimatur_owner",
                "ALTER TABLE audit.checkpoint RENAME TO checkpoint_before",
                "CREATE TABLE audit.checkpoint AS SELECT * FROM audit.checkpoint_before",
                "UPDATE audit.checkpoint SET root = sha256('x') WHERE size > 300",
                "ALTER TABLE audit.checkpoint OWNER TO imprimatur_owner",
            ], named: ["audit.checkpoint checkpoint-columns"]),
        Bypass(
            testDescription: "a table is replaced by a view that lies",
            statements: [
                "SET LOCAL ROLE imprimatur_owner",
                "ALTER TABLE audit.tile RENAME TO tile_before",
                """
                CREATE VIEW audit.tile AS SELECT level, number, CASE WHEN level = 1 THEN sha256('x')
                    ELSE hashes END AS hashes FROM audit.tile_before
                """,
            ], named: ["audit.tile tile-altered"]),
        Bypass(
            testDescription: "an entry is deleted while the trigger is off",
            statements: [
                "SET LOCAL ROLE imprimatur_owner",
                "ALTER TABLE audit.entry DISABLE TRIGGER append_only",
                "DELETE FROM audit.entry WHERE id = (SELECT entry_id FROM audit.leaf WHERE index = 200)",
                "ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER append_only",
            ],
            named: [
                "audit.entry entry-missing", "audit.document document-surplus",
                "audit.entry subject-gap",
            ]),
        Bypass(
            testDescription: "the trigger is dropped",
            statements: [
                "SET LOCAL ROLE imprimatur_owner", "DROP TRIGGER append_only ON audit.leaf",
                "DELETE FROM audit.leaf WHERE index = 200",
            ], named: ["audit.leaf leaf-missing", "audit.entry entry-unplaced"]),
        Bypass(
            testDescription: "the trigger's function is replaced by one that agrees",
            statements: [
                "SET LOCAL ROLE imprimatur_owner",
                """
                CREATE OR REPLACE FUNCTION audit.refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RETURN NEW; END $$
                """,
                "UPDATE audit.leaf SET chain_hash = sha256('x') WHERE index = 200",
            ], named: ["audit.leaf chain-altered"]),
        Bypass(
            testDescription: "a table that inherits shows rows in its parent, without its triggers",
            statements: [
                "SET LOCAL ROLE imprimatur_owner",
                "CREATE TABLE audit.more () INHERITS (audit.checkpoint)",
                "INSERT INTO audit.more SELECT size, sha256('x'), note FROM ONLY audit.checkpoint WHERE size > 300 LIMIT 1",
            ],
            named: ["audit.checkpoint checkpoint-columns", "audit.checkpoint checkpoint-duplicate"]),
        Bypass(
            testDescription:
                "a table becomes a partition of another, and is detached with its rows",
            statements: [
                "SET LOCAL ROLE imprimatur_owner",
                "ALTER TABLE audit.leaf RENAME TO leaf_before",
                """
                CREATE TABLE audit.leaf (LIKE audit.leaf_before) PARTITION BY RANGE (index)
                """,
                "CREATE TABLE audit.leaf_low PARTITION OF audit.leaf FOR VALUES FROM (0) TO (200)",
                "CREATE TABLE audit.leaf_high PARTITION OF audit.leaf FOR VALUES FROM (200) TO (100000)",
                "INSERT INTO audit.leaf SELECT * FROM audit.leaf_before",
                "ALTER TABLE audit.leaf DETACH PARTITION audit.leaf_low",
            ], named: ["audit.leaf leaf-missing", "audit.entry entry-unplaced"]),
    ]

    @Test(arguments: bypasses)
    func `triggers do not stop the owner, verification names it`(_ bypass: Bypass) async throws {
        let world = try AuditedWorld.current
        try await AuditedWorld.withScratch(AuditedWorld.scratch.superuserURL) { db in
            for sql in bypass.statements { try db.execute(sql) }
        }
        let report = try await world.verify()
        #expect(report.findings.named == bypass.named, "\(report.findings.kept.map(\.message))")
        #expect(
            report.findings.kept.contains { $0.anchor == .contradicts(size: world.size) })
    }

    /// What triggers do not watch at all, and no anchor can contradict: rows that are too many, and tables
    /// that are gone.
    static let surpluses: [Bypass] = [
        Bypass(
            testDescription: "rows are added with COPY",
            statements: [
                """
                COPY audit.leaf FROM PROGRAM
                    'echo 100000,1000000,xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'
                    WITH (FORMAT csv)
                """
            ], named: ["audit.leaf leaf-surplus"]),
        Bypass(
            testDescription: "a rule turns removals from the queue into nothing",
            statements: [
                "SET LOCAL ROLE imprimatur_owner",
                "INSERT INTO audit.pending SELECT entry_id FROM audit.leaf WHERE index = 200",
                "CREATE RULE nothing AS ON DELETE TO audit.pending DO INSTEAD NOTHING",
                "DELETE FROM audit.pending",
            ], named: ["audit.pending pending-placed"]),
        Bypass(
            testDescription: "the application is given more grants, and uses them",
            statements: [
                "SET LOCAL ROLE imprimatur_owner",
                "GRANT INSERT ON audit.leaf TO imprimatur_writer", "RESET ROLE",
                "SET LOCAL ROLE imprimatur_writer",
                "INSERT INTO audit.leaf VALUES (100000, 1000000, sha256('x'), sha256('x'))",
            ], named: ["audit.leaf leaf-surplus"]),
        Bypass(
            testDescription: "a table is dropped",
            statements: ["SET LOCAL ROLE imprimatur_owner", "DROP TABLE audit.tile"],
            named: ["audit.tile table-missing"]),
    ]

    @Test(arguments: surpluses)
    func `triggers do not watch what is added or dropped, verification names it`(
        _ bypass: Bypass
    ) async throws {
        let world = try AuditedWorld.current
        #expect(try await world.verify().verdict == .intact)
        try await AuditedWorld.withScratch(AuditedWorld.scratch.superuserURL) { db in
            for sql in bypass.statements { try db.execute(sql) }
        }
        let report = try await world.verify()
        #expect(report.findings.named == bypass.named, "\(report.findings.kept.map(\.message))")
        #expect(report.verdict == .tampered)
    }

    @Test func `nothing cascades into the record: no foreign key leads there`() async throws {
        try await AuditedWorld.withScratch(AuditedWorld.scratch.superuserURL) { db in
            let keys = try db.all(
                """
                SELECT conname::text FROM pg_constraint
                WHERE contype = 'f' AND (conrelid::regclass::text LIKE 'audit.%'
                                         OR confrelid::regclass::text LIKE 'audit.%')
                """, as: String.self)
            #expect(keys == [])
            // And every table of the record has its triggers, which fire for replicas, too.
            let guarded = try db.all(
                """
                SELECT c.relname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'audit' AND t.tgenabled = 'A' AND NOT t.tgisinternal
                GROUP BY 1 HAVING count(*) >= 2 ORDER BY 1
                """, as: String.self)
            #expect(
                Set(guarded).isSuperset(of: [
                    "checkpoint", "document", "entry", "head", "idempotency", "leaf", "tile",
                ]))
        }
    }

    // MARK: pages and keys

    @Test func `pages carry checksums, which stop accidents and not deliberate edits`()
        async throws
    {
        try await AuditedWorld.withScratch(AuditedWorld.scratch.superuserURL) { db in
            let checksums = try db.one(
                "SELECT current_setting('data_checksums')", as: String.self)
            #expect(checksums == "on")
        }
    }

    @Test func `stolen keys sign another history, which only what is outside contradicts`()
        async throws
    {
        let world = try AuditedWorld.current
        try await AuditedWorld.tamper { db in try world.rewrite(200, db) }
        #expect(try await world.verify(pin: nil).verdict == .unanchored)
        let report = try await world.verify()
        #expect(report.findings.named == ["pin pin-contradicted"])
    }

    @Test func `an entry that vanishes between commit and sequencing leaves its rows behind`()
        async throws
    {
        let world = try AuditedWorld.current
        // Its effects were committed with it; somebody removes entry and queue row alone.
        try await AuditedWorld.tamper([
            """
            INSERT INTO registry.token SELECT 't-ghost', principal, sha256('ghost'), expires_at, NULL
            FROM registry.token LIMIT 1
            """
        ])
        #expect(try await world.verify().findings.isEmpty)
        #expect(try await world.replay().findings.named == ["registry.token row-surplus"])
    }
}

// The tamper matrix, run: every case in a savepoint over one database, all in one connection.

import Cryptography
import Database
import Governance
import Synchronization
import TestSupport
import Testing
import TransparencyLog

@testable import Registry

@Suite(.serialized, .scratchDatabase(AuditedWorld.template)) struct `The tamper matrix` {
    /// Undoes a savepoint.
    private struct Undo: Error {}

    /// One database for many cases.
    struct Bench {
        let world: AuditedWorld
        let history: RootHistory
        private let memory: Memory

        /// Hundreds of verifications meet the same entries: each is examined once.
        private final class Memory: Sendable {
            private let examiner: EntryExaminer
            private let known = Mutex<[SHA256Digest: ExaminedEntry]>([:])

            init(_ examiner: EntryExaminer) { self.examiner = examiner }

            func examine(_ bytes: [UInt8]) -> ExaminedEntry {
                let digest = SHA256.hash(bytes)
                if let examined = known.withLock({ $0[digest] }) { return examined }
                let examined = examiner.examine(bytes)
                known.withLock { $0[digest] = examined }
                return examined
            }
        }

        init() throws {
            world = try AuditedWorld.current
            history = try RootKeeper(world.directory).history
            memory = Memory(EntryExaminer(roots: history.roots))
        }

        func anchors(_ pin: Pin?) -> AuditAnchors {
            AuditAnchors(pin, [], origin: world.root.origin, logKeys: history.logKeys)
        }

        func verify(_ pin: Pin?, _ db: borrowing Connection) throws -> VerificationResult {
            var verifier = LogVerifier(
                history: history, anchors: anchors(pin), examine: memory.examine
            ) { _ in }
            return try verifier.run(db, from: nil)
        }

        /// As superuser in one transaction, with every trigger off.
        func work(_ body: @escaping @Sendable (borrowing Connection) throws -> Void) async throws {
            try await AuditedWorld.tamper { db in
                try db.execute(
                    """
                    CREATE FUNCTION pg_temp.run(statement text) RETURNS text LANGUAGE plpgsql
                        AS 'BEGIN EXECUTE statement; RETURN statement; END'
                    """)
                // One signature for each of hundreds of checkpoints is most of a verification; the log
                // says the same with fewer of them.
                try db.execute(
                    """
                    DELETE FROM audit.checkpoint
                    WHERE size % 16 <> 0 AND size < (SELECT size FROM audit.head)
                    """)
                try body(db)
            }
        }

        /// Does something that leaves no trace.
        func trying(
            _ db: borrowing Connection, _ body: (borrowing Connection) throws -> Void
        ) throws {
            do {
                try db.savepoint { db in
                    try body(db)
                    throw Undo()
                }
            } catch is Undo {}
        }
    }

    @Test func `every edit of every table is named, and nothing else is blamed`() async throws {
        let bench = try Bench()
        try await bench.work { db in try Self.runAll(bench, db) }
    }

    private static func runAll(_ bench: Bench, _ db: borrowing Connection) throws {
        let cases = try cases(bench.world, db)
        #expect(Set(cases.map(\.name)).count == cases.count)
        #expect(cases.count >= 200, "\(cases.count) cases")
        for manipulation in cases {
            try bench.trying(db) { db in
                try run(manipulation.statements, db)
                let findings = try bench.verify(bench.world.pin, db).findings
                let faults = manipulation.faults(in: findings, pinned: bench.world.size)
                #expect(faults == [], "\(manipulation.name)")
            }
        }
        // And all of them left the log as it was.
        #expect(try bench.verify(bench.world.pin, db).findings.isEmpty)
    }

    private static func run(_ statements: [String], _ db: borrowing Connection) throws {
        for sql in statements { _ = try db.rows("SELECT pg_temp.run(\(sql))") }
    }

    private static func cases(
        _ world: AuditedWorld, _ db: borrowing Connection
    ) throws -> [MatrixCase] {
        let sizes = try db.all(
            "SELECT size FROM audit.checkpoint ORDER BY size", as: Int64.self)
        let documents = try db.all(
            "SELECT encode(sha256, 'hex') FROM audit.document ORDER BY 1 LIMIT 4", as: String.self)
        let retries = try db.all(
            "SELECT encode(key_digest, 'hex') FROM audit.idempotency ORDER BY 1 LIMIT 2",
            as: String.self)
        #expect(sizes.last == world.size && documents.count == 4 && retries.count == 2)
        return MatrixCase.entries(world.size) + MatrixCase.leaves(world.size)
            + MatrixCase.tiles(world.size) + MatrixCase.head(world.size)
            + MatrixCase.checkpoints(world.size, sizes: sizes) + MatrixCase.queue(world.size)
            + MatrixCase.tables(documents: documents, retries: retries) + MatrixCase.migrations
    }

    // MARK: projections

    @Test func `every column of every projection is compared with the log`() async throws {
        let bench = try Bench()
        try await bench.work { db in
            var replayer = Replayer(history: bench.history, anchored: bench.world.size)
            try replayer.rebuild(db)
            let edits = try Self.edits(db)
            #expect(edits.count > 130, "\(edits.count) edits")
            for edit in edits { try Self.judge(edit, replayer, bench, db) }
        }
    }

    /// Only a log that was recovered has rows in `carried`, and this one was not.
    private static let tables = Projection.Table.allCases.filter { $0 != .carried }

    /// Every edit of every projection.
    private static func edits(_ db: borrowing Connection) throws -> [ProjectionTamper] {
        var edits = try ColumnEdit.all(tables, db).map { edit in
            ProjectionTamper(
                name: "\(edit.table).\(edit.column)", table: edit.table,
                kinds: edit.isKey ? [.rowMissing, .rowSurplus] : [.rowAltered],
                column: edit.isKey ? nil : edit.column, statements: edit.statements)
        }
        for table in tables {
            let name = "registry.\(table.rawValue)"
            func add(_ what: String, _ kind: AuditFinding.Kind, _ statements: [String]) {
                edits.append(
                    ProjectionTamper(
                        name: "\(name) \(what)", table: table, kinds: [kind], column: nil,
                        statements: statements))
            }
            add(
                "deleted", .rowMissing,
                ["DELETE FROM \(name) WHERE ctid = (SELECT min(ctid) FROM \(name))"])
            add("emptied", .rowMissing, ["DELETE FROM \(name)"])
            add(
                "doubled", .rowDuplicate,
                try ColumnEdit.unique(table, db).map {
                    "ALTER TABLE \(name) DROP CONSTRAINT \($0) CASCADE"
                } + ["INSERT INTO \(name) SELECT * FROM \(name)"])
        }
        return edits
    }

    private static func judge(
        _ edit: ProjectionTamper, _ replayer: Replayer, _ bench: Bench, _ db: borrowing Connection
    ) throws {
        try bench.trying(db) { db in
            try run(edit.statements, db)
            var replayer = replayer
            try replayer.compare(db)
            let findings = replayer.result.findings
            let wanted = Set(edit.kinds.map { "registry.\(edit.table.rawValue) \($0.rawValue)" })
            #expect(findings.named == wanted, "\(edit.name)")
            for finding in findings.kept {
                #expect(finding.anchor == .contradicts(size: bench.world.size), "\(edit.name)")
                #expect(finding.place != .whole, "\(edit.name)")
                if let column = edit.column {
                    #expect(finding.columns.map(\.name) == [column], "\(edit.name)")
                }
            }
        }
    }
}

/// One edit of a projection, and how it is named.
private struct ProjectionTamper {
    let name: String
    let table: Projection.Table
    let kinds: Set<AuditFinding.Kind>
    let column: String?
    let statements: [String]
}

/// A change of one column in every row of a projection.
struct ColumnEdit {
    let table: Projection.Table
    let column: String
    let isKey: Bool
    let statements: [String]

    /// Names of the constraints that a change could violate: all but NOT NULL.
    static func constraints(
        _ table: Projection.Table, _ kinds: String, _ db: borrowing Connection
    ) throws -> [String] {
        try db.all(
            """
            SELECT conname::text FROM pg_constraint
            WHERE conrelid = to_regclass('registry.' || \(table.rawValue))
              AND contype::text = ANY(string_to_array(\(kinds), ',')) ORDER BY 1
            """, as: String.self)
    }

    static func unique(
        _ table: Projection.Table, _ db: borrowing Connection
    ) throws -> [String] { try constraints(table, "p,u", db) }

    /// Every column of every projection, changed as its type allows.
    static func all(
        _ tables: [Projection.Table], _ db: borrowing Connection
    ) throws -> [ColumnEdit] {
        var edits: [ColumnEdit] = []
        for table in tables {
            let relation = "registry.\(table.rawValue)"
            let columns = try db.all(
                """
                SELECT a.attname::text, format_type(a.atttypid, NULL),
                       coalesce(a.attnum = ANY (c.conkey), false)
                FROM pg_attribute a LEFT JOIN pg_constraint c
                    ON c.conrelid = a.attrelid AND c.contype = 'p'
                WHERE a.attrelid = to_regclass(\(relation)) AND a.attnum > 0 AND NOT a.attisdropped
                ORDER BY a.attnum
                """, as: (String, String, Bool).self)
            let free = try constraints(table, "c,f", db).map {
                "ALTER TABLE \(relation) DROP CONSTRAINT \($0) CASCADE"
            }
            for (name, type, isKey) in columns {
                let column = "\"\(name)\""
                let value =
                    switch type {
                    case "bytea": "coalesce(sha256(\(column)), 'new')"
                    case "bigint": "\(column) + 1000"
                    case "boolean": "NOT \(column)"
                    case "text[]": "\(column) || ARRAY['x']"
                    case "timestamp with time zone":
                        "coalesce(\(column) + interval '1 us', '2026-01-01')"
                    default: "coalesce(\(column) || 'x', 'new')"
                    }
                // One row is enough, and a key that nobody else has.
                let row = "WHERE ctid = (SELECT min(ctid) FROM \(relation))"
                edits.append(
                    ColumnEdit(
                        table: table, column: name, isKey: isKey,
                        statements: free + ["UPDATE \(relation) SET \(column) = \(value) \(row)"]
                    ))
            }
        }
        return edits
    }
}

// Numbered, forward-only SQL files: each in its own transaction, each recorded with its digest.
//
// The record is `imprimatur_meta.schema_migration(number, name, digest, applied_at)`. A file once
// applied never changes: another digest under its number is refused, as is a number this program
// does not know (a newer program was here) and a new file numbered below an applied one.
internal import CLibPQ

/// One migration file.
package struct Migration: Sendable, Hashable {
    /// Its place in the order, from 1.
    package let number: Int
    /// The file's name without number and ending, for people.
    package let name: String
    /// Lowercase hex SHA-256 of `sql`, computed by the caller.
    package let digest: String
    /// One or more statements; no BEGIN or COMMIT.
    package let sql: [UInt8]

    package init(number: Int, name: String, digest: String, sql: [UInt8]) {
        self.number = number
        self.name = name
        self.digest = digest
        self.sql = sql
    }
}

/// What the database says about itself, compared with the files this program carries.
package struct SchemaState: Sendable, Hashable {
    /// Numbers applied, ascending.
    package var applied: [Int] = []
    /// Files still to apply, in order.
    package var pending: [Migration] = []
    /// Everything that makes this schema not ours: each a sentence. Empty when all is well.
    package var faults: [String] = []

    /// Whether this program may serve on this schema.
    package var isCurrent: Bool { pending.isEmpty && faults.isEmpty }
}

/// Compares and applies migrations; connects as a role that may create schemas.
package struct Migrator: Sendable {
    private let url: DatabaseURL
    private let migrations: [Migration]

    /// The files, in any order; numbers must be unique and positive.
    package init(_ url: DatabaseURL, _ migrations: [Migration]) throws(DatabaseError) {
        self.url = url
        self.migrations = migrations.sorted { $0.number < $1.number }
        let numbers = self.migrations.map(\.number)
        guard Set(numbers).count == numbers.count, numbers.first.map({ $0 > 0 }) ?? true else {
            throw DatabaseError(.migration, "migration numbers must be positive and unique")
        }
    }

    /// What is applied, what is pending, what is wrong; changes nothing.
    package func state() async throws -> SchemaState {
        let connection = try await open()
        return try await closing(connection) {
            try await connection.transaction(.read) { db in try compare(db) }
        }
    }

    /// The files still to apply.
    package func pending() async throws -> [Migration] { try await state().pending }

    /// Refuses with `.migration` unless every file is applied, unchanged, and no other is.
    package func verify() async throws {
        let state = try await state()
        try Self.refuse(state.faults)
        guard state.pending.isEmpty else {
            let names = state.pending.map { "\($0.number) \($0.name)" }.joined(separator: ", ")
            throw DatabaseError(.migration, "the schema lacks migrations: \(names); run migrate")
        }
    }

    /// Applies what is pending, each in its own transaction; returns what was applied. Several
    /// programs may call this at once: one works, the others wait and find nothing to do. A crash
    /// leaves whole migrations only.
    package func migrate() async throws -> [Migration] {
        let connection = try await open()
        return try await closing(connection) {
            try await connection.transaction { db in try prepare(db) }
            var done: [Migration] = []
            while true {
                let next = try await connection.transaction { db in try applyNext(db) }
                guard let next else { return done }
                done.append(next)
            }
        }
    }

    private func open() async throws -> DedicatedConnection {
        var settings = ConnectionSettings()
        // building an index on a large table is no reason to fail; waiting for a lock is
        settings.statementTimeout = .zero
        settings.lockTimeout = .seconds(30)
        settings.idleInTransactionTimeout = .seconds(60)
        settings.applicationName = "imprimatur migrate"
        let connection = DedicatedConnection(url, settings: settings, label: "migrate")
        try await connection.connect()
        return connection
    }

    private func closing<R>(
        _ connection: DedicatedConnection, _ body: () async throws -> R
    ) async throws -> R {
        do {
            let result = try await body()
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }

    // "imprmigr"; the leader of a log holds another lock for as long as it serves
    private static let lockKey: Int64 = 0x696D_7072_6D69_6772

    private func prepare(_ db: borrowing Connection) throws {
        _ = try db.rows("SELECT pg_advisory_xact_lock(\(Self.lockKey))")
        guard try !isRecorded(db) else { return }
        try db.execute("CREATE SCHEMA IF NOT EXISTS imprimatur_meta")
        try db.execute(
            """
            CREATE TABLE imprimatur_meta.schema_migration (
                number bigint CONSTRAINT schema_migration_pkey PRIMARY KEY,
                name text NOT NULL,
                digest text NOT NULL
                    CONSTRAINT schema_migration_digest_is_sha256 CHECK (digest ~ '^[0-9a-f]{64}$'),
                applied_at timestamptz NOT NULL DEFAULT now()
            )
            """)
        // whoever serves must be able to see on what it runs
        try db.execute("GRANT USAGE ON SCHEMA imprimatur_meta TO PUBLIC")
        try db.execute("GRANT SELECT ON imprimatur_meta.schema_migration TO PUBLIC")
    }

    private func applyNext(_ db: borrowing Connection) throws -> Migration? {
        _ = try db.rows("SELECT pg_advisory_xact_lock(\(Self.lockKey))")
        let state = try compare(db)
        try Self.refuse(state.faults)
        guard let next = state.pending.first else { return nil }
        do throws(DatabaseError) {
            try db.link.runScript(next.sql)
        } catch {
            throw DatabaseError(
                .migration, "migration \(next.number) \(next.name): \(error.message)",
                state: error.state, constraint: error.constraint, table: error.table)
        }
        guard PQtransactionStatus(db.link.pointer) == PQTRANS_INTRANS else {
            throw DatabaseError(
                .migration, "migration \(next.number) \(next.name) ends its own transaction")
        }
        // the file may have made its objects as another role (SET LOCAL ROLE)
        try db.execute("RESET ROLE")
        try db.execute(
            """
            INSERT INTO imprimatur_meta.schema_migration (number, name, digest)
            VALUES (\(next.number), \(next.name), \(next.digest))
            """)
        return next
    }

    private func isRecorded(_ db: borrowing Connection) throws(DatabaseError) -> Bool {
        try db.one("SELECT to_regclass('imprimatur_meta.schema_migration') IS NOT NULL")
    }

    private func compare(_ db: borrowing Connection) throws -> SchemaState {
        var recorded: [(Int, String, String)] = []
        if try isRecorded(db) {
            recorded = try db.all(
                """
                SELECT number, name, digest
                FROM imprimatur_meta.schema_migration
                ORDER BY number
                """, as: (Int, String, String).self)
        }
        return Self.compare(recorded, with: migrations)
    }

    /// The decision, without a database.
    static func compare(
        _ recorded: [(Int, String, String)], with migrations: [Migration]
    ) -> SchemaState {
        var state = SchemaState()
        var known: [Int: Migration] = [:]
        for migration in migrations { known[migration.number] = migration }
        for (number, name, digest) in recorded {
            state.applied.append(number)
            guard let migration = known[number] else {
                state.faults.append(
                    "migration \(number) \(name) is applied and unknown here: a newer program has"
                        + " been at work; use that one")
                continue
            }
            if migration.digest != digest {
                state.faults.append(
                    "migration \(number) \(migration.name) was changed after it was applied:"
                        + " recorded \(digest), this program has \(migration.digest)")
            }
        }
        let applied = Set(state.applied)
        state.pending = migrations.filter { !applied.contains($0.number) }
        if let last = state.applied.last {
            for late in state.pending where late.number < last {
                state.faults.append(
                    "migration \(late.number) \(late.name) comes before \(last), which is applied:"
                        + " new files are numbered upwards")
            }
        }
        return state
    }

    private static func refuse(_ faults: [String]) throws(DatabaseError) {
        guard faults.isEmpty else {
            throw DatabaseError(.migration, faults.joined(separator: "; "))
        }
    }
}

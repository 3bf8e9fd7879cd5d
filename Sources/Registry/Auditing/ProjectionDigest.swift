// The digest of a projection (ProjectionEvents.swift), live or replayed, and the service that has it
// written into the log now and then.
//
// The digest of the live tables is read in the snapshot of a batch of the sequencer (DigestDesk.swift),
// which therefore shows them exactly as the log makes them at the size that the batch reaches.

internal import Cryptography
internal import Database
package import Governance
internal import Logging
internal import ServiceLifecycle
internal import TransparencyLog

/// Digests of tables.
enum ProjectionDigest {
    /// Every projection as it is in this snapshot; the session's time zone must be UTC.
    static func all(
        in schema: Projection.Schema, _ db: borrowing Connection
    ) throws -> [String: ProjectionsDigested.Table] {
        var tables: [String: ProjectionsDigested.Table] = [:]
        for table in Projection.Table.allCases {
            let columns = try columns(of: table, in: schema, db)
            tables[table.rawValue] = try digest(of: table, columns, surplus: [], in: schema, db)
        }
        return tables
    }

    /// The table as a digest's columns show it; nil when it has not all of them.
    static func again(
        _ wanted: ProjectionsDigested.Table, of table: Projection.Table,
        in schema: Projection.Schema, _ db: borrowing Connection
    ) throws -> ProjectionsDigested.Table? {
        let columns = try columns(of: table, in: schema, db)
        guard Set(wanted.columns).isSubset(of: columns) else { return nil }
        let surplus = columns.filter { !wanted.columns.contains($0) }
        return try digest(of: table, wanted.columns, surplus: surplus, in: schema, db)
    }

    private static func columns(
        of table: Projection.Table, in schema: Projection.Schema, _ db: borrowing Connection
    ) throws -> [String] {
        try db.all(
            """
            SELECT attname::text FROM pg_catalog.pg_attribute
            WHERE attrelid = to_regclass(\(schema.rawValue + "." + table.rawValue))
              AND attnum > 0 AND NOT attisdropped ORDER BY attname::text COLLATE "C"
            """, as: String.self)
    }

    private static func digest(
        of table: Projection.Table, _ columns: [String], surplus: [String],
        in schema: Projection.Schema, _ db: borrowing Connection
    ) throws -> ProjectionsDigested.Table {
        let (rows, digest) = try db.one(
            """
            SELECT count(*), sha256(coalesce(string_agg(hash, ''::bytea ORDER BY hash), ''::bytea))
            FROM (SELECT sha256(convert_to((to_jsonb(t) - \(surplus))::text, 'UTF8')) AS hash
                  FROM \(identifier: schema).\(identifier: table) t) hashes
            """, as: (Int64, [UInt8]).self)
        guard let digest = SHA256Digest(bytes: digest) else {
            throw DatabaseError(.decoding, "sha256 gave no digest")
        }
        return .init(columns: columns, digest: digest, rows: rows)
    }
}

/// Has the projections digested after so many entries, or so much time.
package struct ProjectionDigester: Service {
    let registry: Registry
    let desk: DigestDesk
    let logger: Logger

    private static let interval = Duration.seconds(60)
    /// A digest for so many entries; or
    package static let entries: Int64 = 10_000
    /// for so much time, if there was any entry.
    package static let milliseconds: Int64 = 86_400_000
    /// How often it asks for a batch, and how long it waits for each.
    private static let attempts = 10
    private static let patience = Duration.seconds(2)

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.interval)
                guard !Task.isCancelled, isDue else { continue }
                do {
                    _ = try await digest()
                } catch {
                    logger.warning("projections not digested", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    /// Whether the log has grown enough since the last digest in it.
    var isDue: Bool {
        let snapshot = registry.follower.snapshot
        guard registry.halt.reason == nil, let size = snapshot.published?.checkpoint.size,
            let last = snapshot.record.digested
        else { return false }
        return size - last.size >= Self.entries
            || size > last.size + 1
                && last.at.adding(milliseconds: Self.milliseconds) <= registry.clock()
    }

    /// Commits to the projections in the log.
    ///
    /// - Returns: what was written; nil when no sequencer leads in this process.
    @discardableResult
    package func digest() async throws -> ProjectionsDigested? {
        try registry.halt.check()
        for _ in 0..<Self.attempts {
            guard let digested = try await read() else { continue }
            try await registry.record(digested)
            return digested
        }
        return nil
    }

    /// The projections in the snapshot of a batch; nil when there was none, or it left rows behind.
    private func read() async throws -> ProjectionsDigested? {
        let order = DigestOrder()
        desk.place(order)
        if await !order.isCalled(within: Self.patience), desk.withdraw(order) { return nil }
        var options = TransactionOptions(
            isolation: .repeatableRead, isReadOnly: true, statementTimeout: .zero, retries: 0)
        options.idleInTransactionTimeout = .zero
        do {
            return try await registry.database.read(options) { db in
                order.lend(try db.exportSnapshot())
                // What the batch will find: its size before, and what waits.
                let expected = try db.one(
                    "SELECT size + (SELECT count(*) FROM audit.pending) FROM audit.head",
                    as: Int64.self)
                try db.execute("SET LOCAL TimeZone = 'UTC'")
                try db.execute("SET LOCAL bytea_output = 'hex'")
                // Whole tables are read here.
                try db.execute("SET LOCAL enable_seqscan = on")
                let tables = try ProjectionDigest.all(in: .registry, db)
                // The snapshot must be there until the batch has it.
                guard let size = order.reached(), size == expected, size > 0 else { return nil }
                return ProjectionsDigested(size: size, tables: tables)
            }
        } catch {
            order.lend(nil)
            throw error
        }
    }
}

extension Registry {
    fileprivate func record(_ digested: ProjectionsDigested) async throws {
        _ = try await writer.write(
            Request(caller: nil, id: Self.makeID("digest-", bytes: 8)),
            Subjects(written: [Subjects.service])
        ) { _, _ in Act(.projectionsDigested(digested)) }
        committed.ring()
    }
}

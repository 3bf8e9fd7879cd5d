// Every gate first reads what the follower has not read yet: that must cost the few new rows, not the log.

import Database
import TestSupport
import Testing

@testable import Registry

@Suite struct `Reading ahead of the follower` {
    private static let entries: Int64 = 150_000

    /// A log of many rows, and whose rows are nobody's business here.
    private func fill(_ superuser: Database) async throws {
        try await superuser.write { db in
            try db.execute("ALTER TABLE audit.entry DISABLE TRIGGER ALL")
            try db.execute("ALTER TABLE audit.leaf DISABLE TRIGGER ALL")
            try db.execute(
                """
                INSERT INTO audit.entry (bytes)
                SELECT convert_to('{"n":' || n || '}', 'UTF8') FROM generate_series(1, 150000) n
                """)
            try db.execute(
                """
                INSERT INTO audit.leaf (index, entry_id, leaf_hash, chain_hash)
                SELECT row_number() OVER (ORDER BY id) - 1, id, leaf_hash, leaf_hash FROM audit.entry
                """)
        }
        try await superuser.write { db in
            try db.execute("ANALYZE audit.entry, audit.leaf, audit.pending")
        }
    }

    /// Rows that indexes of the log's tables have given out so far.
    private func read(_ superuser: Database) async throws -> Int64 {
        try await superuser.read { db in
            try db.one(
                """
                SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes
                WHERE schemaname = 'audit' AND relname IN ('entry', 'leaf', 'pending')
                """, as: Int64.self)
        }
    }

    @Test func `looks up the new rows alone, however long the log`() async throws {
        try await ScratchDatabase.with { scratch in
            _ = try await TestService.access(scratch).migrate()
            let superuser = scratch.superuser(settings: .init(maxConnections: 1))
            try await fill(superuser)
            let service = scratch.superuser(
                settings: .init(maxConnections: 1, connection: .service))
            let before = try await read(superuser)
            let (size, last) = (Self.entries - 3, Self.entries - 2)
            let unread = try await service.write { db in
                let rows = try db.all(
                    Registry.unread(fromIndex: size, afterID: last), as: (Int64, [UInt8]?).self)
                try db.execute("SELECT pg_stat_force_next_flush()")
                return rows
            }
            #expect(unread.map(\.0) == [Self.entries - 2, Self.entries - 1, Self.entries])
            #expect(unread.allSatisfy { $0.1 != nil })
            await service.closeIdle()
            #expect(try await read(superuser) - before < 100)
            await superuser.closeIdle()
        }
    }
}

import Database
import TestSupport
import Testing

private struct Stop: Error {}

private enum Channel: String, CaseIterable {
    case head = "audit head"
    case other
}

private let items = ScratchTemplate("items") { scratch in
    let database = scratch.superuser()
    try await database.write { db throws in
        try db.execute(
            "CREATE TABLE item (id int8 CONSTRAINT item_pkey PRIMARY KEY, name text, data bytea)")
    }
    await database.closeIdle()
}

@Suite(.scratchDatabase(items)) struct BatchTests {
    private func database() throws -> Database {
        try #require(ScratchDatabase.current).superuser()
    }

    private func count(_ database: Database) async throws -> Int {
        try await database.read { db in try db.one("SELECT count(*) FROM item") }
    }

    @Test(arguments: [1, 128, 129, 1000])
    func `a batch does all and says how many rows each touched`(size: Int) async throws {
        let database = try database()
        let affected = try await database.write { db throws in
            try db.executeBatch(
                (0..<size).map { "INSERT INTO item (id, name) VALUES (\($0), \("n\($0)"))" })
        }
        #expect(affected == [Int](repeating: 1, count: size))
        #expect(try await count(database) == size)
    }

    @Test(arguments: [0, 5, 127, 128, 300])
    func `an error in the middle is told and nothing stays`(position: Int) async throws {
        let database = try database()
        var batch: [SQL] = (0..<301).map { "INSERT INTO item (id) VALUES (\($0))" }
        batch[position] = "INSERT INTO item (id) VALUES (NULL)"
        let statements = batch
        let error = await #expect(throws: DatabaseError.self) {
            try await database.write { db in try db.executeBatch(statements) }
        }
        #expect(error?.state == .notNullViolation)
        #expect(try await count(database) == 0)
        // and outside a transaction the batch is one unit as well
        await #expect(throws: DatabaseError.self) {
            try await database.withConnection { db in try db.executeBatch(statements) }
        }
        #expect(try await count(database) == 0)
    }

    @Test func `a savepoint saves the transaction from a failed batch`() async throws {
        let database = try database()
        try await database.write { db throws in
            try db.execute("INSERT INTO item (id) VALUES (1)")
            do {
                try db.savepoint { db throws in
                    try db.executeBatch([
                        "INSERT INTO item (id) VALUES (2)", "INSERT INTO item (id) VALUES (1)",
                    ])
                }
            } catch DatabaseError.State.uniqueViolation {}
            try db.execute("INSERT INTO item (id) VALUES (3)")
        }
        let ids: [Int] = try await database.read { db in
            try db.all("SELECT id FROM item ORDER BY id")
        }
        #expect(ids == [1, 3])
    }

    @Test func `several questions are answered in one round trip`() async throws {
        let database = try database()
        let (one, all, none, touched) = try await database.write { db throws in
            try db.pipeline(
                Ask.one("SELECT 7::int8", as: Int.self),
                Ask.all("SELECT unnest(\(["a", "b"]))", as: String.self),
                Ask.oneOrNil("SELECT true WHERE false", as: Bool.self),
                Ask.execute("INSERT INTO item (id) VALUES (1), (2)"))
        }
        #expect(one == 7)
        #expect(all == ["a", "b"])
        #expect(none == nil)
        #expect(touched == 2)
    }

    @Test func `COPY takes rows in and gives them out`() async throws {
        let database = try database()
        let rows = try await database.write { db throws in
            try db.copyRowsIn("COPY item (id, name, data) FROM STDIN (FORMAT binary)") { copy in
                for id in 0..<5000 {
                    try copy.row(id, id % 2 == 0 ? nil : "n\(id)", [UInt8](repeating: 7, count: 40))
                }
            }
        }
        #expect(rows == 5000)
        let (out, bytes) = try await database.read { db throws in
            var bytes = 0
            let out = try db.copyOut("COPY (SELECT id FROM item ORDER BY id) TO STDOUT") { piece in
                bytes += piece.count
            }
            return (out, bytes)
        }
        #expect(out == 5000)
        #expect(bytes == (0..<5000).map { "\($0)\n".utf8.count }.reduce(0, +))
        #expect(
            try await database.read { db throws in
                try db.one("SELECT count(*) FROM item WHERE name IS NULL") == 2500
            })
    }

    @Test func `a COPY whose sender gives up stores nothing`() async throws {
        let database = try database()
        await #expect(throws: Stop.self) {
            try await database.write { db throws in
                try db.copyIn("COPY item (id) FROM STDIN") { writer in
                    try writer.write("1\n2\n".utf8)
                    throw Stop()
                }
            }
        }
        let bad = await #expect(throws: DatabaseError.self) {
            try await database.write { db throws in
                try db.copyIn("COPY item (id) FROM STDIN") { try $0.write("no number\n".utf8) }
            }
        }
        #expect(bad?.state?.rawValue == "22P02")
        #expect(try await count(database) == 0)
    }

    @Test func `a receiver that gives up leaves the connection sound`() async throws {
        let database = try #require(ScratchDatabase.current).superuser(
            settings: .init(maxConnections: 1))
        for _ in 0..<3 {
            await #expect(throws: Stop.self) {
                try await database.read { db throws in
                    try db.copyOut("COPY (SELECT generate_series(1, 1000000)) TO STDOUT") { _ in
                        throw Stop()
                    }
                }
            }
            await #expect(throws: Stop.self) {
                try await database.read { db throws in
                    try db.forEach("SELECT generate_series(1, \(1_000_000))") { _ in throw Stop() }
                }
            }
        }
        #expect(try await count(database) == 0)
    }

    @Test func `COPY through the wrong door is refused and the pool survives`() async throws {
        let database = try database()
        for sql in ["COPY item FROM STDIN", "COPY item TO STDOUT"] as [SQL] {
            let error = await #expect(throws: DatabaseError.self) {
                try await database.write { db in try db.execute(sql) }
            }
            #expect(error?.kind == .usage)
        }
        await #expect(throws: DatabaseError.self) {
            try await database.write { db in try db.copyOut("SELECT 1") { _ in } }
        }
        #expect(try await count(database) == 0)
    }

    @Test func `forEach lends every row`() async throws {
        let sum = try await database().read { db throws in
            var sum = 0
            try db.forEach("SELECT generate_series(1::int8, \(20_000))") { row in
                sum += try row.next(Int.self)
            }
            #expect(try db.one("SELECT 1::int8") == 1)
            return sum
        }
        #expect(sum == 200_010_000)
        let error = await #expect(throws: DatabaseError.self) {
            try await database().read { db throws in
                try db.forEach("SELECT 1 / (3 - generate_series(1, \(5)))") { row in
                    _ = try? row.next(Int.self)
                }
            }
        }
        #expect(error?.state?.rawValue == "22012")
    }

    @Test func `a notification wakes the listener, a lost link ends it`() async throws {
        let scratch = try #require(ScratchDatabase.current)
        let database = try database()
        var notices = scratch.superuserURL.notifications(on: [Channel.head]).makeAsyncIterator()
        let listening = """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE 'LISTEN%'
            """ as SQL
        try await eventually { try await database.read { db in try db.one(listening) == 1 } }
        try await database.write { db throws in
            _ = try db.rows("SELECT pg_notify(\(Channel.other.rawValue), 'not this')")
            _ = try db.rows("SELECT pg_notify(\(Channel.head.rawValue), 'size 7')")
        }
        let notice = try #require(try await notices.next())
        #expect(notice.channel == "audit head")
        #expect(notice.payload == "size 7")
        try await database.write { db throws in
            _ = try db.rows(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND query LIKE 'LISTEN%'
                """)
        }
        let error = await #expect(throws: DatabaseError.self) { try await notices.next() }
        #expect(error?.kind == .connection)
    }
}

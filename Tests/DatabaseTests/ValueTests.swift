import Database
import TestSupport
import Testing

private struct Pair: RowDecodable, Equatable {
    let id: Int64
    let name: String?

    init(row: inout Row) throws(DatabaseError) {
        id = try row.next()
        name = try row.nextOptional()
    }
}

@Suite(.scratchDatabase) struct ValueTests {
    private func database() throws -> Database {
        try #require(ScratchDatabase.current).database()
    }

    /// Sends a value to the server and reads it back.
    private func echo<Value: SQLValue & Equatable>(_ value: Value) async throws {
        let (back, null) = try await database().read { db throws in
            try db.one("SELECT \(value), \(Value?.none)", as: (Value, Value?).self)
        }
        #expect(back == value)
        #expect(null == nil)
    }

    @Test func `every type comes back as it was sent, and NULL as nil`() async throws {
        try await echo(true)
        try await echo(false)
        for number in [0, 1, -1, Int64.max, .min] { try await echo(number) }
        try await echo(42 as Int)
        for number in [0, 1.5, -0.1, .infinity, .greatestFiniteMagnitude] { try await echo(number) }
        for text in ["", "ü€😀", "o'Neill\"; DROP TABLE x; --", "$1 \\ %s"] { try await echo(text) }
        try await echo([UInt8]())
        try await echo([UInt8](0...255))
        try await echo(SQLUUID(high: 0x0123_4567_89ab_cdef, low: .max))
        try await echo(SQLTimestamp(microsecondsSince1970: 0))
        try await echo(SQLTimestamp(microsecondsSince1970: 1_795_247_713_123_456))
        try await echo(SQLTimestamp(microsecondsSince1970: -1))
        try await echo([Int64]())
        try await echo([Int64.min, 0, .max])
        try await echo([1, 2, 3] as [Int])
        try await echo(["", "a,b", "{\"}", "ü"])
        try await echo([[UInt8]]())
        try await echo([[0, 1], [], [255]] as [[UInt8]])
    }

    @Test func `the server sees the value that was meant`() async throws {
        try await database().read { db throws in
            let instant = SQLTimestamp(microsecondsSince1970: 946_684_801_000_000)
            #expect(
                try db.one("SELECT to_char(\(instant) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')")
                    == "2000-01-01 00:00:01")
            #expect(
                try db.one("SELECT \(SQLUUID(high: 1, low: 2))::text")
                    == "00000000-0000-0001-0000-000000000002")
            #expect(try db.one("SELECT (\(SQLJSON(Array(#"{"a":7}"#.utf8))) ->> 'a')") == "7")
            #expect(try db.one("SELECT \([7, 8] as [Int64])::text") == "{7,8}")
            #expect(try db.one("SELECT encode(\([0xAB, 0xCD] as [UInt8]), 'hex')") == "abcd")
        }
    }

    @Test func `text that looks like SQL stays text`() async throws {
        let hostile = "'; CREATE TABLE owned(); --"
        try await database().write { db throws in
            #expect(try db.one("SELECT length(\(hostile))::int8") == hostile.count)
            #expect(try db.one("SELECT to_regclass('owned') IS NULL", as: Bool.self))
        }
    }

    @Test func `rows are read by a type, by a column and as tuples`() async throws {
        try await database().read { db throws in
            let pairs: [Pair] = try db.all("SELECT 1::int8, 'a' UNION ALL SELECT 2, NULL")
            #expect(pairs.map(\.id) == [1, 2])
            #expect(pairs.map(\.name) == ["a", nil])
            #expect(try db.all("SELECT unnest(\([3, 4] as [Int64]))", as: Int64.self) == [3, 4])
            let tuples = try db.all("SELECT 'x', NULL::bool", as: (String, Bool?).self)
            #expect(tuples.count == 1 && tuples[0].0 == "x" && tuples[0].1 == nil)
            #expect(try db.oneOrNil("SELECT 1::int8 WHERE false", as: Int64.self) == nil)
            #expect(try db.oneOrNil("SELECT 1::int8, 'b'", as: Pair.self)?.name == "b")
        }
    }

    @Test(
        arguments: [
            ("SELECT 1::int4", "int4 is not int8"),
            ("SELECT NULL::int8", "NULL is no value"),
            ("SELECT 1::int8, 2::int8", "a column is left over"),
            ("SELECT 'infinity'::timestamptz", "another type altogether"),
        ] as [(SQL, String)])
    func `a column of another type is refused`(sql: SQL, why: String) async throws {
        let database = try database()
        let error = await #expect(throws: DatabaseError.self) {
            try await database.read { db in try db.one(sql, as: Int64.self) }
        }
        #expect(error?.kind == .decoding, "\(why)")
    }

    @Test func `too few and too many rows are refused`() async throws {
        let database = try database()
        for sql in ["SELECT 1::int8 WHERE false", "SELECT generate_series(1::int8, 2)"] as [SQL] {
            let error = await #expect(throws: DatabaseError.self) {
                try await database.read { db in try db.one(sql, as: Int64.self) }
            }
            #expect(error?.kind == .rowCount)
        }
    }

    @Test func `an array with NULL or two dimensions is refused`() async throws {
        let database = try database()
        for sql in ["SELECT '{1,NULL}'::int8[]", "SELECT '{{1},{2}}'::int8[]"] as [SQL] {
            let error = await #expect(throws: DatabaseError.self) {
                try await database.read { db in try db.one(sql, as: [Int64].self) }
            }
            #expect(error?.kind == .decoding)
        }
    }

    @Test func `a constraint is told by its name and values are not told`() async throws {
        let scratch = try #require(ScratchDatabase.current)
        let database = scratch.superuser()
        try await database.write { db throws in
            try db.execute(
                "CREATE TABLE card (name text CONSTRAINT card_name_is_unique UNIQUE)")
            try db.execute("INSERT INTO card VALUES (\("geheim"))")
        }
        do {
            try await database.write { db throws in
                try db.execute("INSERT INTO card VALUES (\("geheim"))")
            }
            Issue.record("the second row was accepted")
        } catch DatabaseError.State.uniqueViolation {
            // the pattern matches: now its parts
        }
        let error = await #expect(throws: DatabaseError.self) {
            try await database.write { db throws in
                try db.execute("INSERT INTO card VALUES (\("geheim"))")
            }
        }
        #expect(error?.constraint == "card_name_is_unique")
        #expect(error?.table == "card")
        #expect(error?.statement == "INSERT INTO card VALUES ($1)")
        #expect("\(try #require(error))".contains("geheim") == false)
    }

    @Test func `the same words with other types are another statement`() async throws {
        try await database().read { db throws in
            for _ in 0..<3 {
                #expect(try db.one("SELECT pg_typeof(\(1))::text") == "bigint")
                #expect(try db.one("SELECT pg_typeof(\("1"))::text") == "text")
            }
        }
    }

    @Test func `more statements than the cache holds still run`() async throws {
        let scratch = try #require(ScratchDatabase.current)
        var settings = Database.Settings(maxConnections: 1)
        settings.connection.statements = .named(limit: 2)
        let prepared: Int = try await scratch.database(settings: settings).read { db throws in
            for _ in 0..<3 {
                for _ in 0..<2 { #expect(try db.one("SELECT \(1)") == 1) }
                for _ in 0..<2 { #expect(try db.one("SELECT \(2) + 0::int8") == 2) }
                for _ in 0..<2 { #expect(try db.one("SELECT \(3) * 1::int8") == 3) }
            }
            return try db.one("SELECT count(*) FROM pg_prepared_statements")
        }
        #expect(prepared <= 3)
    }

    @Test func `behind a pooler nothing is prepared and limits are local`() async throws {
        let scratch = try #require(ScratchDatabase.current)
        let settings = Database.Settings(maxConnections: 1, connection: .pooled)
        let database = scratch.database(settings: settings)
        let prepared: Int = try await database.read { db throws in
            for _ in 0..<3 { #expect(try db.one("SELECT \(1)") == 1) }
            #expect(try db.one("SHOW statement_timeout") == "10s")
            return try db.one("SELECT count(*) FROM pg_prepared_statements")
        }
        #expect(prepared == 0)
        let outside: String = try await database.withConnection { db throws in
            try db.one("SHOW statement_timeout")
        }
        #expect(outside == "0")
    }
}

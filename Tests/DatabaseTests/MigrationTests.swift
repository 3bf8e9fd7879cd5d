import Database
import TestSupport
import Testing

@Suite(.scratchDatabase) struct MigrationTests {
    private var url: DatabaseURL {
        get throws { try #require(ScratchDatabase.current).url(as: .migrator) }
    }

    private func migration(_ number: Int, _ sql: String, digest: Character = "a") -> Migration {
        Migration(
            number: number, name: "step\(number)", digest: String(repeating: digest, count: 64),
            sql: Array(sql.utf8))
    }

    private func tables() async throws -> [String] {
        let database = try #require(ScratchDatabase.current).superuser()
        let names: [String] = try await database.read { db in
            try db.all("SELECT tablename FROM pg_tables WHERE schemaname = 'app' ORDER BY 1")
        }
        await database.closeIdle()
        return names
    }

    private var steps: [Migration] {
        [
            migration(1, "CREATE SCHEMA app; CREATE TABLE app.a (id int8); -- two statements"),
            migration(
                2,
                """
                SET LOCAL ROLE imprimatur_owner;
                RESET ROLE;
                CREATE TABLE app.b (id int8);
                CREATE FUNCTION app.f() RETURNS int8 LANGUAGE plpgsql AS $$BEGIN RETURN 1; END$$;
                """),
        ]
    }

    @Test func `migrations are applied in order, once`() async throws {
        let migrator = try Migrator(url, steps.reversed())
        #expect(try await migrator.pending().map(\.number) == [1, 2])
        await #expect(throws: DatabaseError.self) { try await migrator.verify() }
        #expect(try await migrator.migrate().map(\.number) == [1, 2])
        #expect(try await tables() == ["a", "b"])
        #expect(try await migrator.migrate().isEmpty)
        try await migrator.verify()
        // the one that serves can check it too
        let writer = try #require(ScratchDatabase.current).url(as: .writer)
        try await Migrator(writer, steps).verify()
    }

    @Test func `several migrators at once do the work once`() async throws {
        let migrator = try Migrator(url, steps)
        let applied = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 { group.addTask { try await migrator.migrate().count } }
            return try await group.reduce(0, +)
        }
        #expect(applied == 2)
        try await migrator.verify()
    }

    @Test func `a changed file is refused`() async throws {
        _ = try await Migrator(url, steps).migrate()
        var changed = steps
        changed[0] = migration(1, "SELECT 1", digest: "b")
        changed.append(migration(3, "CREATE TABLE app.c (id int8)"))
        let migrator = try Migrator(url, changed)
        for attempt in [{ _ = try await migrator.migrate() }, { try await migrator.verify() }] {
            let error = await #expect(throws: DatabaseError.self) { try await attempt() }
            #expect(error?.kind == .migration)
            #expect(error?.message.contains("migration 1 step1 was changed") == true)
        }
        #expect(try await tables() == ["a", "b"])
    }

    @Test func `an unknown newer migration is refused`() async throws {
        _ = try await Migrator(url, steps).migrate()
        let error = await #expect(throws: DatabaseError.self) {
            try await Migrator(url, [steps[0]]).verify()
        }
        #expect(error?.message.contains("newer program") == true)
    }

    @Test func `a file numbered below an applied one is refused`() async throws {
        _ = try await Migrator(url, [steps[0], migration(3, "SELECT 1")]).migrate()
        let late = try Migrator(url, [steps[0], steps[1], migration(3, "SELECT 1")])
        let error = await #expect(throws: DatabaseError.self) { try await late.migrate() }
        #expect(error?.message.contains("comes before 3") == true)
        #expect(try await tables() == ["a"])
    }

    @Test func `a failure in the middle leaves whole migrations only`() async throws {
        let broken = migration(2, "CREATE TABLE app.b (id int8); CREATE TABLE app.b (id int8)")
        let error = await #expect(throws: DatabaseError.self) {
            try await Migrator(url, [steps[0], broken]).migrate()
        }
        #expect(error?.message.hasPrefix("migration 2 step2: ") == true)
        #expect(try await tables() == ["a"])
        #expect(try await Migrator(url, steps).migrate().map(\.number) == [2])
    }

    @Test func `a server process that dies in the middle leaves whole migrations only`()
        async throws
    {
        let scratch = try #require(ScratchDatabase.current)
        let deadly = migration(
            2, "CREATE TABLE app.b (id int8); SELECT pg_terminate_backend(pg_backend_pid());")
        await #expect(throws: DatabaseError.self) {
            try await Migrator(scratch.url(as: .migrator), [steps[0], deadly]).migrate()
        }
        #expect(try await tables() == ["a"])
        #expect(try await Migrator(url, steps).pending().map(\.number) == [2])
    }

    @Test func `numbers twice or below one are refused`() throws {
        for numbers in [[1, 1], [0], [-1, 2]] {
            let files = numbers.map { migration($0, "SELECT 1") }
            let url = try url
            #expect(throws: DatabaseError.self) { try Migrator(url, files) }
        }
    }
}

import Database
import Synchronization
import TestSupport
import Testing

/// A value that a test shares with tasks; a Mutex alone cannot be captured by them.
final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }

    func withLock<R: Sendable>(_ body: (inout Value) -> R) -> R {
        value.withLock { value in body(&value) }
    }
}

/// Waits for a condition, at most 20 seconds.
func eventually(_ condition: () async throws -> Bool) async throws {
    let limit = ContinuousClock.now + .seconds(20)
    while try await !condition() {
        try #require(ContinuousClock.now < limit, "waited in vain")
        try await Task.sleep(for: .milliseconds(5))
    }
}

@Suite(.scratchDatabase) struct PoolTests {
    private var scratch: ScratchDatabase {
        get throws { try #require(ScratchDatabase.current) }
    }

    @Test func `beyond the bound callers are refused and none is lost`() async throws {
        var settings = Database.Settings(maxConnections: 1)
        settings.maxWaiters = 2
        let database = try scratch.database(settings: settings)
        let gate = Shared(false)
        let isHeld = Shared(false)
        let holder = Task {
            try await database.read { _ in
                isHeld.withLock { $0 = true }
                while !gate.withLock({ $0 }) {}
            }
        }
        try await eventually { isHeld.withLock { $0 } }
        let waiters = (0..<2).map { _ in
            Task { try await database.read { db in try db.one("SELECT 1::int8", as: Int.self) } }
        }
        try await eventually { database.waiting == 2 }
        let error = await #expect(throws: DatabaseError.self) {
            try await database.read { _ in }
        }
        #expect(error?.kind == .busy)
        gate.withLock { $0 = true }
        try await holder.value
        for waiter in waiters { #expect(try await waiter.value == 1) }
    }

    @Test(arguments: [true, false])
    func `a wait for a connection has a limit and can be cancelled`(isCancelled: Bool) async throws
    {
        var settings = Database.Settings(maxConnections: 1)
        settings.waitTimeout = isCancelled ? .seconds(60) : .milliseconds(50)
        let database = try scratch.database(settings: settings)
        let isHeld = Shared(false)
        let gate = Shared(false)
        let holder = Task {
            try await database.read { _ in
                isHeld.withLock { $0 = true }
                while !gate.withLock({ $0 }) {}
            }
        }
        try await eventually { isHeld.withLock { $0 } }
        let waiting = Task { try await database.read { _ in } }
        if isCancelled {
            try await eventually { database.waiting == 1 }
            waiting.cancel()
        }
        let error = await #expect(throws: DatabaseError.self) { try await waiting.value }
        #expect(error?.kind == (isCancelled ? .cancelled : .busy))
        gate.withLock { $0 = true }
        try await holder.value
    }

    @Test(arguments: [0, 1, 5, 20, 60])
    func `a cancelled task stops its statement and nobody else's`(delay: Int) async throws {
        let database = try scratch.database(settings: .init(maxConnections: 1))
        let clock = ContinuousClock.now
        let task = Task {
            try await database.read { db in
                for _ in 0..<100 { _ = try db.rows("SELECT pg_sleep(0.2)") }
            }
        }
        try await Task.sleep(for: .milliseconds(delay))
        task.cancel()
        let error = await #expect(throws: DatabaseError.self) { try await task.value }
        #expect(error?.kind == .cancelled)
        #expect(ContinuousClock.now - clock < .seconds(8))
        for _ in 0..<20 {
            #expect(try await database.read { db in try db.one("SELECT 1::int8") } == 1)
        }
    }

    @Test func `a link that died at rest is replaced unseen`() async throws {
        let database = try scratch.database(settings: .init(maxConnections: 1))
        let pid = try await database.read { db in db.backendPID }
        try await terminate(pid)
        let next = try await database.read { db in
            _ = try db.rows("SELECT 1")
            return db.backendPID
        }
        #expect(next != pid)
    }

    @Test func `a link lost before COMMIT is a connection error and nothing is stored`()
        async throws
    {
        let database = try scratch.superuser(settings: .init(maxConnections: 1))
        try await database.write { db in try db.execute("CREATE TABLE kept (id int8)") }
        let runs = Shared(0)
        let error = await #expect(throws: DatabaseError.self) {
            try await database.write { db in
                runs.withLock { $0 += 1 }
                try db.execute("INSERT INTO kept VALUES (1)")
                _ = try db.rows("SELECT pg_terminate_backend(pg_backend_pid())")
            }
        }
        #expect(error?.kind == .connection)
        // once more on a new link, in case the server had merely restarted
        #expect(runs.withLock { $0 } == 2)
        #expect(try await database.read { db in try db.one("SELECT count(*) FROM kept") } == 0)
    }

    @Test func `a link lost during COMMIT leaves the outcome unknown`() async throws {
        let database = try scratch.superuser(settings: .init(maxConnections: 1))
        try await database.write { db in
            try db.execute("CREATE TABLE fatal (id int8)")
            try db.execute(
                """
                CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
                $$BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END$$
                """)
            try db.execute(
                """
                CREATE CONSTRAINT TRIGGER die_at_commit AFTER INSERT ON fatal
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()
                """)
        }
        let runs = Shared(0)
        let error = await #expect(throws: DatabaseError.self) {
            try await database.write { db in
                runs.withLock { $0 += 1 }
                try db.execute("INSERT INTO fatal VALUES (1)")
            }
        }
        #expect(error?.kind == .commitUnknown)
        // never run again: it might be stored
        #expect(runs.withLock { $0 } == 1)
        #expect(try await database.read { db in try db.one("SELECT count(*) FROM fatal") } == 0)
    }

    @Test func `a plan that went stale with the schema is made anew`() async throws {
        let database = try scratch.superuser(settings: .init(maxConnections: 2))
        try await database.write { db in try db.execute("CREATE TABLE wide (a int8)") }
        for _ in 0..<3 {
            try await database.read { db in _ = try db.rows("SELECT * FROM wide") }
        }
        try await database.write { db in try db.execute("ALTER TABLE wide ADD COLUMN b text") }
        try await database.read { db in _ = try db.rows("SELECT * FROM wide") }
    }

    @Test func `a dedicated connection reports its loss and does not hide it`() async throws {
        let connection = DedicatedConnection(try scratch.superuserURL)
        await #expect(throws: DatabaseError.self) { try await connection.withConnection { _ in } }
        try await connection.connect()
        let pid = try await connection.transaction { db in
            _ = try db.rows("SELECT pg_advisory_lock(1)")
            return db.backendPID
        }
        try await terminate(pid)
        for _ in 0..<2 {
            let error = await #expect(throws: DatabaseError.self) {
                try await connection.transaction { db in _ = try db.rows("SELECT 1") }
            }
            #expect(error?.kind == .connection)
            #expect(!connection.isConnected)
        }
        try await connection.connect()
        let next = try await connection.withConnection { db in db.backendPID }
        #expect(next != pid)
        await connection.close()
    }

    private func terminate(_ pid: Int32) async throws {
        let admin = try scratch.superuser(settings: .init(maxConnections: 1))
        _ = try await admin.read { db in
            _ = try db.rows("SELECT pg_terminate_backend(\(Int64(pid))::int4)")
        }
        try await eventually {
            try await admin.read { db in
                try db.one("SELECT count(*) FROM pg_stat_activity WHERE pid = \(Int64(pid))") == 0
            }
        }
    }
}

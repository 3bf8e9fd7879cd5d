import Database
import TestSupport
import Testing

private struct Refused: Error {}

private let accounts = ScratchTemplate("accounts") { scratch in
    let database = scratch.superuser()
    try await database.write { db throws in
        try db.execute("CREATE TABLE account (id int8 PRIMARY KEY, amount int8 NOT NULL)")
        try db.execute("INSERT INTO account VALUES (1, 100), (2, 100)")
        try db.execute("GRANT ALL ON account TO imprimatur_writer")
    }
    await database.closeIdle()
}

@Suite(.scratchDatabase(accounts)) struct TransactionTests {
    private var scratch: ScratchDatabase {
        get throws { try #require(ScratchDatabase.current) }
    }

    private func amount(_ database: Database, _ id: Int = 1) async throws -> Int {
        try await database.read { db in try db.one("SELECT amount FROM account WHERE id = \(id)") }
    }

    @Test func `what is written is there, what fails is not`() async throws {
        let database = try scratch.database()
        try await database.write { db throws in
            #expect(try db.execute("UPDATE account SET amount = 7 WHERE id = 1") == 1)
        }
        #expect(try await amount(database) == 7)
        await #expect(throws: Refused.self) {
            try await database.write { db throws in
                try db.execute("UPDATE account SET amount = 8 WHERE id = 1")
                throw Refused()
            }
        }
        #expect(try await amount(database) == 7)
    }

    @Test func `a body without statements is a transaction too`() async throws {
        let database = try scratch.database()
        #expect(try await database.write { _ in 5 } == 5)
        await #expect(throws: Refused.self) { try await database.write { _ in throw Refused() } }
        #expect(try await amount(database) == 100)
    }

    @Test func `a reader cannot write`() async throws {
        let database = try scratch.database()
        let error = await #expect(throws: DatabaseError.self) {
            try await database.read { db in try db.execute("DELETE FROM account") }
        }
        #expect(error?.state == .readOnlyTransaction)
    }

    @Test func `an error that the body swallows is still no commit`() async throws {
        let database = try scratch.database()
        let error = await #expect(throws: DatabaseError.self) {
            try await database.write { db throws in
                try db.execute("UPDATE account SET amount = 9 WHERE id = 1")
                _ = try? db.execute("INSERT INTO account VALUES (1, 1)")
            }
        }
        #expect(error?.kind == .rolledBack)
        #expect(try await amount(database) == 100)
    }

    @Test func `a body that ends its own transaction is told so`() async throws {
        let database = try scratch.database()
        let error = await #expect(throws: DatabaseError.self) {
            try await database.write { db throws in
                try db.execute("UPDATE account SET amount = 9 WHERE id = 1")
                try db.execute("COMMIT")
            }
        }
        #expect(error?.kind == .usage)
    }

    @Test func `a savepoint undoes only its body`() async throws {
        let database = try scratch.database()
        try await database.write { db throws in
            try db.execute("UPDATE account SET amount = 1 WHERE id = 1")
            do {
                try db.savepoint { db throws in
                    try db.execute("UPDATE account SET amount = 2 WHERE id = 1")
                    try db.savepoint { db throws in
                        try db.execute("UPDATE account SET amount = 3 WHERE id = 1")
                    }
                    try db.execute("INSERT INTO account VALUES (1, 1)")
                }
                Issue.record("the duplicate was accepted")
            } catch DatabaseError.State.uniqueViolation {}
            try db.savepoint { db throws in
                try db.execute("UPDATE account SET amount = 20 WHERE id = 2")
            }
            try db.savepoint { _ in }
            do { try db.savepoint { _ in throw Refused() } } catch is Refused {}
        }
        #expect(try await amount(database, 1) == 1)
        #expect(try await amount(database, 2) == 20)
    }

    @Test func `a serialization failure is run again and ends well`() async throws {
        let database = try scratch.database(settings: .init(maxConnections: 4))
        let runs = Shared(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<5 {
                        try await database.write(.init(isolation: .serializable, retries: 50)) {
                            db throws in
                            runs.withLock { $0 += 1 }
                            let amount: Int = try db.one("SELECT amount FROM account WHERE id = 1")
                            try db.execute("UPDATE account SET amount = \(amount + 1) WHERE id = 1")
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await amount(database) == 120)
        #expect(runs.withLock { $0 } > 20)
    }

    @Test func `without retries the failure is the caller's`() async throws {
        let database = try scratch.database()
        let runs = Shared(0)
        let error = await #expect(throws: DatabaseError.self) {
            try await database.write(.init(retries: 0)) { db throws in
                runs.withLock { $0 += 1 }
                try db.execute("DO $$BEGIN RAISE EXCEPTION SQLSTATE '40001'; END$$")
            }
        }
        #expect(error?.state == .serializationFailure)
        #expect(runs.withLock { $0 } == 1)
    }

    @Test func `a deferred constraint fails at COMMIT and is no unknown`() async throws {
        let database = try scratch.superuser()
        let error = await #expect(throws: DatabaseError.self) {
            try await database.write { db throws in
                try db.execute(
                    """
                    CREATE TABLE late (
                        id int8 CONSTRAINT late_id_is_unique UNIQUE DEFERRABLE INITIALLY DEFERRED)
                    """)
                try db.execute("INSERT INTO late VALUES (1), (1)")
            }
        }
        #expect(error?.kind == .server)
        #expect(error?.constraint == "late_id_is_unique")
    }

    @Test func `limits of the server hold`() async throws {
        let database = try scratch.database()
        let slow = await #expect(throws: DatabaseError.self) {
            try await database.read(.init(statementTimeout: .milliseconds(50))) { db throws in
                _ = try db.rows("SELECT pg_sleep(10)")
            }
        }
        #expect(slow?.kind == .timeout)
        try await database.write { db throws in
            try db.execute("UPDATE account SET amount = 1 WHERE id = 1")
            // the second lane waits for the first's row and gives up
            let rival = try TransactionTests.rivalUpdate(database)
            #expect(rival?.state == .lockNotAvailable)
            #expect(rival?.kind == .timeout)
        }
    }

    /// Runs another transaction while the caller's is open.
    private static func rivalUpdate(_ database: Database) throws -> DatabaseError? {
        let result = Shared<DatabaseError?>(nil)
        let isDone = Shared(false)
        Task.detached {
            do {
                try await database.write(.init(lockTimeout: .milliseconds(50))) { db throws in
                    try db.execute("UPDATE account SET amount = 2 WHERE id = 1")
                }
            } catch let error as DatabaseError {
                result.withLock { $0 = error }
            }
            isDone.withLock { $0 = true }
        }
        let limit = ContinuousClock.now + .seconds(20)
        while !isDone.withLock({ $0 }), ContinuousClock.now < limit {}
        return result.withLock { $0 }
    }

    @Test func `postponed statements travel with the next one, or with the commit`() async throws {
        let database = try scratch.database()
        try await database.write { db throws in
            try db.later(["UPDATE account SET amount = 41 WHERE id = 1"])
            #expect(try db.one("SELECT amount FROM account WHERE id = 1", as: Int.self) == 41)
            try db.later(["UPDATE account SET amount = amount + 1 WHERE id = 1"])
        }
        #expect(try await amount(database) == 42)
        try await database.write { db throws in
            try db.later(["UPDATE account SET amount = 43 WHERE id = 1"])
        }
        #expect(try await amount(database) == 43)
        await #expect(throws: Refused.self) {
            try await database.write { db throws in
                try db.later(["UPDATE account SET amount = 44 WHERE id = 1"])
                throw Refused()
            }
        }
        #expect(try await amount(database) == 43)
    }

    @Test func `a postponed statement that fails undoes everything`() async throws {
        let database = try scratch.database()
        await #expect(throws: DatabaseError.self) {
            try await database.write { db throws in
                try db.execute("UPDATE account SET amount = 8 WHERE id = 2")
                try db.later(["INSERT INTO account VALUES (1, 0)"])
            }
        }
        await #expect(throws: DatabaseError.self) {
            try await database.write { db throws in
                try db.execute("UPDATE account SET amount = 8 WHERE id = 2")
                try db.later(["INSERT INTO account VALUES (1, 0)"])
                _ = try db.one("SELECT 1", as: Int.self)
            }
        }
        #expect(try await amount(database, 2) == 100)
        await #expect(throws: DatabaseError.self) {
            try await database.withConnection { db throws in try db.later(["SELECT 1"]) }
        }
    }
}

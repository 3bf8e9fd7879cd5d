// What the tests of the invariants share: the insider with every right, the log as stored, restarts.

import CanonicalJSON
import Cryptography
import Database
import Dispatch
import Foundation
import Governance
import Logging
import Registry
import Synchronization
import TestSupport
import TransparencyLog

/// One place in the log, as the tables hold it.
struct LoggedEntry: Sendable {
    let index: Int64
    let id: Int64
    let bytes: [UInt8]
    let entry: Entry
}

extension TestService {
    // MARK: the insider

    /// Runs statements as the superuser; answers how many rows each touched.
    @discardableResult
    func asSuperuser(_ statements: [String]) async throws -> [Int64] {
        try await Self.asSuperuser(scratch, statements)
    }

    @discardableResult
    static func asSuperuser(
        _ scratch: ScratchDatabase, _ statements: [String]
    ) async throws -> [Int64] {
        let superuser = scratch.superuser(settings: .init(maxConnections: 1))
        let touched = try await superuser.write { db in
            try db.execute(
                """
                CREATE OR REPLACE FUNCTION pg_temp.run(statement text) RETURNS bigint
                LANGUAGE plpgsql AS $$
                DECLARE touched bigint;
                BEGIN EXECUTE statement; GET DIAGNOSTICS touched = ROW_COUNT; RETURN touched; END $$
                """)
            return try statements.map { statement in
                try db.one("SELECT pg_temp.run(\(statement))", as: Int64.self)
            }
        }
        await superuser.closeIdle()
        return touched
    }

    /// Edits rows as the superuser with every trigger and foreign key off: all that an insider with
    /// the database can do. Every statement must touch at least one row, or the test proves nothing.
    func sabotage(_ statements: [String]) async throws {
        try await Self.sabotage(scratch, statements)
    }

    static func sabotage(_ scratch: ScratchDatabase, _ statements: [String]) async throws {
        let off = """
            DO $do$ DECLARE name text; BEGIN
                FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
                            WHERE schemaname IN ('audit', 'registry', 'personal') LOOP
                    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER ALL', name);
                END LOOP;
            END $do$
            """
        let touched = try await asSuperuser(scratch, [off] + statements)
        for (statement, count) in zip(statements, touched.dropFirst()) where count == 0 {
            throw TestFailure("touched nothing: \(statement)")
        }
    }

    /// Stores a document as the superuser; answers its name as a SQL literal.
    func plant(_ document: [UInt8]) async throws -> String {
        try await sabotage([
            """
            INSERT INTO audit.document (sha256, bytes)
            VALUES (sha256('\\x\(Hex.encode(document))'), '\\x\(Hex.encode(document))')
            """
        ])
        return SHA256.hash(document).sql
    }

    // MARK: what is stored

    /// A digest of the rows of every table that a governed act can touch.
    func contents() async throws -> [String: String] {
        let superuser = scratch.superuser(settings: .init(maxConnections: 1))
        let rows = try await superuser.read { db in
            try db.all(
                """
                SELECT t.name, (xpath('/row/c/text()', query_to_xml(format(
                    'SELECT count(*) || '':'' || md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '''')) AS c FROM %s t',
                    t.name), false, true, '')))[1]::text
                FROM (SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
                      WHERE schemaname IN ('audit', 'registry', 'personal')
                        AND tablename NOT IN ('head')) t
                ORDER BY 1
                """, as: (String, String).self)
        }
        await superuser.closeIdle()
        return Dictionary(uniqueKeysWithValues: rows)
    }

    /// Every entry that has a place, in the order of the log.
    func logged() async throws -> [LoggedEntry] {
        let rows = try await registry.database.read { db in
            try db.all(
                """
                SELECT l.index, e.id, e.bytes FROM audit.leaf l JOIN audit.entry e ON e.id = l.entry_id
                ORDER BY l.index
                """, as: (Int64, Int64, [UInt8]).self)
        }
        return try rows.map { index, id, bytes in
            LoggedEntry(
                index: index, id: id, bytes: bytes,
                entry: try Entry(parsing: SignedEntry(parsing: bytes).payload))
        }
    }

    /// A document by its digest.
    func document(_ digest: SHA256Digest) async throws -> [UInt8] {
        try await registry.database.read { db in
            try db.one(
                "SELECT bytes FROM audit.document WHERE sha256 = \(digest.bytes)", as: [UInt8].self)
        }
    }

    /// Waits until nothing is pending, and the follower has read and shows it all.
    func settled() async throws {
        for _ in 0..<500 {
            let (size, pending) = try await registry.database.read { db in
                try db.one(
                    "SELECT size, (SELECT count(*) FROM audit.pending) FROM audit.head",
                    as: (Int64, Int64).self)
            }
            let snapshot = registry.follower.snapshot
            let isShown = snapshot.pinned?.checkpoint.size == size
            if pending == 0, snapshot.fold.size == size, isShown { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TestFailure("the log does not settle")
    }

    /// Waits until a condition holds, for ten seconds at most.
    func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
        for _ in 0..<500 {
            if try await condition() { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    /// Stops this instance and opens another on the same database and data directory.
    func restarted<R>(_ body: (TestService) async throws -> R) async throws -> R {
        await stop()
        return try await Self.opened(scratch, directory, clock, body)
    }

    /// Opens an instance for a body, and stops it.
    static func opened<R>(
        _ scratch: ScratchDatabase, _ directory: DataDirectory, _ clock: TestClock,
        _ body: (TestService) async throws -> R
    ) async throws -> R {
        let again = try await open(scratch, directory, clock)
        do {
            let result = try await body(again)
            await again.stop()
            return result
        } catch {
            await again.stop()
            throw error
        }
    }

    /// Runs a body with a copy of the database as it is now; nobody may be connected to it.
    func withCopy<R>(_ body: (ScratchDatabase) async throws -> R) async throws -> R {
        let copy = ScratchDatabase(cluster: scratch.cluster, name: scratch.name + "_copy")
        try await scratch.cluster.createDatabase(named: copy.name, template: scratch.name)
        do {
            let result = try await body(copy)
            try await scratch.cluster.dropDatabase(named: copy.name)
            return result
        } catch {
            try? await scratch.cluster.dropDatabase(named: copy.name)
            throw error
        }
    }

    /// Holds a row lock as the writer while the body runs.
    func holding<R>(_ lock: SQL, _ body: () async throws -> R) async throws -> R {
        try await Self.holding(
            lock, in: scratch.database(as: .writer, settings: .init(maxConnections: 1)), body)
    }

    /// Keeps a transaction open after a statement while the body runs.
    static func holding<R>(
        _ lock: SQL, in session: Database, _ body: () async throws -> R
    ) async throws -> R {
        let isHeld = Mutex(false)
        let release = DispatchSemaphore(value: 0)
        let holder = Task {
            try await session.write { db in
                _ = try db.rows(lock)
                isHeld.withLock { $0 = true }
                release.wait()
            }
        }
        for _ in 0..<500 where !isHeld.withLock({ $0 }) {
            try await Task.sleep(for: .milliseconds(20))
        }
        guard isHeld.withLock({ $0 }) else { throw TestFailure("no lock") }
        let result: Result<R, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        release.signal()
        _ = try? await holder.value
        await session.closeIdle()
        return try result.get()
    }

    /// Verifies a receipt as its holder would, who knows the log's key.
    func isVerified(_ receipt: LogProof?, of bytes: [UInt8]) throws -> Bool {
        guard let receipt else { return false }
        let keys = try registry.root.logKeys.map { try VerifierKey($0.key) }
        return receipt.verify(
            leafHash: MerkleTree.leafHash(of: bytes), origin: origin, logKeys: keys,
            policy: .noWitnesses
        ).proof != nil
    }

    /// The code of the refusal that a body ends in; nil when it does not.
    func refusal<R>(_ body: () async throws -> R) async throws -> String? {
        do {
            _ = try await body()
            return nil
        } catch let refusal as Refusal {
            return refusal.code
        }
    }
}

extension SHA256Digest {
    /// The digest as a SQL literal.
    var sql: String { "'\\x\(hex)'::bytea" }
}

extension Registry.GateAnswer {
    /// What every denying rule says.
    var reasons: String {
        (decision["rules"]?.array ?? []).filter { denials.contains($0["id"]?.string ?? "") }
            .map { "\($0["id"]?.string ?? "") \($0["reason"]?.string ?? "")" }
            .joined(separator: "\n")
    }
}

/// How many services may live at once: tests run side by side, and a hundred services on two cores would
/// only measure each other's patience.
final class TestPlaces: Sendable {
    static let shared = TestPlaces(count: 4)

    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(count: Int) { state = Mutex(State(free: count)) }

    func take() async {
        await withCheckedContinuation { waiter in
            let isFree = state.withLock { state in
                guard state.free > 0 else {
                    state.waiting.append(waiter)
                    return false
                }
                state.free -= 1
                return true
            }
            if isFree { waiter.resume() }
        }
    }

    func giveBack() {
        let next = state.withLock { state in
            if state.waiting.isEmpty {
                state.free += 1
                return CheckedContinuation<Void, Never>?.none
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}

/// What tasks at the same time bring.
final class Collected<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    /// Everything so far.
    var all: [Element] { elements.withLock { $0 } }

    func append(_ element: Element) { elements.withLock { $0.append(element) } }
}

/// Collects the log lines of a test's service.
final class LogLines: Sendable {
    /// Where services that are opened now log to; nil for nowhere.
    @TaskLocal static var current: LogLines?

    private let lines = Mutex<[String]>([])

    /// Every line so far, with its metadata.
    var all: [String] { lines.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { [self] _ in Handler(lines: self) }
    }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var metadataProvider: Logger.MetadataProvider?
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            lines.lines.withLock { $0.append("\(event.message) \(all)") }
        }
    }
}

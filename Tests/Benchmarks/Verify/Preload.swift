// Fills a log quickly with entries like those of real writes: signed by the service key as acts that came
// together are, with their rows in the projections and their numbers for each subject. The service's own
// sequencer gives them their places.

import CanonicalJSON
import Cryptography
import Database
import Glibc
import Governance
import Registry

/// Writes suspensions in large transactions.
struct Preload {
    private let database: Database
    private let key: PrivateKey
    private let population: Population
    /// An entry of the service, for what all entries have in common.
    private let model: Entry
    private var numbers: [String: Int64]
    private var dice = Dice(seed: 2)

    private static let batch = 500
    /// Acts under one signature: about what a transaction of a service with 32 busy clients holds.
    /// Acts under one signature: what a transaction of a service with 32 busy clients holds, as
    /// `log.append` prints it.
    private static let group = 8

    init(
        _ service: ServiceUnderTest, _ access: DatabaseAccess, _ population: Population
    ) async throws {
        database = Database(access.writer, settings: .init(maxConnections: 1))
        key = try KeyFile.load(service.directory.serviceKey)
        self.population = population
        let (last, rows) = try await database.read { db in
            (
                try db.one(
                    "SELECT bytes FROM audit.entry ORDER BY id DESC LIMIT 1", as: [UInt8].self),
                try db.all("SELECT name, seq FROM registry.subject", as: (String, Int64).self)
            )
        }
        model = try Entry(parsing: SignedEntry(parsing: last).payload)
        numbers = Dictionary(rows, uniquingKeysWith: { first, _ in first })
    }

    /// Writes until the log has `total` entries, and waits until all have their places.
    mutating func fill(to total: Int) async throws {
        var size = try await database.read { db in
            Int(try db.one("SELECT count(*) FROM audit.entry", as: Int64.self))
        }
        while size < total {
            let count = min(Self.batch, total - size)
            try await write(count)
            size += count
        }
        for _ in 0..<6_000 {
            let integrated = try await database.read { db in
                Int(try db.one("SELECT size FROM audit.head", as: Int64.self))
            }
            if integrated >= size {
                await database.closeIdle()
                return
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Failure("the sequencer did not integrate \(size) entries in time")
    }

    /// Fills the queue and nothing else: entries of which no other table knows.
    mutating func queue(_ count: Int) async throws {
        var rest = count
        while rest > 0 {
            let now = Timestamp(milliseconds: Clock.milliseconds)
            let payloads = (0..<min(rest, 2_000)).map { _ in makeEntry(now).canonicalBytes }
            try await insert([], SignedEntry.sign(payloads, with: key))
            rest -= payloads.count
        }
        await database.closeIdle()
    }

    private mutating func write(_ count: Int) async throws {
        let now = Timestamp(milliseconds: Clock.milliseconds)
        var statements: [SQL] = []
        var payloads: [[UInt8]] = []
        for _ in 0..<count {
            let entry = makeEntry(now)
            statements += Projection.statements(for: entry)
            payloads.append(entry.canonicalBytes)
        }
        var signed: [[UInt8]] = []
        for start in stride(from: 0, to: count, by: Self.group) {
            let part = payloads[start..<min(start + Self.group, count)]
            signed += try SignedEntry.sign(Array(part), with: key)
        }
        try await insert(statements, signed)
    }

    private func insert(_ projections: [SQL], _ entries: [[UInt8]]) async throws {
        try await database.write { db in
            try db.executeBatch(projections)
            try db.execute(
                """
                WITH e AS (
                    INSERT INTO audit.entry (bytes)
                    SELECT bytes FROM unnest(\(entries)) WITH ORDINALITY AS one (bytes, place)
                    ORDER BY place RETURNING id)
                INSERT INTO audit.pending (entry_id) SELECT id FROM e
                """)
        }
    }

    private mutating func makeEntry(_ now: Timestamp) -> Entry {
        let version = dice.pick(from: population.versions)
        let actor = dice.pick(from: population.principals)
        let (written, read) = ("version/\(version)", "principal/\(actor)")
        let number = (numbers[written] ?? 0) + 1
        numbers[written] = number
        return Entry(
            actor: actor, configuration: model.configuration, documents: [], idempotency: nil,
            event: .versionSuspended(
                VersionSuspended(
                    version: version, restriction: "s-" + Hex.encode(Random.bytes(12)),
                    reason: AppendBenchmark.reason)),
            origin: model.origin, policy: model.policy,
            request: "bench-" + Hex.encode(Random.bytes(8)),
            subjects: [
                written: .init(seq: number, wrote: true),
                read: .init(seq: numbers[read] ?? 0, wrote: false),
            ], time: now)
    }
}

// log.append.*: governed writes through HTTP with awaited receipts, beside pgbench.
//
// The write is a suspension: the cheapest governed act that goes through everything (authentication,
// locks, load, decision, projection, signed entry, place in the tree, signed checkpoint, receipt)
// and that may be repeated on the same version for ever.

import CanonicalJSON
import Database
import Glibc
import Governance
import Registry

/// Writes per second, latencies and CPU time.
enum AppendBenchmark {
    static let names = [
        "log.append.vs_pgbench", "log.append.p50_vs_pgbench", "log.append.p99_vs_pgbench",
        "log.append.cpu_vs_pgbench",
    ]
    /// The same with every flush of both servers made a millisecond longer.
    static let slowNames = names.map { "log.append.flush_1ms." + $0.dropFirst("log.append.".count) }
    static let clients = 32
    static let reason = "Drift in production beyond the agreed bound."

    static func run(_ options: Options, _ scratch: Scratch) async throws -> [Comparison] {
        let folder = try scratch.folder("append")
        let service = try ServiceUnderTest(options, in: folder)
        defer {
            service.stop()
            scratch.remove("append")
        }
        let population = try Population(service, options)
        let access = try await service.access()
        guard let cluster = access.cluster else { throw Failure("no private PostgreSQL") }
        let requests = requests(population)
        // Once each, unmeasured: connections open, statements prepared, caches warm. Ours comes
        // first, so that every version has its row in `subject` when the tables are copied.
        _ = try Load.run(port: service.port, requests: requests, seconds: 2)
        let peer = try await PgBench(copying: cluster, in: scratch.folder("append/peer"))
        defer { peer.stop() }
        _ = try service.paused { try peer.run(clients: clients, seconds: 2) }

        var comparisons: [Comparison] = []
        for (names, delay) in [(names, 0), (slowNames, 1_000)] {
            guard names.contains(where: { options.wants($0) }) else { continue }
            // PostgreSQL's own knob: whoever flushes for a group of commits sleeps so long first.
            try PgBench.delayFlushes(cluster, microseconds: delay)
            try peer.delayFlushes(microseconds: delay)
            if delay > 0 { say("every flush is made \(delay) µs longer on both servers:") }
            comparisons += try await takeTurns(service, cluster, peer, requests, options, names)
        }
        let peak = Double(service.peakBytes) / Double(1 << 20)
        let shared = try await actsPerTransaction(access)
        say(
            "peak resident memory of the service: \(peak.fixed(1)) MiB; acts in a transaction: "
                + shared.fixed(1))
        return comparisons
    }

    /// How many acts shared a transaction, and with it a signature: the mean of the last ones.
    private static func actsPerTransaction(_ access: DatabaseAccess) async throws -> Double {
        let database = Database(access.writer, settings: .init(maxConnections: 1))
        let (acts, transactions) = try await database.read { db in
            try db.one(
                """
                SELECT count(*), count(DISTINCT xmin::text)
                FROM (SELECT xmin FROM audit.entry ORDER BY id DESC LIMIT 5000) AS last
                """, as: (Int64, Int64).self)
        }
        await database.closeIdle()
        return Double(acts) / Double(max(1, transactions))
    }

    private static func takeTurns(
        _ service: ServiceUnderTest, _ cluster: PrivateCluster, _ peer: PgBench,
        _ requests: [[[UInt8]]], _ options: Options, _ names: [String]
    ) async throws -> [Comparison] {
        var ours: [Ours] = []
        var theirs: [PgBenchResult] = []
        for _ in 0..<options.pairs {
            try await PgBench.settle(cluster)
            let own = try measure(service, requests, options.seconds)
            ours.append(own)
            say(own.line)
            try await peer.settle()
            let other = try service.paused {
                try peer.run(clients: clients, seconds: options.seconds)
            }
            theirs.append(other)
            say(line(other))
        }
        func compare(
            _ name: String, _ unit: String, _ a: (Ours) -> Double, _ b: (PgBenchResult) -> Double
        ) -> Comparison {
            Comparison(name: name, unit: unit, ours: ours.map(a), peer: theirs.map(b))
        }
        return [
            compare(names[0], "writes/s", { $0.load.rate }, { $0.rate }),
            compare(
                names[1], "s", { $0.load.latencies.percentile(0.5) },
                { $0.latencies.percentile(0.5) }),
            compare(
                names[2], "s", { $0.load.latencies.percentile(0.99) },
                { $0.latencies.percentile(0.99) }),
            compare(names[3], "CPU s/write", { $0.cpuPerWrite }, { $0.cpuPerTransaction }),
        ]
    }

    /// Each client has two models of its own, so that no two wait for one another's lock, and any
    /// of the people: the same for pgbench.
    static func requests(_ population: Population) -> [[[UInt8]]] {
        let body = JSON.object(["reason": .string(reason)]).canonicalBytes
        return (0..<clients).map { client in
            stride(from: client, to: Population.count, by: clients).flatMap { number in
                let version = population.versions[number]
                let (model, number) = (version.model, version.number)
                let path =
                    "/api/v1/namespaces/\(model.namespace)/models/\(model.name)"
                    + "/versions/\(number)/suspension"
                return population.tokens.map {
                    Wire.request("POST", path, token: $0, body: body)
                }
            }
        }
    }

    /// One run of ours.
    private struct Ours {
        let load: LoadResult
        let serviceSeconds: Double
        let postgresSeconds: Double

        var cpuPerWrite: Double { (serviceSeconds + postgresSeconds) / Double(load.answered) }

        var line: String {
            let milliseconds = load.latencies.map { $0 * 1e3 }
            let perWrite = 1e6 / Double(load.answered)
            return """
                ours  \(load.rate.fixed(0))/s  p50 \(milliseconds.percentile(0.5).short) ms  \
                p99 \(milliseconds.percentile(0.99).short) ms  CPU per write \
                \((cpuPerWrite * 1e6).fixed(0)) µs (service \
                \((serviceSeconds * perWrite).fixed(0)), PostgreSQL \
                \((postgresSeconds * perWrite).fixed(0))); load generator \
                \((load.generatorSeconds * perWrite).fixed(0)) µs beside it
                """
        }
    }

    private static func line(_ peer: PgBenchResult) -> String {
        let milliseconds = peer.latencies.map { $0 * 1e3 }
        let perWrite = 1e6 / Double(peer.transactions)
        return """
            peer  \(peer.rate.fixed(0))/s  p50 \(milliseconds.percentile(0.5).short) ms  \
            p99 \(milliseconds.percentile(0.99).short) ms  CPU per write \
            \((peer.cpuPerTransaction * 1e6).fixed(0)) µs (pgbench \
            \((peer.clientSeconds * perWrite).fixed(0)), PostgreSQL \
            \((peer.serverSeconds * perWrite).fixed(0)))
            """
    }

    private static func measure(
        _ service: ServiceUnderTest, _ requests: [[[UInt8]]], _ seconds: Int
    ) throws -> Ours {
        let before = try service.cpuSeconds()
        let load = try Load.run(port: service.port, requests: requests, seconds: seconds)
        let after = try service.cpuSeconds()
        // 202 is a write whose receipt came too late: it is not counted
        let late = load.statuses[202] ?? 0
        if late > 0 { say("      \(late) of \(load.answered) receipts were late (202)") }
        let others = load.statuses.filter { $0.key != 201 && $0.key != 202 }
        guard others.isEmpty else { throw Failure("refused writes: \(others)") }
        return Ours(
            load: load, serviceSeconds: after.service - before.service,
            postgresSeconds: after.postgres - before.postgres)
    }

    /// Writes a file that anybody may read.
    static func write(_ text: String, to path: String) throws {
        try File.replace(path, with: Array(text.utf8), mode: 0o644)
    }
}

// log.bulk.*: governed writes, many in one request, beside the same writes one by one.
//
// Both rates are of entries that have their place in the log: the time runs until the queue is empty.

import CanonicalJSON
import Cryptography
import Database
import Glibc
import Governance
import Registry

/// Entries per second through `POST /api/v1/bulk`.
enum BulkBenchmark {
    static let names = ["log.bulk.vs_single", "log.bulk.cpu_vs_single"]
    /// Requests at a time, and commands in each.
    private static let clients = 4
    private static let commands = 250

    static func run(_ options: Options, _ scratch: Scratch) async throws -> [Comparison] {
        let folder = try scratch.folder("bulk")
        let service = try ServiceUnderTest(options, in: folder)
        defer {
            service.stop()
            scratch.remove("bulk")
        }
        let population = try Population(service, options)
        let access = try await service.access()
        guard let cluster = access.cluster else { throw Failure("no private PostgreSQL") }
        let bulk = requests(population)
        let single = AppendBenchmark.requests(population)
        try check(service, bulk[0][0])
        _ = try Load.run(port: service.port, requests: single, seconds: 1)
        _ = try Load.run(port: service.port, requests: bulk, seconds: 1, wanted: 200)
        var ours: [Run] = []
        var theirs: [Run] = []
        for _ in 0..<options.pairs {
            try await PgBench.settle(cluster)
            ours.append(try await measure("bulk  ", service, access, bulk, 200, options.seconds))
            try await PgBench.settle(cluster)
            theirs.append(
                try await measure("single", service, access, single, 201, options.seconds))
        }
        return [
            Comparison(
                name: names[0], unit: "entries/s", ours: ours.map(\.rate), peer: theirs.map(\.rate)),
            Comparison(
                name: names[1], unit: "CPU s/entry", ours: ours.map(\.cpuPerEntry),
                peer: theirs.map(\.cpuPerEntry)),
        ]
    }

    private struct Run {
        let rate: Double
        let cpuPerEntry: Double
    }

    /// Suspensions by turns of the versions that are the client's own.
    private static func requests(_ population: Population) -> [[[UInt8]]] {
        let body: JSON = ["reason": .string(AppendBenchmark.reason)]
        return (0..<clients).map { client in
            let own = stride(from: client, to: Population.count, by: clients).map {
                population.versions[$0]
            }
            return (0..<8).map { turn in
                let list = (0..<commands).map { number -> JSON in
                    let version = own[number % own.count]
                    let path =
                        "/api/v1/namespaces/\(version.model.namespace)/models/"
                        + "\(version.model.name)/versions/\(version.number)/suspension"
                    return ["path": .string(path), "body": body]
                }
                return Wire.request(
                    "POST", "/api/v1/bulk", token: population.tokens[client * 8 + turn],
                    body: JSON.object(["commands": .array(list)]).canonicalBytes)
            }
        }
    }

    /// Every command of a request is carried out.
    private static func check(_ service: ServiceUnderTest, _ request: [UInt8]) throws {
        let answer = try Wire(port: service.port).exchange(request)
        let json = try JSON(parsing: answer.body, limits: .init(bytes: 64 << 20))
        let statuses = (json["results"]?.array ?? []).compactMap { $0["status"]?.integer }
        guard answer.status == 200, statuses == Array(repeating: 202, count: commands) else {
            let text = String(decoding: answer.body.prefix(600), as: UTF8.self)
            throw Failure("bulk: \(answer.status) \(text)")
        }
    }

    private static func measure(
        _ name: String, _ service: ServiceUnderTest, _ access: DatabaseAccess,
        _ requests: [[[UInt8]]], _ wanted: Int, _ seconds: Int
    ) async throws -> Run {
        let database = Database(access.writer, settings: .init(maxConnections: 1))
        let before = try await size(database)
        let cpuBefore = try service.cpuSeconds()
        let start = Clock.now
        let load = try Load.run(
            port: service.port, requests: requests, seconds: seconds, wanted: wanted)
        while try await isPending(database) { usleep(2_000) }
        let elapsed = Clock.now - start
        let cpuAfter = try service.cpuSeconds()
        let entries = Double(try await size(database) - before)
        await database.closeIdle()
        let own = cpuAfter.service - cpuBefore.service
        let postgres = cpuAfter.postgres - cpuBefore.postgres
        let milliseconds = load.latencies.map { $0 * 1e3 }
        say(
            """
            \(name)  \((entries / elapsed).fixed(0)) entries/s  a request p50 \
            \(milliseconds.percentile(0.5).short) ms  p99 \(milliseconds.percentile(0.99).short) ms  \
            CPU per entry \(((own + postgres) / entries * 1e6).fixed(0)) µs (service \
            \((own / entries * 1e6).fixed(0)), PostgreSQL \((postgres / entries * 1e6).fixed(0))); \
            load generator \((load.generatorSeconds / entries * 1e6).fixed(0)) µs beside it
            """)
        return Run(rate: entries / elapsed, cpuPerEntry: (own + postgres) / entries)
    }

    private static func size(_ database: Database) async throws -> Int64 {
        try await database.read { try $0.one("SELECT size FROM audit.head", as: Int64.self) }
    }

    private static func isPending(_ database: Database) async throws -> Bool {
        try await database.read {
            try $0.one("SELECT EXISTS (SELECT FROM audit.pending)", as: Bool.self)
        }
    }
}

// log.integrate.vs_copy: a full queue taken into the tree, beside COPY into a table like audit.leaf.

import Database
import Glibc
import Registry

/// Entries integrated in a second.
enum IntegrateBenchmark {
    static let names = ["log.integrate.vs_copy"]

    static func run(_ options: Options, _ scratch: Scratch) async throws -> [Comparison] {
        let folder = try scratch.folder("integrate")
        let service = try ServiceUnderTest(options, in: folder)
        defer {
            service.stop()
            scratch.remove("integrate")
        }
        let access = try await service.access()
        guard let cluster = access.cluster else { throw Failure("no private PostgreSQL") }
        var preload = try await Preload(service, access, Population(service, options))
        let start = Clock.now
        service.suspend()
        do {
            try await preload.queue(options.queue)
        } catch {
            service.resume()
            throw error
        }
        say("\(options.queue) entries queued in \((Clock.now - start).fixed(1)) s")
        try await PgBench.settle(cluster)
        let own = try await integrate(service, access, options.queue)
        say("ours  \(own.fixed(0)) entries/s")
        var copies: [Double] = []
        for _ in 0..<options.pairs {
            let rate = try service.paused { try copy(cluster, folder, options.queue) }
            say("COPY  \(rate.fixed(0)) rows/s")
            copies.append(rate)
        }
        return [Comparison(name: names[0], unit: "entries/s", ours: [own], peer: copies)]
    }

    /// From the moment the service goes on until every entry is under a signed checkpoint.
    private static func integrate(
        _ service: ServiceUnderTest, _ access: DatabaseAccess, _ count: Int
    ) async throws -> Double {
        let database = Database(access.writer, settings: .init(maxConnections: 1))
        let goal = try await database.read { db in
            try db.one(
                """
                SELECT h.size + (SELECT count(*) FROM audit.pending) FROM audit.head h
                """, as: Int64.self)
        }
        let start = Clock.now
        service.resume()
        while true {
            let size = try await database.read { db in
                try db.one("SELECT coalesce(max(size), 0) FROM audit.checkpoint", as: Int64.self)
            }
            if size >= goal { break }
            guard Clock.now - start < 900 else { throw Failure("only \(size) after 15 minutes") }
            usleep(10_000)
        }
        let rate = Double(count) / (Clock.now - start)
        await database.closeIdle()
        return rate
    }

    /// The same rows into a table with the columns, constraints and indexes of audit.leaf.
    private static func copy(
        _ cluster: PrivateCluster, _ folder: String, _ count: Int
    ) throws -> Double {
        let file = folder + "/leaf.copy"
        let psql =
            ["psql", "-q", "-v", "ON_ERROR_STOP=1"] + cluster.superuserAddress
            + [PrivateCluster.databaseName]
        try Program.run(
            psql + [
                "-c",
                "\\copy (SELECT * FROM audit.leaf ORDER BY index DESC LIMIT \(count)) TO '\(file)'"
                    + " (FORMAT binary)",
                "-c", "CREATE TABLE IF NOT EXISTS public.copied (LIKE audit.leaf INCLUDING ALL)",
                "-c", "TRUNCATE public.copied", "-c", "CHECKPOINT",
            ])
        let finished = try Program.run(
            psql + ["-c", "\\copy public.copied FROM '\(file)' (FORMAT binary)"])
        return Double(count) / finished.wallSeconds
    }
}

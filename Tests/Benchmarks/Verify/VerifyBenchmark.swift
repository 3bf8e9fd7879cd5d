// log.verify.*: `imprimatur audit verify` over a whole log, beside plain SHA-256 of the same bytes.

import Cryptography
import Database
import Glibc
import Registry

/// Entries verified in a second.
enum VerifyBenchmark {
    static let names = ["log.verify.vs_sha256", "log.verify.vs_openssl_stream"]

    static func run(_ options: Options, _ scratch: Scratch) async throws -> [Comparison] {
        let folder = try scratch.folder("verify")
        let service = try ServiceUnderTest(options, in: folder)
        defer {
            service.stop()
            scratch.remove("verify")
        }
        let access = try await service.access()
        guard let cluster = access.cluster else { throw Failure("no private PostgreSQL") }
        var preload = try await Preload(service, access, Population(service, options))
        let start = Clock.now
        try await preload.fill(to: options.entries)
        let entries = try await load(access)
        let bytes = entries.reduce(0) { $0 + $1.count }
        say(
            "\(entries.count) entries, \(bytes >> 20) MiB, preloaded in "
                + "\((Clock.now - start).fixed(1)) s")
        try await PgBench.settle(cluster)
        return try service.paused { try measure(options, service, cluster, entries) }
    }

    private static func load(_ access: DatabaseAccess) async throws -> [[UInt8]] {
        let database = Database(access.writer, settings: .init(maxConnections: 1))
        let entries = try await database.read { db in
            try db.all("SELECT bytes FROM audit.entry ORDER BY id", as: [UInt8].self)
        }
        await database.closeIdle()
        return entries
    }

    private static func measure(
        _ options: Options, _ service: ServiceUnderTest, _ cluster: PrivateCluster,
        _ entries: [[UInt8]]
    ) throws -> [Comparison] {
        var ours: [Double] = []
        var hashing: [Double] = []
        var streaming: [Double] = []
        let verify = [options.binary, "audit", "verify", "--data-dir", service.directory.path]
        // unmeasured: the pages come into memory
        try Program.run(verify)
        for _ in 0..<options.pairs {
            let verified = try Program.run(verify)
            ours.append(verified.wallSeconds)
            hashing.append(hash(entries))
            streaming.append(try stream(cluster))
            say(
                """
                ours  \(verified.wallSeconds.fixed(2)) s, CPU \(verified.cpuSeconds.fixed(2)) s, \
                peak memory \(verified.peakBytes >> 20) MiB; SHA-256 alone \
                \(hashing[hashing.count - 1].short) s; COPY into openssl \
                \(streaming[streaming.count - 1].fixed(2)) s
                """)
        }
        let count = Double(entries.count)
        return [
            Comparison(
                name: names[0], unit: "entries/s", ours: ours.map { count / $0 },
                peer: hashing.map { count / $0 }),
            Comparison(name: names[1], unit: "s", ours: ours, peer: streaming),
        ]
    }

    /// Seconds for one digest over all bytes in memory, one core: the least that can be done.
    private static func hash(_ entries: [[UInt8]]) -> Double {
        let start = Clock.now
        var hasher = SHA256Hasher()
        for entry in entries { hasher.update(entry) }
        let digest = hasher.finalize()
        let seconds = Clock.now - start
        precondition(digest != .zero)
        return seconds
    }

    /// Seconds to stream the rows of the entries out of PostgreSQL into `openssl dgst`.
    private static func stream(_ cluster: PrivateCluster) throws -> Double {
        let copy =
            "COPY (SELECT id, bytes, leaf_hash FROM audit.entry ORDER BY id) TO STDOUT"
            + " (FORMAT binary)"
        let address = cluster.superuserAddress.joined(separator: " ")
        let database = PrivateCluster.databaseName
        return try Program.run([
            "sh", "-c", "psql -q -c '\(copy)' \(address) \(database) | openssl dgst -sha256",
        ]).wallSeconds
    }
}

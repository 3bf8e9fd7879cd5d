// The peer: pgbench with the same statements in the same round trips, on a PostgreSQL of its own.
//
// Its server has the configuration of the service's (the same code writes both), its tables are a
// dump of the service's own schema `registry` with its rows, its user and connection are of the same
// kind. What it lacks is what the product adds: HTTP, authentication, signatures, the tables of the
// log, and the sequencer.

import Database
import Glibc

/// What one run of pgbench showed.
struct PgBenchResult: Sendable {
    let rate: Double
    let transactions: Int
    /// Seconds of each transaction, ascending.
    let latencies: [Double]
    /// User and system seconds of pgbench, and of all processes of its PostgreSQL.
    let clientSeconds: Double
    let serverSeconds: Double

    var cpuPerTransaction: Double { (clientSeconds + serverSeconds) / Double(transactions) }
}

/// A PostgreSQL for pgbench.
final class PgBench {
    private let cluster: PrivateCluster
    private let folder: String
    private let log: String

    /// The governed write of this benchmark, a suspension: four round trips.
    ///
    /// They are those of `Writer.write` without its last statement, the entry: when that changes,
    /// this must follow. Two things differ, because pgbench binds only numbers and keeps no answer
    /// inside a pipeline: names are put together here, and the server adds 1 to the number it has.
    static let suspension = """
        \\set model :client_id + 32 * random(0, 1)
        \\set actor random(0, 63)
        \\set id random(1, 9000000000000000000)
        \\startpipeline
        BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
        SELECT name, seq FROM registry.subject
        WHERE name = ANY(ARRAY['principal/p-' || lpad(:actor, 16, '0')])
        ORDER BY name FOR SHARE;
        SELECT name, seq FROM registry.subject
        WHERE name = ANY(ARRAY['version/bench/model-' || :model || '@1'])
        ORDER BY name FOR UPDATE;
        \\endpipeline
        SELECT name, label, tier, state, card_statement, card_document, artifact_digest,
               manifest_document, signature_document, signature_key, submitter, person,
               request_id, request_nonce, policy, submitted_at
        FROM registry.version WHERE name = 'bench/model-' || :model || '@1';
        \\startpipeline
        INSERT INTO registry.subject (name, seq)
        SELECT * FROM unnest(ARRAY['version/bench/model-' || :model || '@1'],
                             ARRAY[1::bigint])
        ON CONFLICT (name) DO UPDATE SET seq = subject.seq + 1;
        INSERT INTO registry.restriction (id, version, kind, reason, actor, at)
        VALUES ('s-' || lpad(:id, 24, '0'), 'bench/model-' || :model || '@1', 'suspension',
                '\(AppendBenchmark.reason)', 'p-' || lpad(:actor, 16, '0'), now());
        \\endpipeline
        COMMIT;

        """

    /// Two commits on the row of one model, as a recorded decision of the gate makes them.
    static let twoCommits = """
        \\set id random(1, 9000000000000000000)
        BEGIN;
        UPDATE registry.subject SET seq = seq + 1 WHERE name = 'version/bench/model-0@1';
        COMMIT;
        BEGIN;
        INSERT INTO registry.restriction (id, version, kind, reason, actor, at)
        VALUES ('s-' || lpad(:id, 24, '0'), 'bench/model-0@1', 'suspension',
                '\(AppendBenchmark.reason)', 'p-0000000000000000', now());
        COMMIT;

        """

    /// Starts a server and copies the service's tables into it.
    init(copying service: PrivateCluster, in folder: String) async throws {
        self.folder = folder
        log = folder + "/pgbench.log"
        var settings = PrivateCluster.Settings(directory: folder + "/postgres")
        settings.durability = .full
        // an interrupted run leaves no server behind
        try ClusterGuardian.watch(settings.directory)
        cluster = try PrivateCluster.start(settings)
        do {
            try await cluster.createRoles()
            let dump = folder + "/registry.sql"
            let database = PrivateCluster.databaseName
            try Program.run(
                ["pg_dump", "--schema=registry", "--file=\(dump)"] + service.superuserAddress
                    + [database], log: log)
            try Program.run(
                ["psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", dump] + cluster.superuserAddress
                    + [database], log: log)
            try await Self.settle(cluster)
        } catch {
            stop()
            throw error
        }
    }

    /// Fresh statistics and no checkpoint due: the same for both before every run.
    static func settle(_ cluster: PrivateCluster) async throws {
        let database = PrivateCluster.databaseName
        for statement in ["VACUUM ANALYZE", "CHECKPOINT"] {
            try Program.run(
                ["psql", "-q", "-c", statement] + cluster.superuserAddress + [database])
        }
    }

    func settle() async throws { try await Self.settle(cluster) }

    /// Makes every flush of a server longer, as a slower disk would; 0 for as it is.
    static func delayFlushes(_ cluster: PrivateCluster, microseconds: Int) throws {
        let psql = ["psql", "-q"] + cluster.superuserAddress + [PrivateCluster.databaseName]
        for statement in [
            "ALTER SYSTEM SET commit_delay = \(microseconds)",
            "ALTER SYSTEM SET commit_siblings = \(microseconds == 0 ? 5 : 0)",
            "SELECT pg_reload_conf()",
        ] {
            try Program.run(psql + ["-c", statement])
        }
    }

    func delayFlushes(microseconds: Int) throws {
        try Self.delayFlushes(cluster, microseconds: microseconds)
    }

    /// Runs a script for some seconds with so many clients.
    func run(
        _ transaction: String = PgBench.suspension, clients: Int, seconds: Int
    ) throws -> PgBenchResult {
        let prefix = folder + "/transactions"
        let script = folder + "/transaction.sql"
        try AppendBenchmark.write(transaction, to: script)
        _ = try? Program.run(["sh", "-c", "rm -f \(prefix).*"])
        let threads = min(clients, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        let before = Processes.cpuSeconds(ofTree: cluster.processID)
        let finished = try Program.run(
            [
                "pgbench", "--no-vacuum", "--protocol=prepared", "--client=\(clients)",
                "--jobs=\(threads)", "--time=\(seconds)", "--file=\(script)", "--log",
                "--log-prefix=\(prefix)",
            ] + cluster.writerAddress + [PrivateCluster.databaseName], log: log)
        let server = Processes.cpuSeconds(ofTree: cluster.processID) - before
        let lines = finished.output.split(separator: "\n")
        func number(after label: String) -> Double? {
            let line = lines.first { $0.hasPrefix(label) }
            return line?.dropFirst(label.count).split(separator: " ").first.flatMap { Double($0) }
        }
        guard let rate = number(after: "tps = "),
            let count = number(after: "number of transactions actually processed: "),
            number(after: "number of failed transactions: ") ?? 0 == 0
        else { throw Failure("pgbench did not say how fast it was: \(finished.output)") }
        return PgBenchResult(
            rate: rate, transactions: Int(count), latencies: try latencies(prefix),
            clientSeconds: finished.cpuSeconds, serverSeconds: server)
    }

    /// Lines of "client transaction microseconds …" in one file for each thread.
    private func latencies(_ prefix: String) throws -> [Double] {
        let text = try Program.run(["sh", "-c", "cut -d' ' -f3 \(prefix).*"]).output
        return text.split(separator: "\n").compactMap { Double($0).map { $0 / 1e6 } }.sorted()
    }

    func stop() { _ = try? cluster.stop() }
}

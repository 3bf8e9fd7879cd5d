// gate.*: the deploy gate through HTTP, for a version with 50 evaluations and 20 approvals.
//
// A dry run stands beside /readyz of the same server, which asks the database one thing; a recorded
// decision, with its permit and its receipt, beside two commits of pgbench on the row of one model.

import Database
import Glibc
import Registry

/// Latencies of the gate.
enum GateBenchmark {
    static let names = ["gate.dry_run.p99_vs_readyz", "gate.recorded.p99_vs_two_commits"]
    /// Those who deploy at the same moment.
    static let clients = 2

    static func run(_ options: Options, _ scratch: Scratch) async throws -> [Comparison] {
        let folder = try scratch.folder("gate")
        let service = try ServiceUnderTest(options, in: folder)
        defer {
            service.stop()
            scratch.remove("gate")
        }
        let population = try Population(service, options)
        let judged = try JudgedModel(service, options)
        let access = try await service.access()
        guard let cluster = access.cluster else { throw Failure("no private PostgreSQL") }
        var preload = try await Preload(service, access, population)
        let start = Clock.now
        try await preload.fill(to: options.entries)
        say("the log has \(options.entries) entries, after \((Clock.now - start).short) s")
        let peer = try await PgBench(copying: cluster, in: scratch.folder("gate/peer"))
        defer { peer.stop() }
        try await PgBench.settle(cluster)
        try await peer.settle()

        var comparisons: [Comparison] = []
        let dry = judged.question(isDry: true)
        let ready = Wire.request("GET", "/readyz", token: "none")
        if options.wants(names[0]) {
            comparisons.append(
                try takeTurns(names[0], options) {
                    try ask(service, dry, options.seconds)
                } peer: {
                    try ask(service, ready, options.seconds)
                })
        }
        if options.wants(names[1]) {
            let recorded = judged.question(isDry: false)
            comparisons.append(
                try takeTurns(names[1], options) {
                    try ask(service, recorded, options.seconds)
                } peer: {
                    try service.paused {
                        try peer.run(
                            PgBench.twoCommits, clients: clients, seconds: options.seconds
                        ).latencies
                    }
                })
        }
        return comparisons
    }

    private static func takeTurns(
        _ name: String, _ options: Options, ours: () throws -> [Double],
        peer: () throws -> [Double]
    ) throws -> Comparison {
        // Once each, unmeasured.
        _ = try ours()
        _ = try peer()
        var own: [Double] = []
        var others: [Double] = []
        for _ in 0..<options.pairs {
            for (latencies, isOurs) in [(try ours(), true), (try peer(), false)] {
                let milliseconds = latencies.map { $0 * 1e3 }
                say(
                    "\(isOurs ? "ours" : "peer")  \(latencies.count) answers  "
                        + "p50 \(milliseconds.percentile(0.5).short) ms  "
                        + "p99 \(milliseconds.percentile(0.99).short) ms")
                if isOurs {
                    own.append(latencies.percentile(0.99))
                } else {
                    others.append(latencies.percentile(0.99))
                }
            }
        }
        return Comparison(name: name, unit: "s", ours: own, peer: others)
    }

    /// Seconds of each answer; every one has to be a yes.
    private static func ask(
        _ service: ServiceUnderTest, _ request: [UInt8], _ seconds: Int
    ) throws -> [Double] {
        let before = try service.cpuSeconds()
        let load = try Load.run(
            port: service.port, requests: Array(repeating: [request], count: clients),
            seconds: seconds, wanted: 200)
        guard load.statuses.keys.allSatisfy({ $0 == 200 }) else {
            throw Failure("refused: \(load.statuses)")
        }
        let after = try service.cpuSeconds()
        let each = 1e3 / Double(max(1, load.answered))
        say(
            "      CPU per answer: service \(((after.service - before.service) * each).short) ms, "
                + "PostgreSQL \(((after.postgres - before.postgres) * each).short) ms")
        return load.latencies
    }
}

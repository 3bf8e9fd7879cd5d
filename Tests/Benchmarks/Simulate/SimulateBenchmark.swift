// policy.simulate.vs_recording: another pack over everything that was decided, beside recording it.
//
// The record is made first, through HTTP by 32 clients, each answer awaited until its receipt is there: half
// of the questions are run permits for versions that are approved and run (allowed, with an evaluation and
// two approvals among the facts), half deployments of versions that nobody has approved (denied). Then
// `imprimatur policy simulate` goes over all of it from its start to its exit code, with a pack that has
// one more rule, and with the pack that decided, which must come to the same bytes everywhere.

import CanonicalJSON
import Glibc
import Registry

/// Decisions simulated per second, beside decisions recorded per second.
enum SimulateBenchmark {
    static let names = ["policy.simulate.vs_recording", "policy.replay.vs_recording"]

    static func run(_ options: Options, _ scratch: Scratch) async throws -> [Comparison] {
        let folder = try scratch.folder("simulate")
        let service = try ServiceUnderTest(options, in: folder)
        defer {
            service.stop()
            scratch.remove("simulate")
        }
        let recorded = try record(JudgedFleet(service, options).questions, service, options)
        let access = try await service.access()
        guard let cluster = access.cluster else { throw Failure("no private PostgreSQL") }
        try await PgBench.settle(cluster)
        let other = try otherPack(options, in: folder)
        let same = options.repository + "/policies"
        return try service.paused {
            var simulated: [Double] = []
            var replayed: [Double] = []
            for _ in 0..<options.pairs {
                simulated.append(try simulate(other, service, options, isOther: true))
                replayed.append(try simulate(same, service, options, isOther: false))
            }
            return zip(names, [simulated, replayed]).map { name, ours in
                Comparison(name: name, unit: "decisions/s", ours: ours, peer: recorded)
            }
        }
    }

    /// Decisions recorded per second, of each run, until there are as many as are asked for.
    private static func record(
        _ requests: [[[UInt8]]], _ service: ServiceUnderTest, _ options: Options
    ) throws -> [Double] {
        // Unmeasured: connections open, statements prepared, caches warm.
        var count = try Load.run(port: service.port, requests: requests, seconds: 2, wanted: 200)
            .answered
        var rates: [Double] = []
        while count < options.decisions || rates.isEmpty {
            let load = try Load.run(
                port: service.port, requests: requests, seconds: options.seconds, wanted: 200)
            let others = load.statuses.filter { $0.key != 200 && $0.key != 202 }
            guard others.isEmpty, load.completed > 0 else {
                throw Failure("refused: \(load.statuses)")
            }
            count += load.answered
            rates.append(load.rate)
            say("recorded  \(load.rate.fixed(0))/s at \(requests.count) clients, \(count) by now")
        }
        return rates
    }

    /// Decisions per second of one simulation.
    private static func simulate(
        _ pack: String, _ service: ServiceUnderTest, _ options: Options, isOther: Bool
    ) throws -> Double {
        let finished = try Program.run(
            [
                options.binary, "policy", "simulate", "--pack", pack, "--data-dir",
                service.directory.path, "--json",
            ], accepting: isOther ? [1] : [0])
        let answer = try JSON(parsing: Array(finished.output.utf8), limits: .init(bytes: 1 << 30))
        func count(_ name: String) -> Int { answer[name]?.integer.map { Int($0) } ?? 0 }
        let (decisions, identical) = (count("decisions"), count("identical"))
        let flips = answer["flips"]?.array?.count ?? 0
        guard answer["unusable"] == [], decisions >= options.decisions,
            isOther ? flips > 0 : identical == decisions
        else { throw Failure("\(identical) of \(decisions) replayed alike, \(flips) flips") }
        let rate = Double(decisions) / finished.wallSeconds
        say(
            """
            \(isOther ? "simulated" : "replayed ")  \(rate.fixed(0))/s: \(decisions) decisions, \
            \(flips) flips, \(identical) the same byte for byte; \
            \(finished.wallSeconds.fixed(1)) s, CPU \(finished.cpuSeconds.fixed(1)) s, peak memory \
            \(finished.peakBytes >> 20) MiB
            """)
        return rate
    }

    /// The pack in force with one rule more, which denies what one model was allowed.
    private static func otherPack(_ options: Options, in folder: String) throws -> String {
        let pack = folder + "/pack"
        try Program.run(["cp", "-r", options.repository + "/policies", pack])
        let path = pack + "/gates/deploy.yaml"
        let gate = String(decoding: try File.read(path, limit: 1 << 20), as: UTF8.self)
        let rule = """
              - id: DEP-901
                title: The first model stays at home
                mode: enforce
                condition: model != "\(try Population.model(0))"
                reason: "{model} is not deployed"
                waivable: false

            """
        try AppendBenchmark.write(gate + rule, to: path)
        return pack
    }
}

// Measures what the product promises, beside what others do on the same machine in the same run.
//
//     imprimatur-bench [PREFIX] [--only PREFIX] [--binary FILE] [--output FILE] [--pairs N]
//         [--seconds N] [--entries N] [--decisions N] [--queue N] [--picture FILE]
//         [--scratch DIR] [--peers DIR] [--repository DIR]
//
// Every comparison runs ours, peer, ours, peer … and reports medians. docs/reference/benchmarks.md
// says what each one measures and what it leaves out.

import Glibc

/// The benchmark program.
@main
struct Bench {
    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        do {
            try await run(try Options(Array(CommandLine.arguments.dropFirst())))
        } catch let error as Usage {
            complain("error: \(error.message)")
            exit(64)
        } catch {
            complain("error: \(error)")
            exit(2)
        }
    }

    private static func run(_ options: Options) async throws {
        let suites = suites.filter { suite in suite.names.contains { options.wants($0) } }
        guard !suites.isEmpty else {
            let known = Self.suites.flatMap(\.names).joined(separator: ", ")
            throw Usage("no benchmark begins with \(options.only ?? ""): there are \(known)")
        }
        let scratch = try Scratch(in: options.scratch)
        defer { scratch.remove() }
        let machine = try Machine.look(at: scratch.path)
        say(machine.text)
        var comparisons: [Comparison] = []
        var failures: [String] = []
        for suite in suites {
            say("\n\(suite.title)")
            do {
                let measured = try await suite.run(options, scratch)
                comparisons += measured.filter { options.wants($0.name) }
            } catch {
                failures.append("\(suite.names[0]): \(error)")
                complain("error: \(suite.title): \(error)")
            }
        }
        say("\n" + Comparison.table(comparisons))
        try Report.write(comparisons, to: options.output)
        guard failures.isEmpty else { throw Failure("not measured: \(failures)") }
    }

    private struct Suite: Sendable {
        let title: String
        let names: [String]
        let run: @Sendable (Options, Scratch) async throws -> [Comparison]
    }

    private static let suites: [Suite] = [
        Suite(
            title: "Governed writes through HTTP with awaited receipts, beside pgbench",
            names: AppendBenchmark.names + AppendBenchmark.slowNames,
            run: AppendBenchmark.run),
        Suite(
            title: "Many governed writes in one request", names: BulkBenchmark.names,
            run: BulkBenchmark.run),
        Suite(
            title: "Integrating a full queue, beside COPY", names: IntegrateBenchmark.names,
            run: IntegrateBenchmark.run),
        Suite(
            title: "Inclusion proofs from tiles", names: ProofBenchmark.names,
            run: ProofBenchmark.run),
        Suite(
            title: "Verifying a whole log", names: VerifyBenchmark.names, run: VerifyBenchmark.run),
        Suite(
            title: "The deploy gate through HTTP, beside /readyz and pgbench",
            names: GateBenchmark.names, run: GateBenchmark.run),
        Suite(
            title: "Decisions of the deploy gate, beside cel-python and Cedar",
            names: PolicyBenchmark.names, run: PolicyBenchmark.run),
        Suite(
            title: "Simulating a pack over what was decided, beside recording it",
            names: SimulateBenchmark.names, run: SimulateBenchmark.run),
        Suite(
            title: "Verifying model signatures, beside model-signing and openssl",
            names: ArtifactBenchmark.names, run: ArtifactBenchmark.run),
    ]
}

/// Writes a line to standard output at once.
func say(_ line: String) { put(line, 1) }

/// Writes a line to standard error.
func complain(_ line: String) { put(line, 2) }

private func put(_ line: String, _ descriptor: Int32) {
    var rest = Array((line + "\n").utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
    }
}

/// A command line that cannot be followed.
struct Usage: Error {
    let message: String
    init(_ message: String) { self.message = message }
}

/// Why something was not measured.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

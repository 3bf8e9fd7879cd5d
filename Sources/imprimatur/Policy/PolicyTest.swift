// `imprimatur policy test` and `policy coverage`: does a pack decide what its tests say, and what have
// they met of it?

internal import ArgumentParser
internal import CanonicalJSON
internal import Governance
internal import OfflineCommands

/// Runs the tests of a pack.
struct PolicyTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Run a policy pack's tests.",
        discussion: """
            The tests are the YAML files below tests/ in the pack's folder; they are no part of the pack. \
            Exit codes: 0 all as wanted, 1 not, 2 cannot be read, 64 usage.
            """)

    @Argument(help: "The pack's folder.")
    var folder: String

    @Option(
        help: ArgumentHelp(
            "Test this pack instead; - is the one in this binary.", valueName: "folder"))
    var pack: String?

    @OptionGroup var format: Format

    func run() throws {
        let pack = try PolicyFolder.pack(pack ?? folder)
        let results = try PolicyFolder.tests(folder).map { ($0, $0.differences(pack)) }
        let failed = results.filter { !$0.1.isEmpty }
        if format.json {
            Console.out([
                "tests": .integer(Int64(results.count)),
                "failed": .array(
                    failed.map { test, differences in
                        [
                            "file": .string(test.file), "name": .string(test.name),
                            "gate": .string(test.gate.rawValue),
                            "differences": .array(differences.map(JSON.string)),
                        ]
                    }),
            ])
        } else {
            for (test, differences) in failed {
                Console.out("\(test.file): \(test.gate.rawValue) \(test.name)")
                for difference in differences { Console.out("  - \(difference)") }
            }
            Console.out("\(results.count) tests, \(failed.count) failed")
        }
        guard failed.isEmpty else { throw ExitCode.no }
    }
}

/// Names what the tests of a pack have not met.
struct PolicyCoverage: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coverage", abstract: "Name every part of a policy pack that no test has met.",
        discussion: """
            Every check, and every part of every condition, must be seen to hold and to fail. Exit codes: 0 \
            complete, 1 not, 2 cannot be read, 64 usage.
            """)

    @Argument(help: "The pack's folder.")
    var folder: String

    @OptionGroup var format: Format

    func run() throws {
        let coverage = PackCoverage(
            of: try PolicyFolder.pack(folder), by: try PolicyFolder.tests(folder))
        if format.json {
            Console.out(coverage.json)
        } else {
            for part in coverage.parts where !part.isCovered {
                let seen = part.held ? "never failed" : part.failed ? "never held" : "never met"
                Console.out("\(part.rule): \(seen): \(part.text)")
            }
            Console.out(
                "\(coverage.covered) of \(coverage.parts.count) parts seen to hold and to fail")
        }
        guard coverage.isComplete else { throw ExitCode.no }
    }
}

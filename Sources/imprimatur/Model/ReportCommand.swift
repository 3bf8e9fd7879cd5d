// `imprimatur report`: the whole history of a model, and checking such a report offline.

internal import ArgumentParser
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands
internal import Registry

/// The commands about reports.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Make reports for auditors; check them offline.",
        subcommands: [ReportModel.self, ReportVerify.self])
}

/// Fetches the report of a model.
struct ReportModel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Report the whole history of a model.",
        discussion: "Exit codes: 0 written, 2 could not be asked, 64 usage.")

    @Argument(help: "The model, ns/name.", transform: Parse.model)
    var model: ModelName

    @Option(help: "html for people, json to be checked with `report verify`.", transform: Self.kind)
    var format = "html"

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("The file to write; else standard output.", valueName: "file"))
    var output: String?

    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let reply = try await service.client().get("\(model.address)/report?format=\(format)")
        guard let output else { return Console.out(bytes: reply.body) }
        try Files.write(output, reply.body)
        Console.out(output)
    }

    private static func kind(_ text: String) throws -> String {
        guard ["html", "json"].contains(text) else {
            throw ValidationError("--format is html or json.")
        }
        return text
    }
}

/// Checks a report in JSON with nothing but a trust root.
struct ReportVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check a report (JSON) offline, under a trust root.",
        discussion: """
            A report from a development root is refused unless --accept-development is given. Exit \
            codes: 0 it holds, 1 not, 2 could not decide, 64 usage.
            """)

    @Argument(help: "The report, as JSON.")
    var file: String

    @OptionGroup var root: RootOptions

    @Flag(help: "Accept a report from a development root.")
    var acceptDevelopment = false

    @OptionGroup var format: Format

    func run() async throws {
        let trust = try root.loadOffline()
        let report: JSON
        do {
            report = try JSON(
                parsing: Files.read(file, limit: ModelReport.limits.bytes),
                limits: ModelReport.limits)
        } catch let error as JSONError {
            throw CommandError("\(file) is no report: \(error)", code: .no)
        }
        let verdict = ReportCheck.check(
            report, root: trust, acceptingDevelopment: acceptDevelopment)
        if format.json {
            Console.out([
                "valid": .bool(verdict.holds), "digest": .string(verdict.digest.hex),
                "lines": .integer(Int64(verdict.lines)),
                "statements": .integer(Int64(verdict.statements)),
                "decisions": .integer(Int64(verdict.decisions)),
                "treeSize": .integer(verdict.treeSize),
                "completeBelow": .integer(verdict.completeBelow),
                "findings": .array(verdict.findings.map(\.json)),
            ])
        } else if verdict.holds {
            if trust.development { Console.warning("made under a development root") }
            Console.out(
                "valid: \(verdict.lines) lines, \(verdict.statements) statements, "
                    + "\(verdict.decisions) decisions, in a log of \(verdict.treeSize) entries\n"
                    + Self.completeness(of: report) + "\n"
                    + "digest \(verdict.digest)")
        } else {
            Console.error("The report does not hold.")
            for finding in verdict.findings { Console.note("  - \(finding)") }
        }
        guard verdict.holds else { throw ExitCode.no }
    }

    /// What the report says of its completeness, which was checked.
    private static func completeness(of report: JSON) -> String {
        let section = report["completeness"]
        return [section?["covers"]?.string, section?["doesNotCover"]?.string]
            .compactMap(\.self).joined(separator: "\n")
    }
}

// `imprimatur policy simulate`: what another pack would have decided.

internal import ArgumentParser
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands
internal import Registry

/// Decides what was decided again, with another pack.
struct PolicySimulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract:
            "Run a policy pack over every recorded decision; print every flip with its reason.",
        discussion: """
            Nothing is written. Give the service's data directory, or a report. Facts stay as they were \
            recorded, the tier and the missing fields of a card among them. Exit codes: 0 no flip, 1 flips, 2 \
            could not decide, 64 usage.
            """)

    @Option(
        help: ArgumentHelp(
            "The pack's folder; - is the pack in this binary.", valueName: "folder"))
    var pack: String

    @Option(help: ArgumentHelp("The service's data directory.", valueName: "dir"))
    var dataDir: String?

    @OptionGroup var urls: DatabaseURLs

    @Option(
        help: ArgumentHelp(
            "A report of a model instead of a service; its proofs are not looked at.",
            valueName: "file"))
    var report: String?

    @OptionGroup var format: Format

    func validate() throws {
        guard (report == nil) != (dataDir == nil) else {
            throw ValidationError("Give either --data-dir or --report.")
        }
    }

    func run() async throws {
        let pack = try PolicyFolder.pack(pack)
        let simulation: PackSimulation
        if let report {
            simulation = try PackSimulation(pack, over: try Self.document(report))
        } else {
            simulation = try await overService(pack)
        }
        Console.endProgress()
        if format.json {
            Console.out(simulation.json)
        } else {
            for flip in simulation.flips { Console.out(flip.lines.joined(separator: "\n")) }
            Console.out(
                "\(simulation.decisions) decisions, \(simulation.flips.count) flips, "
                    + "\(simulation.identical) made by this pack and the same byte for byte")
        }
        for message in simulation.unusable { Console.error(message) }
        guard simulation.unusable.isEmpty else { throw ExitCode.undecided }
        guard simulation.flips.isEmpty else { throw ExitCode.no }
    }

    private func overService(_ pack: PolicyPack) async throws -> PackSimulation {
        var arguments: [String] = ["--data-dir", dataDir ?? ""]
        for (option, value) in [
            ("--database-url", urls.databaseURL), ("--direct-url", urls.directURL),
            ("--administrator-url", urls.administratorURL),
        ] {
            if let value { arguments += [option, value] }
        }
        let database = try DatabaseOptions.parse(arguments)
        let history = try database.rootHistory()
        return try await database.withAccess { access in
            try await Auditing.simulate(
                pack, over: access.migrator, history: history, progress: AuditText.progress)
        }
    }

    static func document(_ path: String) throws -> JSON {
        let bytes = try Files.read(path, limit: ModelReport.limits.bytes)
        return try JSON(parsing: bytes, limits: ModelReport.limits)
    }
}

// `imprimatur witness`: a witness of transparency logs, and what belongs to one.

internal import ArgumentParser
internal import Registry

/// The commands of a witness; `serve` is meant when none is named.
struct WitnessCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "witness",
        abstract: "Be a witness: cosign checkpoints of logs that only ever grow.",
        discussion: """
            Speaks c2sp.org/tlog-witness. Needs no database: its state is one file for each log in \
            the data directory.
            """,
        subcommands: [WitnessServe.self, WitnessInit.self, WitnessAddLog.self],
        defaultSubcommand: WitnessServe.self)
}

/// `--data-dir` of a witness.
struct WitnessFolderOption: ParsableArguments {
    @Option(help: ArgumentHelp("The witness's folder.", valueName: "dir"))
    var dataDir: String

    /// The absolute path.
    var path: String { DataDirectory(path: dataDir).path }
}

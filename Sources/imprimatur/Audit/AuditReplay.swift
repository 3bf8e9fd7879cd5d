// `imprimatur audit replay`: are the tables what the log says?

internal import ArgumentParser
internal import CanonicalJSON
internal import Governance
internal import OfflineCommands
internal import Registry

/// Rebuilds the projections from the log and names every difference.
struct AuditReplay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Rebuild every table from the log; name every difference.",
        discussion: """
            Says nothing about the log itself: that does `audit verify`. Exit codes: 0 equal, 1 \
            different, 2 could not decide, 64 usage.
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(
        help: ArgumentHelp("Rely on this trust root instead of the service's.", valueName: "file"))
    var root: String?

    @Option(
        help: ArgumentHelp(
            "Begin with the rows in this file where the log has their digest; keep them there.",
            valueName: "file"))
    var state: String?

    @OptionGroup var format: Format

    func run() async throws {
        let trust = try root.map { RootHistory(try Files.root($0)) } ?? database.rootHistory()
        let state = state
        let report = try await database.withAccess { access in
            try await Auditing.replay(
                access.migrator, history: trust, state: state, progress: AuditText.progress)
        }
        Console.endProgress()
        if format.json { Console.out(report.json) } else { AuditText.describe(report) }
        guard report.isEqual else { throw ExitCode.no }
    }
}

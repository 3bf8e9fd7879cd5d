// `imprimatur root install`: puts the next version of the trust root in force.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import OfflineCommands
internal import Registry

/// Records a root in the log and puts it in the data directory.
struct RootInstall: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install", abstract: "Put the next version of the trust root in force.",
        discussion: """
            The root must be signed by the thresholds of the one in force and of its own. It counts from its \
            entry in the log on; running instances take it over from there. Keys that the directory holds \
            must be in it: replace them before a later version drops them. Exit codes: 0 installed, 2 not \
            installed, 64 usage.
            """)

    @Argument(help: "The root, signed by both thresholds.")
    var file: String

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var format: Format

    func run() async throws {
        let envelope = try Files.envelope(file)
        let directory = database.directory
        _ = try database.settings()
        let installed = try await database.withAccess { access in
            try await RootInstallation(
                directory: directory, access: access, clock: { SystemClock.now() }
            ).run(envelope)
        }
        if !installed.isNew { Console.note("the log named this root already") }
        if format.json {
            Console.out([
                "root": .string(installed.root.hex), "version": .integer(installed.version),
                "recorded": .bool(installed.isNew),
            ])
        } else {
            Console.out(
                "version \(installed.version) of the trust root is in force: \(installed.root)")
        }
    }
}

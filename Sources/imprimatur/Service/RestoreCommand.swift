// `imprimatur restore`: a backup into a new data directory, or into a scratch place to prove it.

internal import ArgumentParser
internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Glibc
internal import Governance
internal import OfflineCommands
internal import Registry

/// Restores a backup.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Restore a backup, or prove that it can be restored.",
        discussion: """
            Never over something that exists; the pin is left alone. With --drill: restored to a \
            scratch place, verified against the backup's own checkpoint, replayed, removed. Exit \
            codes: 0 restored, and the service may serve; with --drill, whole; 1 restored, but the \
            service will start halted; with --drill, not whole; 2 not restored; 64 usage.
            """)

    @Argument(help: "The backup's folder.")
    var source: String

    @Option(help: ArgumentHelp("The new data directory.", valueName: "dir"))
    var dataDir: String?

    @Flag(help: "Restore to a scratch place, verify, replay, remove.")
    var drill = false

    @Option(
        help: ArgumentHelp("Rely on this trust root instead of the backup's.", valueName: "file"))
    var root: String?

    @Option(
        help: ArgumentHelp(
            "A folder with keys kept elsewhere: log.pem, kek.", valueName: "dir"))
    var keys: String?

    @Option(help: ArgumentHelp("The pin that survived; else where it was.", valueName: "file"))
    var pin: String?

    @Option(
        help: ArgumentHelp(
            "Whom the private PostgreSQL runs as, when root starts it.", valueName: "user"))
    var postgresUser: String?

    @Option(
        help: ArgumentHelp(
            "An empty database elsewhere, as a role that may change the schema.",
            valueName: "url"))
    var administratorURL: String?

    @OptionGroup var format: Format

    func validate() throws {
        guard drill == (dataDir == nil) else {
            throw ValidationError("Give --data-dir, or --drill.")
        }
    }

    func run() async throws {
        var restoring = Restoring(
            source: source, directory: DataDirectory(path: dataDir ?? "drill"))
        restoring.root = try root.map(Files.envelope)
        restoring.keys = keys
        restoring.pin = pin
        restoring.postgresUser = postgresUser
        restoring.access = try administratorURL.map {
            DatabaseAccess(url: try DatabaseURL(parsing: $0))
        }
        if drill { return try await rehearse(restoring) }
        try finish(try await restoring.run())
    }

    private func rehearse(_ restoring: Restoring) async throws {
        // The private PostgreSQL's user must be able to pass through.
        let scratch = "/tmp/imprimatur-drill-\(getpid())"
        let report = try await RestoreDrill.run(
            restoring, scratch: scratch, progress: AuditText.progress)
        Console.endProgress()
        if format.json {
            Console.out(report.json)
        } else {
            AuditText.list(report.verified.findings)
            AuditText.describe(report.replayed)
            Console.out(
                "\(report.isWhole ? "whole" : "not whole"): \(report.verified.size) entries of "
                    + "\(report.manifest.origin), backed up at \(report.manifest.madeAt)\n"
                    + report.verified.anchored)
        }
        guard report.isWhole else { throw ExitCode.no }
    }

    private func finish(_ report: Restoring.Report) throws {
        let manifest = report.manifest
        if format.json {
            Console.out([
                "origin": .string(manifest.origin), "size": .integer(manifest.size),
                "root": .string(manifest.root.hex),
                "madeAt": .string(manifest.madeAt.description),
                "halt": report.halt.map {
                    ["code": .string($0.code.rawValue), "evidence": .string($0.evidence)]
                } ?? .null,
                "missingKeys": .array(report.missingKeys.map(JSON.string)),
                "opensPersonalValues": report.opensPersonalValues.map(JSON.bool) ?? .null,
            ])
        } else {
            Console.out(
                "restored \(manifest.origin): \(manifest.size) entries as of \(manifest.madeAt)")
        }
        for name in report.missingKeys { Console.warning("keys/\(name) is not there") }
        if report.opensPersonalValues == false {
            Console.warning(
                "personal values cannot be opened: they are sealed under a key-encryption key that "
                    + "is not here, and after an erasure nowhere; pseudonyms and proofs are whole")
        }
        guard let halt = report.halt else { return }
        Console.warning("the service will start halted (\(halt.code.rawValue)): \(halt.evidence)")
        Console.hint(
            "Bring a newer copy, or the pin. If what came later is lost for good: `imprimatur audit "
                + "recover`, signed by the custodians.")
        throw ExitCode.no
    }
}

// `imprimatur witness [serve]`: answers add-checkpoint until it is told to stop.

internal import ArgumentParser
internal import Logging
internal import OfflineCommands
internal import Registry
internal import ServiceLifecycle
internal import TransparencyLog
internal import UnixSignals
internal import Web

/// Runs a witness.
struct WitnessServe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the witness.",
        discussion: """
            Cosigns a checkpoint only when the log signed it and it extends the one cosigned before, \
            and has that on disk before it answers. With --audit it also reads every entry, and \
            does not cosign a tree that holds a deployment which the rules do not allow. Stops on SIGTERM and SIGINT. Exit codes: \
            0 stopped when told to, 2 could not start or had to stop, 64 usage.
            """)

    @OptionGroup var folder: WitnessFolderOption

    @Option(
        help: ArgumentHelp(
            "Where to listen; port 0 lets the system choose.", valueName: "host:port"),
        transform: Address.init)
    var listen = Address(host: "127.0.0.1", port: 8081)

    @Option(help: ArgumentHelp("Serve under this path too, such as w1.", valueName: "path"))
    var prefix = ""

    @Option(
        help: ArgumentHelp(
            "Answer a fork at the same size as this text of tlog-witness says: 409 or 422.",
            valueName: "1.0.0|draft"),
        transform: Self.edition)
    var edition = WitnessAnswer.Edition.release

    @OptionGroup var audit: WitnessAuditOptions

    @Option(help: ArgumentHelp("Serve TLS with this certificate chain.", valueName: "pem"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The certificate's private key.", valueName: "pem"))
    var tlsKey: String?

    @Option(
        help: ArgumentHelp("trace, debug, info, notice, warning, error.", valueName: "level"),
        transform: ServeCommand.level)
    var logLevel = Logger.Level.info

    func validate() throws {
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key belong together.")
        }
        let plain = prefix.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0)
                || (0x61...0x7A).contains($0) || "-._~/".utf8.contains($0)
        }
        guard plain else {
            throw ValidationError("--prefix is a path of letters, digits, - . _ ~.")
        }
    }

    func run() async throws {
        var logger = Logger(label: "witness", factory: StreamLogHandler.standardError(label:))
        logger.logLevel = logLevel
        let desk = try WitnessDesk(
            folder: try WitnessFolder(opening: folder.path), edition: edition,
            auditors: try audit.auditors(), clock: { SystemClock.now() }, logger: logger)
        if desk.logCount == 0 {
            Console.warning("this witness knows no log")
            Console.hint("Add one with: imprimatur witness add-log --data-dir \(folder.path) FILE")
        }
        var settings = HTTPSettings(host: listen.host, port: listen.port)
        if let tlsCertificate, let tlsKey {
            settings.tls = .init(certificatePath: tlsCertificate, keyPath: tlsKey)
        }
        let (scheme, host) = (settings.scheme, listen.urlHost)
        let service = try WitnessService(
            desk: desk, settings: settings,
            prefix: prefix.split(separator: "/").joined(separator: "/"), logger: logger
        ) { port in
            Console.note("listening on \(scheme)://\(host):\(port)")
        }
        let group = ServiceGroup(
            configuration: .init(
                services: [service], gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger))
        try await group.run()
    }

    private static func edition(_ text: String) throws -> WitnessAnswer.Edition {
        guard let edition = WitnessAnswer.Edition(rawValue: text) else {
            throw ValidationError("--edition is 1.0.0 or draft.")
        }
        return edition
    }
}

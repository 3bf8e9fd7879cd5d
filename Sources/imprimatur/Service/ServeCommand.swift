// `imprimatur serve`: runs the service until it is told to stop.

internal import ArgumentParser
internal import Attestation
internal import Logging
internal import OfflineCommands
internal import Registry
internal import ServiceLifecycle
internal import UnixSignals
internal import Web

/// Runs registry, sequencer and web server in one process.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the service.",
        discussion: """
            Stops on SIGTERM and SIGINT after finishing what has begun. Logs go to standard error. \
            Exit codes: 0 stopped when told to, 2 could not start or had to stop, 64 usage.
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(
        help: ArgumentHelp(
            "Where to listen; port 0 lets the system choose.", valueName: "host:port"),
        transform: Address.init)
    var listen = Address(host: "127.0.0.1", port: 8080)

    @Flag(help: "Serve under a development root.")
    var development = false

    @Flag(help: ArgumentHelp("Serve on a database that may lose commits.", visibility: .hidden))
    var unsafeTestDatabase = false

    @Option(
        help: ArgumentHelp("Who reads the log without a token.", valueName: "private|tiles|all"),
        transform: Self.access)
    var logAccess = HTTPSettings.LogAccess.private

    @Option(help: ArgumentHelp("Serve TLS with this certificate chain.", valueName: "pem"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The certificate's private key.", valueName: "pem"))
    var tlsKey: String?

    @Option(
        help: ArgumentHelp("trace, debug, info, notice, warning, error.", valueName: "level"),
        transform: Self.level)
    var logLevel = Logger.Level.info

    func validate() throws {
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key belong together.")
        }
    }

    func run() async throws {
        var logger = Logger(label: "imprimatur", factory: StreamLogHandler.standardError(label:))
        logger.logLevel = logLevel
        MetricsCollector.install()
        var settings = NodeSettings(
            directory: database.directory, clock: { SystemClock.now() }, logger: logger)
        settings.access = try database.remote()
        settings.allowsDevelopment = development
        settings.allowsUnsafeDatabase = unsafeTestDatabase
        settings.witnesses = WitnessHTTP(caFile: Environment.text("IMPRIMATUR_CA_FILE"))
        let node = try await ServiceNode.open(settings)
        do {
            try await serve(node, logger)
        } catch {
            await node.close()
            throw error
        }
        await node.close()
    }

    private func serve(_ node: ServiceNode, _ logger: Logger) async throws {
        var settings = HTTPSettings(host: listen.host, port: listen.port)
        settings.logAccess = logAccess
        settings.limits = node.settings.limits
        if let tlsCertificate, let tlsKey {
            settings.tls = .init(certificatePath: tlsCertificate, keyPath: tlsKey)
        }
        let (scheme, host) = (settings.scheme, listen.urlHost)
        let http = try HTTPService(
            registry: node.registry, trustRoot: Files.envelope(database.directory.root),
            settings: settings, logger: logger
        ) { port in
            // Whoever waits for this line asks at once; before that the log knows no token.
            Task {
                await node.registry.caughtUp()
                Console.note("listening on \(scheme)://\(host):\(port)")
            }
        }
        // Stopped from the last to the first: the web server before what it relies on.
        let group = ServiceGroup(
            configuration: .init(
                services: node.services + [http],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }

    private static func access(_ text: String) throws -> HTTPSettings.LogAccess {
        guard let access = HTTPSettings.LogAccess(rawValue: text) else {
            throw ValidationError("--log-access is private, tiles or all.")
        }
        return access
    }

    /// A log level by its name.
    static func level(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else {
            throw ValidationError("“\(text)” is no log level.")
        }
        return level
    }
}

/// HOST:PORT, an IPv6 address in brackets.
struct Address: Sendable, Hashable {
    let host: String
    let port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `127.0.0.1:8080` or `[::1]:8080`; a usage error for anything else.
    init(_ text: String) throws {
        guard let colon = text.lastIndex(of: ":"),
            let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else { throw ValidationError("“\(text)” is not HOST:PORT.") }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty else { throw ValidationError("“\(text)” is not HOST:PORT.") }
        self.init(host: host, port: port)
    }

    /// The host as it stands in a URL.
    var urlHost: String { host.contains(":") ? "[\(host)]" : host }
}

// The web server, assembled: one value that a service group runs and stops.

package import Attestation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
package import Logging
internal import NIOCore
internal import NIOSSL
package import Registry
internal import ServiceLifecycle

/// The HTTP interface of a registry, as a service.
package struct HTTPService: Service {
    private let application: Application<RouterResponder<Guest>>
    private let stopping: Stopping

    /// Assembles the server; nothing listens yet.
    ///
    /// - Parameters:
    ///   - registry: what does the work.
    ///   - trustRoot: the root's envelope as served at /api/v1/root.
    ///   - settings: where to listen, with which certificate.
    ///   - logger: gets a line for each request at `debug`, errors at `error`.
    ///   - onListening: told the port once requests are taken.
    /// - Throws: when certificate or key cannot be used.
    package init(
        registry: Registry, trustRoot: Envelope, settings: HTTPSettings, logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) throws {
        stopping = Stopping()
        let router = Web.router(
            registry: registry, trustRoot: trustRoot, settings: settings, stopping: stopping)
        application = Application(
            router: router,
            server: try Self.server(settings),
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port),
                availableConnectionsDelegate: MaximumAvailableConnections(WebLimits.connections)),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) },
            logger: logger)
    }

    /// Serves until told to stop; requests that have begun are finished.
    package func run() async throws {
        try await withGracefulShutdownHandler {
            try await application.run()
        } onGracefulShutdown: {
            stopping.begin()
        }
    }

    /// The server for these settings, before it listens.
    static func server(_ settings: HTTPSettings) throws -> HTTPServerBuilder {
        let plain = HTTPServerBuilder.http1(
            configuration: .init(
                idleTimeout: .seconds(WebLimits.idleSeconds),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: WebLimits.headerBytes,
                    maxHeaderListSize: WebLimits.headerBytes, maxHeaderFieldCount: 100)))
        guard let tls = settings.tls else { return plain }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(tls.certificatePath).map {
                .certificate($0)
            },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: tls.keyPath, format: .pem)))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        return try .tls(plain, tlsConfiguration: configuration)
    }
}

/// Assembly of the router.
enum Web {
    /// Every operation of the interface.
    static func table(
        registry: Registry, trustRoot: Envelope, settings: HTTPSettings, stopping: Stopping
    ) -> RouteTable {
        let routes =
            HealthRoutes(registry: registry, stopping: stopping).routes
            + MetricsRoutes(collector: .shared).routes
            + ReadingRoutes(
                registry: registry, trustRoot: trustRoot,
                description: Resources.file("docs/reference/openapi.json")
            ).routes
            + PrincipalRoutes(registry: registry).routes + PasskeyRoutes(registry: registry).routes
            + VersionRoutes(registry: registry).routes
            + GateRoutes(registry: registry).routes
            + AdmissionRoutes(registry: registry).routes
            + PersonalRoutes(registry: registry).routes
            + DisposalRoutes(registry: registry).routes
            + PolicyRoutes(registry: registry).routes
            + LogRoutes(registry: registry, access: settings.logAccess).routes
            + AccessRoutes(registry: registry).routes
        return RouteTable(routes: routes + BulkRoutes(registry: registry, over: routes).routes)
    }

    /// The router with every layer around the operations.
    static func router(
        registry: Registry, trustRoot: Envelope, settings: HTTPSettings, stopping: Stopping
    ) -> Router<Guest> {
        let table = table(
            registry: registry, trustRoot: trustRoot, settings: settings, stopping: stopping)
        let capacity = Capacity(requests: settings.maximumInFlight)
        let limits = RateLimits(settings.limits)
        let router = Router(context: Guest.self, options: [.autoGenerateHeadEndpoints])
        router.add(middleware: MetricsMiddleware())
        router.add(middleware: Tracking(routes: table, isTLS: settings.tls != nil))
        router.add(middleware: CapacityMiddleware(capacity: capacity))
        router.add(middleware: Authentication(registry: registry, limits: limits))
        router.add(middleware: RateLimitMiddleware(limits: limits))
        router.add(middleware: Offences(registry: registry))
        table.register(on: router, bodies: Bodies(capacity: capacity))
        return router
    }
}

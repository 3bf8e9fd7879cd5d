// A witness's HTTP interface (c2sp.org/tlog-witness), the same under a prefix and without one:
//
//     POST add-checkpoint              what a log sends
//     GET  <id>/checkpoint             the checkpoint cosigned last, by SHA-256 of the origin in hex
//     GET  key                         the witness's verifier key
//     GET  /healthz                    whether the process lives
//
// There is no other authentication than the log's signature, as the specification has it. What a
// request costs is bounded: its size, one signature for each known key, 63 hashes.

internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
package import Logging
internal import NIOCore
package import Registry
internal import ServiceLifecycle
internal import TransparencyLog

/// A witness, listening.
package struct WitnessService: Service {
    private let application: Application<RouterResponder<BasicRequestContext>>

    /// Requests worked on at once: each may hold a whole body in memory.
    private static let connections = 128

    /// Assembles the server; nothing listens yet.
    ///
    /// - Parameters:
    ///   - desk: what answers.
    ///   - settings: where to listen, with which certificate.
    ///   - prefix: the submission and monitoring prefix, without slashes at its ends; may be empty.
    ///   - logger: for the server's own messages.
    ///   - onListening: told the port once requests are taken.
    /// - Throws: when certificate or key cannot be used.
    package init(
        desk: WitnessDesk, settings: HTTPSettings, prefix: String, logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) throws {
        let router = Router(context: BasicRequestContext.self)
        router.get("/healthz") { _, _ in
            Response(bytes: Array("ok\n".utf8), mediaType: "text/plain; charset=utf-8")
        }
        Self.register(desk, on: router.group(""))
        if !prefix.isEmpty { Self.register(desk, on: router.group(RouterPath(prefix))) }
        application = Application(
            router: router,
            server: try HTTPService.server(settings),
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port),
                availableConnectionsDelegate: MaximumAvailableConnections(Self.connections)),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) },
            logger: logger)
    }

    /// Serves until told to stop; requests that have begun are finished.
    package func run() async throws { try await application.run() }

    private static func register(
        _ desk: WitnessDesk, on group: RouterGroup<BasicRequestContext>
    ) {
        group.post("add-checkpoint") { request, _ in
            let body = try await request.body.collect(upTo: LogLimits.witnessRequestBytes)
            let answer = await desk.addCheckpoint(Array(body.readableBytesView))
            return Response(
                status: HTTPResponse.Status(code: answer.status), bytes: answer.body,
                mediaType: answer.mediaType)
        }
        group.get("key") { _, _ in
            Response(bytes: Array((desk.key.text + "\n").utf8), mediaType: plainText)
        }
        group.get("{id}/checkpoint") { _, context in
            guard let id = context.parameters.get("id"), let note = await desk.latest(id) else {
                return Response(
                    status: .notFound, bytes: Array("nothing was cosigned\n".utf8),
                    mediaType: plainText)
            }
            var response = Response(bytes: note, mediaType: plainText)
            response.headers[.cacheControl] = "public, no-cache"
            return response
        }
    }

    private static let plainText = "text/plain; charset=utf-8"
}

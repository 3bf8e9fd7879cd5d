// Many commands in one request: each is one of the other writes, answered as that one is.
//
//     {"commands":[{"path":"/api/v1/namespaces/credit/models/scorecard/versions/1/suspension",
//                   "body":{"reason":"Drift."},"key":"suspend-17"}, …]}
//
// answers 200 with the outcome of each, in their order:
//
//     {"results":[{"body":{…},"status":202}, …]}
//
// where `body` and `status` are what the same request by itself would have got: 202, as the receipts are
// not waited for, or a problem. `key` is the command's Idempotency-Key and may be left out. The commands
// are independent of one another: what one needs another to have done goes into the next request.

internal import CanonicalJSON
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import Registry
internal import Synchronization

/// The operation that carries out many.
struct BulkRoutes {
    let registry: Registry
    private let writes: [Command]

    private struct Command: Sendable {
        let template: [Substring]
        let handler: @Sendable (Write) async throws -> Response
    }

    /// Takes every write among these operations.
    init(registry: Registry, over routes: [Route]) {
        self.registry = registry
        writes = routes.compactMap { route in
            guard case .write(_, let handler) = route.handler else { return nil }
            return Command(template: route.template.split(separator: "/"), handler: handler)
        }
    }

    var routes: [Route] { [.bulk("/api/v1/bulk", limit: WebLimits.bulkBytes, bulk)] }

    @Sendable private func bulk(_ json: JSON, _ context: Authenticated) async throws -> Response {
        let commands = try JSONReader.decode(json) { reader in
            reader.array("commands", count: WebLimits.commands) { command -> Asked? in
                let path = command.string("path", length: 1...1_000)
                let body = command.json("body")
                let key = command.optional("key") { reader in
                    reader.parsed(as: "1 to 200 printable ASCII characters") {
                        Write.isKey($0) ? $0 : nil
                    }
                }
                return Asked(path: path, body: body, key: key)
            }
        }
        let answers = await registry.bulk(
            commands.map { command in { await answer(command, context) } })
        var bytes = Array(#"{"results":["#.utf8)
        for (position, answer) in answers.enumerated() {
            if position > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += Array(#"{"body":"#.utf8) + answer.body
            bytes += Array(#","status":\#(answer.status)}"#.utf8)
        }
        bytes += Array("]}".utf8)
        return Response(bytes: bytes, mediaType: "application/json")
    }

    /// A command as it was sent.
    private struct Asked: Sendable {
        let path: String
        let body: JSON
        let key: String?
    }

    /// What came of a command: canonical JSON and a status.
    private struct Answer: Sendable {
        let body: [UInt8]
        let status: Int
    }

    private func answer(_ command: Asked, _ context: Authenticated) async -> Answer {
        do {
            let response = try await carryOut(command, context)
            let kept = Collector.Kept()
            try await response.body.write(Collector(kept: kept))
            return Answer(body: kept.bytes, status: response.status.code)
        } catch {
            let problem = Problem(answering: error) ?? .internalError
            if problem == .internalError {
                context.logger.error(
                    "internal error", metadata: ["error": "\(String(reflecting: error))"])
            }
            return Answer(
                body: problem.document(requestID: context.requestID).canonicalBytes,
                status: problem.status.code)
        }
    }

    private func carryOut(_ command: Asked, _ context: Authenticated) async throws -> Response {
        let parts = command.path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.first?.isEmpty == true else { throw Self.unknown }
        let path = Array(parts.dropFirst())
        for write in writes {
            guard let parameters = PathParameters(path, template: write.template) else { continue }
            return try await write.handler(
                Write(
                    context, path: command.path, parameters: parameters, json: command.body,
                    key: command.key))
        }
        throw Self.unknown
    }

    private static let unknown = Problem(
        .notFound, "route-unknown", "There is no write at this path.",
        hint: "/api/openapi.json lists what takes POST.")
}

/// Keeps what a response would have sent.
private struct Collector: ResponseBodyWriter {
    let kept: Kept

    final class Kept: Sendable {
        private let state = Mutex<[UInt8]>([])
        var bytes: [UInt8] { state.withLock { $0 } }
        func append(_ buffer: ByteBuffer) { state.withLock { $0 += buffer.readableBytesView } }
    }

    mutating func write(_ buffer: ByteBuffer) async throws { kept.append(buffer) }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

// Asks the router directly: no socket, no port, the same layers.

import CanonicalJSON
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import Synchronization

@testable import Web

/// A client of one service.
struct Client: Sendable {
    let responder: RouterResponder<Guest>

    func send(
        _ method: HTTPRequest.Method, _ path: String, token: String? = nil,
        headers: HTTPFields = [:], body: RequestBody = RequestBody(buffer: ByteBuffer())
    ) async throws -> Answer {
        var fields = headers
        if let token { fields[.authorization] = "Bearer \(token)" }
        let head = HTTPRequest(
            method: method, scheme: "http", authority: "test", path: path, headerFields: fields)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let context = Guest(source: .init(channel: EmbeddedChannel(), logger: logger))
        let response = try await responder.respond(
            to: WebRequest(head: head, body: body), context: context)
        let collected = CollectedBody()
        try await response.body.write(Collector(into: collected))
        return Answer(
            status: response.status.code, headers: response.headers, bytes: collected.bytes)
    }

    func get(
        _ path: String, token: String? = nil, headers: HTTPFields = [:]
    ) async throws -> Answer {
        try await send(.get, path, token: token, headers: headers)
    }

    func post(
        _ path: String, _ json: JSON, token: String? = nil, headers: HTTPFields = [:]
    ) async throws -> Answer {
        try await post(path, bytes: json.canonicalBytes, token: token, headers: headers)
    }

    func post(
        _ path: String, bytes: [UInt8], token: String? = nil, headers: HTTPFields = [:],
        type: String? = "application/json"
    ) async throws -> Answer {
        var fields = headers
        if let type { fields[.contentType] = type }
        return try await send(
            .post, path, token: token, headers: fields,
            body: RequestBody(buffer: ByteBuffer(bytes: bytes)))
    }
}

/// What came back.
struct Answer: Sendable {
    let status: Int
    let headers: HTTPFields
    let bytes: [UInt8]

    var text: String { String(decoding: bytes, as: UTF8.self) }
    var json: JSON { (try? JSON(parsing: bytes, limits: .init(bytes: 64 << 20))) ?? .null }
    var code: String { json["code"]?.string ?? "" }

    /// Whether this is a problem document as RFC 9457 and our own page say.
    var isProblem: Bool {
        headers[.contentType] == "application/problem+json"
            && json["status"]?.integer == Int64(status) && !code.isEmpty
            && json["type"]?.string == "https://imprimatur.dev/problems/\(code)"
            && json["requestId"]?.string == headers[.requestID]
    }
}

private final class CollectedBody: Sendable {
    private let state = Mutex<[UInt8]>([])
    var bytes: [UInt8] { state.withLock { $0 } }
    func append(_ buffer: ByteBuffer) { state.withLock { $0 += Array(buffer.readableBytesView) } }
}

private struct Collector: ResponseBodyWriter {
    let collected: CollectedBody
    init(into collected: CollectedBody) { self.collected = collected }
    mutating func write(_ buffer: ByteBuffer) async throws { collected.append(buffer) }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

// One HTTP request over one connection, with TLS that a caller can give its own authorities.
//
// Not URLSession: on Linux it reads one fixed file of authorities (seen in 6.3.1), so that no service
// with a certificate of a company's own could be asked. NIO and its TLS are in the binary already.

internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// Sends requests to one server.
package struct HTTPTransport: Sendable {
    /// What came back.
    package struct Response: Sendable {
        /// The status of the answer.
        package var status: Int
        /// By lowercase name; the last of several.
        package var headers: [String: String] = [:]
        /// The body, whole.
        package var body: [UInt8] = []
    }

    /// Why nothing came back.
    package struct Failure: Error, Sendable {
        /// Completes "the service cannot be asked: …".
        package let reason: String
        /// Whether trying again may help.
        package let mayPass: Bool
    }

    /// The certificate authorities in a file cannot be used.
    package struct AuthoritiesUnreadable: Error, Sendable {
        /// The file; nil for the system's.
        package let file: String?
    }

    /// The server.
    package let address: ServerAddress
    private let timeoutSeconds: Int
    private let longestAnswer: Int
    private let tls: NIOSSLContext?

    /// `caFile` replaces the system's authorities; an answer of more than `longestAnswer` bytes is not
    /// read to its end.
    package init(
        address: ServerAddress, caFile: String?, timeoutSeconds: Int, longestAnswer: Int = 256 << 20
    ) throws(AuthoritiesUnreadable) {
        self.address = address
        self.longestAnswer = longestAnswer
        self.timeoutSeconds = timeoutSeconds
        guard address.isTLS else {
            tls = nil
            return
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let caFile { configuration.trustRoots = .file(caFile) }
        do {
            tls = try NIOSSLContext(configuration: configuration)
        } catch {
            throw AuthoritiesUnreadable(file: caFile)
        }
    }

    /// Sends one request; redirects are answers like any other.
    package func send(
        _ method: String, _ path: String, headers: [(String, String)], body: [UInt8]?
    ) async throws(Failure) -> Response {
        do {
            return try await withThrowingTaskGroup(of: Response?.self) { group in
                group.addTask { try await exchange(method, path, headers, body) }
                group.addTask {
                    try await Task.sleep(for: .seconds(timeoutSeconds))
                    return nil
                }
                defer { group.cancelAll() }
                guard let first = try await group.next(), let response = first else {
                    throw Failure(reason: "it did not answer in time", mayPass: true)
                }
                return response
            }
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Self.explain(error)
        }
    }

    private func exchange(
        _ method: String, _ path: String, _ headers: [(String, String)], _ body: [UInt8]?
    ) async throws -> Response {
        let (address, tls, longest) = (address, tls, longestAnswer)
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(.seconds(Int64(timeoutSeconds)))
            .connect(host: address.host, port: address.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        // Without a name the certificate must carry the address itself.
                        let name = address.isNumeric ? nil : address.host
                        try pipeline.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: name))
                    }
                    try pipeline.addHTTPClientHandlers()
                    return try NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>(
                        wrappingChannelSynchronously: channel)
                }
            }
        var fields = HTTPHeaders(headers)
        fields.add(name: "Host", value: address.authority)
        fields.add(name: "Connection", value: "close")
        if let body { fields.add(name: "Content-Length", value: String(body.count)) }
        let head = HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: method), uri: path, headers: fields)
        return try await channel.executeThenClose { inbound, outbound in
            var parts: [HTTPClientRequestPart] = [.head(head)]
            if let body { parts.append(.body(.byteBuffer(ByteBuffer(bytes: body)))) }
            // A server may answer and close before it has read everything: the answer counts.
            try? await outbound.write(contentsOf: parts + [.end(nil)])
            return try await Self.read(inbound, longest: longest)
        }
    }

    private static func read(
        _ inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>, longest: Int
    ) async throws -> Response {
        var response: Response?
        for try await part in inbound {
            switch part {
            case .head(let head):
                var headers: [String: String] = [:]
                for (name, value) in head.headers { headers[name.lowercased()] = value }
                response = Response(status: Int(head.status.code), headers: headers)
            case .body(let buffer):
                response?.body += buffer.readableBytesView
                guard response?.body.count ?? 0 <= longest else {
                    throw Failure(reason: "its answer is too long", mayPass: false)
                }
            case .end:
                guard let response else { break }
                return response
            }
        }
        throw Failure(reason: "the connection broke", mayPass: true)
    }

    private static func explain(_ error: any Error) -> Failure {
        switch error {
        case let error as NIOConnectionError:
            let isUnknown = error.connectionErrors.isEmpty
            return Failure(
                reason: isUnknown ? "there is no such host" : "nobody listens there",
                mayPass: !isUnknown)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            return Failure(
                reason: "TLS with it fails, or its certificate is not trusted here",
                mayPass: false)
        case is ChannelError, is IOError:
            return Failure(reason: "the connection broke", mayPass: true)
        case is HTTPParserError:
            return Failure(reason: "it does not speak HTTP", mayPass: false)
        default: return Failure(reason: "\(error)", mayPass: false)
        }
    }
}

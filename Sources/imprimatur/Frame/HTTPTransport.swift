// One HTTP request over one connection, with TLS that a caller can give its own authorities.
//
// Not URLSession: on Linux it reads one fixed file of authorities (seen in 6.3.1), so that no service
// with a certificate of a company's own could be asked. NIO and its TLS are in the binary already.

internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// Sends requests to one server.
struct HTTPTransport: Sendable {
    /// What came back.
    struct Response: Sendable {
        var status: Int
        /// By lowercase name; the last of several.
        var headers: [String: String] = [:]
        var body: [UInt8] = []
    }

    /// Why nothing came back.
    struct Failure: Error, Sendable {
        let reason: String
        /// Whether trying again may help.
        let mayPass: Bool
    }

    let address: ServerAddress
    let timeoutSeconds: Int
    private let tls: NIOSSLContext?

    /// The longest answer that is read, in bytes.
    private static let longestAnswer = 256 << 20

    /// `caFile` replaces the system's authorities; throws when it cannot be used.
    init(address: ServerAddress, caFile: String?, timeoutSeconds: Int) throws {
        self.address = address
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
            throw CommandError(
                "The certificate authorities in \(caFile ?? "the system") cannot be read.")
        }
    }

    /// Sends one request; redirects are answers like any other.
    func send(
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
        let (address, tls) = (address, tls)
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
            return try await Self.read(inbound)
        }
    }

    private static func read(
        _ inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>
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
                guard response?.body.count ?? 0 <= longestAnswer else {
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
                reason: "TLS with it fails, or its certificate is not trusted here (\(error))",
                mayPass: false)
        case is ChannelError, is IOError:
            return Failure(reason: "the connection broke", mayPass: true)
        case is HTTPParserError:
            return Failure(reason: "it does not speak HTTP", mayPass: false)
        default: return Failure(reason: "\(error)", mayPass: false)
        }
    }
}

// Requests to witnesses over HTTP, each on a connection of its own.

internal import HTTPClient
internal import OfflineCommands
internal import Registry
internal import Synchronization

/// The network as the publisher uses it.
final class WitnessHTTP: WitnessTransport {
    private let caFile: String?
    /// Transports by server and limits: making one reads the certificate authorities.
    private let transports = Mutex<[Key: HTTPTransport]>([:])

    private struct Key: Hashable {
        let server: ServerAddress
        let limit: Int
        let seconds: Int
    }

    /// `caFile` replaces the system's certificate authorities.
    init(caFile: String?) { self.caFile = caFile }

    func post(
        _ body: [UInt8], to url: String, limit: Int, timeout: Duration
    ) async throws(WitnessUnreachable) -> WitnessReply {
        guard let address = ResourceAddress(url) else {
            throw WitnessUnreachable("“\(url)” is no http:// or https:// address")
        }
        let seconds = max(1, Int(timeout.components.seconds))
        let transport = try transport(
            Key(server: address.server, limit: limit, seconds: seconds))
        do {
            let response = try await transport.send(
                "POST", address.path,
                headers: [
                    ("User-Agent", "imprimatur/\(Version.text)"), ("Content-Type", "text/plain"),
                ],
                body: body)
            return WitnessReply(
                status: response.status, mediaType: response.headers["content-type"] ?? "",
                body: response.body)
        } catch {
            throw WitnessUnreachable(error.reason)
        }
    }

    private func transport(_ key: Key) throws(WitnessUnreachable) -> HTTPTransport {
        if let known = transports.withLock({ $0[key] }) { return known }
        do {
            let transport = try HTTPTransport(
                address: key.server, caFile: caFile, timeoutSeconds: key.seconds,
                longestAnswer: key.limit)
            transports.withLock { $0[key] = transport }
            return transport
        } catch {
            throw WitnessUnreachable(
                "the certificate authorities in \(error.file ?? "the system") cannot be read")
        }
    }
}

// Requests to processes of ours, through our own client: cancelling a task that waits for URLSession can
// deadlock on Linux (seen in 6.3.1), and every time limit of a test cancels.

import HTTPClient
import Testing

/// Sends one request to a URL without query.
func ask(
    _ method: String, _ url: String, headers: [(String, String)] = [], body: [UInt8]? = nil
) async throws -> HTTPTransport.Response {
    let address = try #require(ResourceAddress(url), "\(url)")
    let transport = try HTTPTransport(address: address.server, caFile: nil, timeoutSeconds: 20)
    return try await transport.send(
        method, address.path.isEmpty ? "/" : address.path, headers: headers, body: body)
}

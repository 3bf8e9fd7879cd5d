// The HTTP client of every command that asks the service.
//
// Writes carry an Idempotency-Key, so that a try whose answer was lost can be repeated: the same key
// is used for every try of one command, and the service answers the second like the first. A token
// travels over TLS, or over loopback; redirects are not followed, because they could carry it off.

internal import ArgumentParser
internal import CanonicalJSON
internal import Cryptography
internal import Glibc
internal import HTTPClient
internal import OfflineCommands

/// An answer that is no error.
struct Reply: Sendable {
    let status: Int
    let body: [UInt8]

    /// The body as JSON.
    func json() throws -> JSON {
        do {
            return try JSON(parsing: body, limits: JSON.Limits(bytes: 64 << 20, depth: 128))
        } catch {
            throw CommandError("The service's answer is not JSON: \(error)")
        }
    }
}

/// A running service, as one caller sees it.
struct ServiceClient: Sendable {
    /// As it was given.
    let server: String
    /// Host and port, as they name files.
    var host: String { transport.address.fileName }
    private let token: String?
    private let transport: HTTPTransport

    /// How often one request is tried.
    private static let tries = 4

    /// Throws when the address is none, or when the token would travel in the clear.
    init(server: String, token: String?, caFile: String?, timeoutSeconds: Int) throws {
        guard let address = ServerAddress(server) else {
            throw CommandError(
                "“\(server)” is no address of a service.",
                hint: "Write it like https://models.example:8443.", code: ExitCode(64))
        }
        if !address.isTLS, token != nil, !address.isLoopback {
            throw CommandError(
                "The token is not sent over plain HTTP to \(address.host).",
                hint: "Use https://, or plain HTTP on the same machine only.")
        }
        // A line break in a token would be a header field of somebody else's making.
        guard token?.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) ?? true else {
            throw CommandError("The token is not one line of printable ASCII.", code: ExitCode(64))
        }
        self.server = server
        self.token = token
        transport = try HTTPTransport(
            address: address, caFile: caFile, timeoutSeconds: timeoutSeconds)
    }

    /// Reads; throws what the service says against it.
    func get(_ path: String) async throws -> Reply {
        try await send("GET", path, body: nil, key: nil)
    }

    /// Writes; every try has the same key.
    func post(_ path: String, _ body: JSON, key: String? = nil) async throws -> Reply {
        let key = key ?? Self.newKey()
        return try await send("POST", path, body: body.canonicalBytes, key: key)
    }

    /// A key that no other request has.
    static func newKey() -> String { "cli-" + Hex.encode(Random.bytes(16)) }

    private func send(
        _ method: String, _ path: String, body: [UInt8]?, key: String?
    ) async throws -> Reply {
        var headers = [("User-Agent", "imprimatur/\(Version.text)")]
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
        if let key { headers.append(("Idempotency-Key", key)) }
        if body != nil { headers.append(("Content-Type", "application/json")) }
        var attempt = 1
        while true {
            switch await once(method, path, headers, body) {
            case .success(let reply): return reply
            case .failure(let failure):
                guard failure.mayPass, attempt < Self.tries else { throw failure.error }
                let pause = failure.pauseSeconds ?? (0.2 * pow(3, Double(attempt - 1)))
                try await Task.sleep(for: .milliseconds(Int(pause * 1000)))
                attempt += 1
            }
        }
    }

    private struct Failure: Error {
        let error: CommandError
        /// Whether trying again may help.
        var mayPass = false
        var pauseSeconds: Double?
    }

    private func once(
        _ method: String, _ path: String, _ headers: [(String, String)], _ body: [UInt8]?
    ) async -> Result<Reply, Failure> {
        do {
            let response = try await transport.send(method, path, headers: headers, body: body)
            let reply = Reply(status: response.status, body: response.body)
            guard !(200..<300).contains(response.status) else { return .success(reply) }
            return .failure(Self.failure(reply, retryAfter: response.headers["retry-after"]))
        } catch {
            return .failure(
                Failure(
                    error: CommandError(
                        "\(server) cannot be asked: \(error.reason).",
                        hint: "Is the service running, and is --server right?"),
                    mayPass: error.mayPass))
        }
    }

    private static func failure(_ reply: Reply, retryAfter: String?) -> Failure {
        let problem = try? reply.json()
        let code = problem?["code"]?.string ?? "http-\(reply.status)"
        let detail = problem?["detail"]?.string ?? "The service answered \(reply.status)."
        let findings = (problem?["findings"]?.array ?? []).map { finding in
            let place = finding["pointer"]?.string ?? ""
            return (place.isEmpty ? "" : "\(place): ") + (finding["message"]?.string ?? "")
        }
        var error = CommandError(
            "\(detail) [\(code)]", findings: findings, hint: problem?["hint"]?.string,
            code: refusals.contains(reply.status) ? .no : .undecided)
        error.status = reply.status
        if reply.status >= 500, let id = problem?["requestId"]?.string {
            error.findings.append("request \(id)")
        }
        let wait = retryAfter.flatMap(Double.init)
        return Failure(
            error: error,
            mayPass: [429, 502, 503, 504].contains(reply.status) && code != "log-halted",
            pauseSeconds: wait.map { min($0, 10) })
    }

    /// Understood and refused: a no. Everything else is no answer.
    private static let refusals: Set<Int> = [403, 409, 422]
}

// The HTTP client of every command that asks the service.
//
// Writes carry an Idempotency-Key, so that a try whose answer was lost can be repeated: the same key
// is used for every try of one command, and the service answers the second like the first. A token
// travels over TLS, or over loopback; redirects are not followed, because they could carry it off.

internal import ArgumentParser
internal import CanonicalJSON
internal import Cryptography
internal import Foundation
internal import FoundationNetworking
internal import Glibc

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
    /// Scheme, host and port, without a slash at the end.
    let server: String
    /// Host and port, as they name files.
    let host: String
    private let token: String?
    private let session: URLSession

    /// How often one request is tried.
    private static let tries = 4
    /// The longest answer that is read, in bytes.
    private static let longestAnswer = 256 << 20

    /// Throws when the address is none, or when the token would travel in the clear.
    init(server: String, token: String?, caFile: String?, timeoutSeconds: Int) throws {
        guard let parts = URLComponents(string: server), let host = parts.host, !host.isEmpty,
            let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme),
            parts.query == nil, parts.fragment == nil, parts.user == nil
        else {
            throw CommandError(
                "“\(server)” is no address of a service.",
                hint: "Write it like https://models.example:8443.", code: ExitCode(64))
        }
        if scheme == "http", token != nil, !Self.isLoopback(host) {
            throw CommandError(
                "The token is not sent over plain HTTP to \(host).",
                hint: "Use https://, or plain HTTP on the same machine only.")
        }
        if let caFile {
            guard access(caFile, R_OK) == 0 else { throw CommandError("cannot read \(caFile)") }
            setenv("URLSessionCertificateAuthorityInfoFile", caFile, 1)
        }
        self.server = server.hasSuffix("/") ? String(server.dropLast()) : server
        self.host = host + (parts.port.map { "_\($0)" } ?? "")
        self.token = token
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = TimeInterval(timeoutSeconds)
        configuration.timeoutIntervalForResource = TimeInterval(timeoutSeconds)
        configuration.httpShouldSetCookies = false
        session = URLSession(configuration: configuration)
    }

    private static func isLoopback(_ host: String) -> Bool {
        let bare = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]")).lowercased()
        if bare == "localhost" || bare == "::1" { return true }
        var address = in_addr()
        // 127.0.0.0/8, and nothing that merely begins like it (127.0.0.1.example).
        return inet_pton(AF_INET, bare, &address) == 1 && address.s_addr & 0xFF == 127
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
        guard let url = URL(string: server + path) else {
            throw CommandError("“\(path)” is no address.")
        }
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.setValue("imprimatur/\(Version.text)", forHTTPHeaderField: "User-Agent")
        if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
        if let key { request.setValue(key, forHTTPHeaderField: "Idempotency-Key") }
        if let body {
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
            request.httpBody = Data(body)
        }
        var attempt = 1
        while true {
            switch await once(request) {
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

    private func once(_ request: URLRequest) async -> Result<Reply, Failure> {
        do {
            let (data, response) = try await session.data(for: request, delegate: NoRedirects())
            guard let http = response as? HTTPURLResponse else {
                return .failure(Failure(error: CommandError("The service did not speak HTTP.")))
            }
            guard data.count <= Self.longestAnswer else {
                return .failure(Failure(error: CommandError("The service's answer is too long.")))
            }
            let reply = Reply(status: http.statusCode, body: Array(data))
            if (200..<300).contains(http.statusCode) { return .success(reply) }
            return .failure(Self.failure(reply, http))
        } catch let error as URLError {
            return .failure(
                Failure(
                    error: CommandError(
                        "\(server) cannot be asked: \(Self.reason(error)).",
                        hint: "Is the service running, and is --server right?"),
                    mayPass: [.timedOut, .networkConnectionLost, .cannotConnectToHost].contains(
                        error.code)))
        } catch {
            return .failure(Failure(error: CommandError("\(server) cannot be asked: \(error)")))
        }
    }

    private static func reason(_ error: URLError) -> String {
        switch error.code {
        case .timedOut: "it did not answer in time"
        case .cannotConnectToHost: "nobody listens there"
        case .cannotFindHost, .dnsLookupFailed: "there is no such host"
        case .networkConnectionLost: "the connection broke"
        case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate,
            .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid:
            "its certificate is not trusted here (--ca-file names another authority)"
        default: "\(error.localizedDescription)"
        }
    }

    private static func failure(_ reply: Reply, _ http: HTTPURLResponse) -> Failure {
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
        let wait = http.value(forHTTPHeaderField: "Retry-After").flatMap(Double.init)
        return Failure(
            error: error,
            mayPass: [502, 503, 504].contains(reply.status) && code != "log-halted",
            pauseSeconds: wait.map { min($0, 10) })
    }

    /// Understood and refused: a no. Everything else is no answer.
    private static let refusals: Set<Int> = [403, 409, 422]
}

/// Redirects are answers, not instructions.
private final class NoRedirects: NSObject, URLSessionTaskDelegate, Sendable {
    func urlSession(
        _ session: URLSession, task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
        completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}

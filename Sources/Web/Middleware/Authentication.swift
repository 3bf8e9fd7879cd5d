// From the bearer token to the caller. A wrong token is no caller; whether that matters, routes say.

internal import Governance
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import Registry

/// Finds out who asks.
struct Authentication: RouterMiddleware {
    typealias Context = Guest
    let registry: Registry
    let limits: RateLimits

    func handle(
        _ request: WebRequest, context: Guest,
        next: (WebRequest, Guest) async throws -> Response
    ) async throws -> Response {
        let path = request.uri.path
        // Health must answer while the database is away.
        guard ["/api/v1/", "/log/", "/k8s/"].contains(where: path.hasPrefix) || path == "/metrics",
            !request.headers[values: .authorization].isEmpty
        else { return try await next(request, context) }
        // A credential that does not hold is told so everywhere, also where none is needed.
        let token = request.single(.authorization).flatMap(Self.token)
        guard let token, let caller = registry.authenticate(token) else {
            note(token, context)
            if let wait = limits.failures.take(context.address) { throw Problem.rateLimited(wait) }
            throw Problem.unauthenticated
        }
        var context = context
        context.caller = caller
        context.trace.caller = caller.principal.description
        return try await next(request, context)
    }

    /// Has the log tell of a credential that does not hold, and says once whose pseudonym it will use.
    private func note(_ token: String?, _ context: Guest) {
        guard let source = registry.noteFailedLogin(token, from: context.address) else { return }
        context.logger.notice(
            "credential refused",
            metadata: ["source": "\(source)", "address": "\(context.address)"])
    }

    /// `Bearer <token>`; the scheme's case does not matter (RFC 9110 section 11.1).
    private static func token(in header: String) -> String? {
        let parts = header.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }
}

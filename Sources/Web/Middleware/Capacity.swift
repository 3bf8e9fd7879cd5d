// How much work the service takes on at once. What does not fit is refused at once, before any of it is
// done: a queue that nobody sees the end of helps nobody.

internal import HTTPTypes
internal import Hummingbird
internal import Registry
internal import Synchronization

/// Counts requests and bytes of bodies in flight.
final class Capacity: Sendable {
    private struct State {
        var requests = 0
        var bytes = 0
    }

    private let state = Mutex(State())
    private let maximumRequests: Int
    private let maximumBytes: Int

    init(requests: Int, bytes: Int = WebLimits.bodyBytesInFlight) {
        maximumRequests = requests
        maximumBytes = bytes
    }

    /// Runs `body` as one of the requests in flight; throws 503 when there are too many.
    func withRequest<R>(_ body: () async throws -> R) async throws -> R {
        let fits = state.withLock { state in
            guard state.requests < maximumRequests else { return false }
            state.requests += 1
            return true
        }
        guard fits else { throw Self.busy }
        defer { state.withLock { $0.requests -= 1 } }
        return try await body()
    }

    /// Runs `body` with so many bytes reserved; throws 503 when there is no room for them.
    func withBytes<R>(_ count: Int, _ body: () async throws -> R) async throws -> R {
        let fits = state.withLock { state in
            guard state.bytes + count <= maximumBytes else { return false }
            state.bytes += count
            return true
        }
        guard fits else { throw Self.busy }
        defer { state.withLock { $0.bytes -= count } }
        return try await body()
    }

    private static let busy = Problem(
        Refusal(
            .busy, "busy", "The service has no capacity now; nothing was done.",
            hint: "Try again after the time in Retry-After, with the same Idempotency-Key."))
}

/// Bounds the requests in flight; health is answered whatever the load.
struct CapacityMiddleware: RouterMiddleware {
    typealias Context = Guest
    let capacity: Capacity

    func handle(
        _ request: WebRequest, context: Guest,
        next: (WebRequest, Guest) async throws -> Response
    ) async throws -> Response {
        if request.uri.path == "/healthz" { return try await next(request, context) }
        return try await capacity.withRequest { try await next(request, context) }
    }
}

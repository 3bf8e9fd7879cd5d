// How often one caller may ask: a bucket of tokens for each, filled at a steady rate.
//
// A bucket holds up to `burst` tokens and gains `perSecond` a second; a request takes one. Whoever finds
// it empty is told when the next token comes. Memory is bounded: buckets that are full again say nothing
// and are dropped, and when all places are taken by others, newcomers share one bucket.

internal import Governance
internal import HTTPTypes
internal import Hummingbird
internal import Registry
internal import Synchronization

/// Buckets by name.
final class RateLimiter: Sendable {
    private struct Bucket {
        var tokens: Double
        var at: ContinuousClock.Instant
    }

    private let perSecond: Double
    private let burst: Double
    private let mostBuckets: Int
    private let buckets = Mutex<[String: Bucket]>([:])

    /// The bucket of those for whom there is no place.
    private static let shared = ""

    init(perSecond: Int64, burst: Int64, mostBuckets: Int = 10_000) {
        self.perSecond = Double(perSecond)
        self.burst = Double(burst)
        self.mostBuckets = mostBuckets
    }

    /// How many buckets are kept.
    var count: Int { buckets.withLock(\.count) }

    /// Takes a token; answers for how long there is none, nil when there was one.
    func take(_ name: String, at now: ContinuousClock.Instant = .now) -> Duration? {
        buckets.withLock { buckets in
            let name = place(for: name, in: &buckets, at: now)
            var bucket = buckets[name] ?? Bucket(tokens: burst, at: now)
            bucket.tokens = tokens(in: bucket, at: now)
            bucket.at = now
            defer { buckets[name] = bucket }
            guard bucket.tokens >= 1 else { return .seconds((1 - bucket.tokens) / perSecond) }
            bucket.tokens -= 1
            return nil
        }
    }

    private func tokens(in bucket: Bucket, at now: ContinuousClock.Instant) -> Double {
        let (seconds, attoseconds) = (now - bucket.at).components
        let passed = Double(seconds) + Double(attoseconds) / 1e18
        return min(burst, bucket.tokens + max(0, passed) * perSecond)
    }

    private func place(
        for name: String, in buckets: inout [String: Bucket], at now: ContinuousClock.Instant
    ) -> String {
        guard buckets[name] == nil, buckets.count >= mostBuckets else { return name }
        buckets = buckets.filter { tokens(in: $0.value, at: now) < burst }
        return buckets.count < mostBuckets ? name : Self.shared
    }
}

/// The limiters of one service.
struct RateLimits: Sendable {
    /// By principal.
    let requests: RateLimiter
    /// By network address.
    let failures: RateLimiter

    init(_ limits: RequestLimits) {
        requests = RateLimiter(perSecond: limits.perSecond, burst: limits.burst)
        failures = RateLimiter(perSecond: limits.failuresPerSecond, burst: limits.failureBurst)
    }
}

/// Answers known callers that ask too often with 429.
struct RateLimitMiddleware: RouterMiddleware {
    typealias Context = Guest
    let limits: RateLimits

    func handle(
        _ request: WebRequest, context: Guest,
        next: (WebRequest, Guest) async throws -> Response
    ) async throws -> Response {
        if let caller = context.caller,
            let wait = limits.requests.take(caller.principal.description)
        {
            throw Problem.rateLimited(wait)
        }
        return try await next(request, context)
    }
}

extension Problem {
    /// Too many requests; `Retry-After` says when there is room again.
    static func rateLimited(_ wait: Duration) -> Problem {
        var problem = Problem(
            .tooManyRequests, "rate-limited", "You ask more often than one caller may.",
            hint: "Try again after the time in Retry-After, with the same Idempotency-Key.")
        problem.headers[.retryAfter] = String(max(1, wait.components.seconds + 1))
        return problem
    }
}

// The outermost layer: request id, errors as problem documents, safe headers, one line in the log.

internal import CanonicalJSON
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import Registry

/// Wraps every request.
struct Tracking: RouterMiddleware {
    typealias Context = Guest
    let routes: RouteTable
    let isTLS: Bool

    func handle(
        _ request: WebRequest, context: Guest,
        next: (WebRequest, Guest) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.requestID = Self.requestID(of: request)
        context.logger[metadataKey: "request"] = "\(context.requestID)"
        let start = ContinuousClock.now
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = answer(to: error, request, context)
        }
        if request.method == .head { response = response.createHeadResponse() }
        Self.secure(&response, isTLS: isTLS)
        response.headers[.requestID] = context.requestID
        log(request, response, context, ContinuousClock.now - start)
        return response
    }

    // MARK: request id

    /// The caller's id when it is acceptable, otherwise a new one.
    private static func requestID(of request: WebRequest) -> String {
        if let given = request.single(.requestID), (1...64).contains(given.utf8.count),
            given.utf8.allSatisfy(isIDByte)
        {
            return given
        }
        return Registry.makeRequestID()
    }

    private static func isIDByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }

    // MARK: errors

    private func answer(
        to error: any Error, _ request: WebRequest, _ context: Guest
    ) -> Response {
        if let error = error as? HTTPError, error.status == .notFound {
            return unrouted(request).response(requestID: context.requestID)
        }
        if let problem = Problem(answering: error) {
            if problem.code == "key-unavailable" {
                context.logger.error("a key does not sign", metadata: ["error": "\(error)"])
            }
            return problem.response(requestID: context.requestID)
        }
        context.logger.error("internal error", metadata: ["error": "\(String(reflecting: error))"])
        return Problem.internalError.response(requestID: context.requestID)
    }

    /// No route for path and method together: the path may have others.
    private func unrouted(_ request: WebRequest) -> Problem {
        let methods = routes.methods(ofPath: request.uri.path)
        guard !methods.isEmpty else {
            return Problem(
                .notFound, "route-unknown", "There is nothing at this address.",
                hint: "/api/openapi.json lists what there is.")
        }
        let allowed = methods.map(\.rawValue).sorted().joined(separator: ", ")
        var problem = Problem(
            .methodNotAllowed, "method-not-allowed", "This address takes \(allowed).")
        problem.headers[.allow] = allowed
        return problem
    }

    // MARK: headers

    /// What HTML pages may load: nothing but what the page itself says with its own header.
    private static let policy =
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

    private static func secure(_ response: inout Response, isTLS: Bool) {
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.referrerPolicy] = "no-referrer"
        if response.headers[.contentSecurityPolicy] == nil {
            response.headers[.contentSecurityPolicy] = policy
        }
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        if isTLS { response.headers[.strictTransportSecurity] = "max-age=31536000" }
    }

    // MARK: access log

    /// Method, route and outcome; never headers, queries or bodies, where secrets travel.
    private func log(
        _ request: WebRequest, _ response: Response, _ context: Guest, _ duration: Duration
    ) {
        let level: Logger.Level =
            switch response.status.kind {
            case .serverError: response.status == .serviceUnavailable ? .info : .error
            case .informational, .successful, .redirection, .clientError, .invalid: .debug
            }
        guard context.logger.logLevel <= level else { return }
        let (seconds, attoseconds) = duration.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        context.logger.log(
            level: level, "request",
            metadata: [
                "method": "\(request.method.rawValue)",
                "route": "\(context.endpointPath ?? "none")",
                "status": "\(response.status.code)",
                "microseconds": "\(microseconds)",
                "principal": "\(context.trace.caller ?? "none")",
            ])
    }
}

extension HTTPField.Name {
    /// Any constant here is a valid field name, or nothing would start.
    private static func named(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else {
            preconditionFailure("A constant of ours is no header name.")
        }
        return name
    }

    static let requestID = named("X-Request-ID")
    static let idempotencyKey = named("Idempotency-Key")
    static let referrerPolicy = named("Referrer-Policy")
}

// The routes as data: the same table registers them, answers 405, and is compared with the OpenAPI
// document by a test.

internal import CanonicalJSON
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// One operation of the HTTP interface.
struct Route: Sendable {
    /// What carries it out; the kind says who may call.
    enum Handler: Sendable {
        /// For everybody; decides itself what to show whom.
        case open(@Sendable (WebRequest, Guest) async throws -> Response)
        /// A question of a known caller.
        case read(@Sendable (WebRequest, Authenticated) async throws -> Response)
        /// A governed act of a known caller, with a JSON body of at most `limit` bytes.
        case write(limit: Int, @Sendable (Write) async throws -> Response)
        /// Many governed acts of a known caller, in a JSON body of at most `limit` bytes.
        case bulk(limit: Int, @Sendable (JSON, Authenticated) async throws -> Response)
        /// A question of a known caller in a foreign JSON body of at most `limit` bytes.
        case ask(limit: Int, @Sendable (JSON, WebRequest, Authenticated) async throws -> Response)
    }

    let method: HTTPRequest.Method
    /// The path as OpenAPI writes it: `/api/v1/principals/{id}`.
    let template: String
    /// Whether the last parameter takes the rest of the path, slashes included.
    let takesRest: Bool
    let handler: Handler

    private init(
        _ method: HTTPRequest.Method, _ template: String, takesRest: Bool = false,
        _ handler: Handler
    ) {
        self.method = method
        self.template = template
        self.takesRest = takesRest
        self.handler = handler
    }

    /// A GET for everybody.
    static func open(
        _ template: String, takesRest: Bool = false,
        _ handler: @escaping @Sendable (WebRequest, Guest) async throws -> Response
    ) -> Route {
        Route(.get, template, takesRest: takesRest, .open(handler))
    }

    /// A GET for known callers.
    static func read(
        _ template: String,
        _ handler: @escaping @Sendable (WebRequest, Authenticated) async throws -> Response
    ) -> Route {
        Route(.get, template, .read(handler))
    }

    /// A POST that is one governed act.
    static func write(
        _ template: String, limit: Int = WebLimits.bodyBytes,
        _ handler: @escaping @Sendable (Write) async throws -> Response
    ) -> Route {
        Route(.post, template, .write(limit: limit, handler))
    }

    /// A POST of many governed acts.
    static func bulk(
        _ template: String, limit: Int,
        _ handler: @escaping @Sendable (JSON, Authenticated) async throws -> Response
    ) -> Route {
        Route(.post, template, .bulk(limit: limit, handler))
    }

    /// A POST that is a question in somebody else's format.
    static func ask(
        _ template: String, limit: Int,
        _ handler: @escaping @Sendable (JSON, WebRequest, Authenticated) async throws -> Response
    ) -> Route {
        Route(.post, template, .ask(limit: limit, handler))
    }

    /// Whether the route needs a token.
    var needsToken: Bool {
        switch handler {
        case .open: false
        case .read, .write, .bulk, .ask: true
        }
    }

    /// Whether a path is one of this route's.
    func matches(_ path: String) -> Bool {
        let wanted = template.split(separator: "/")
        let parts = path.split(separator: "/")
        guard takesRest ? parts.count >= wanted.count : parts.count == wanted.count else {
            return false
        }
        return zip(wanted, parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
}

/// All operations.
struct RouteTable: Sendable {
    let routes: [Route]

    /// The methods that a path takes; empty for a path that is none.
    func methods(ofPath path: String) -> [HTTPRequest.Method] {
        let methods = routes.filter { $0.matches(path) }.map(\.method)
        return methods.contains(.get) ? methods + [.head] : methods
    }

    /// Makes every route answer.
    func register(on router: Router<Guest>, bodies: Bodies) {
        let known = router.group(context: Authenticated.self)
        for route in routes {
            let path = RouterPath(
                route.takesRest
                    ? route.template.split(separator: "/").dropLast().joined(separator: "/") + "/**"
                    : route.template)
            switch route.handler {
            case .open(let handler):
                router.on(path, method: route.method) { try await handler($0, $1) }
            case .read(let handler):
                known.on(path, method: route.method) { try await handler($0, $1) }
            case .write(let limit, let handler):
                known.on(path, method: route.method) { request, context in
                    try await bodies.withJSON(of: request, limit: limit) { body, json in
                        try await handler(Write(request, context, body: body, json: json))
                    }
                }
            case .bulk(let limit, let handler):
                known.on(path, method: route.method) { request, context in
                    try await bodies.withJSON(of: request, limit: limit) { _, json in
                        try await handler(json, context)
                    }
                }
            case .ask(let limit, let handler):
                known.on(path, method: route.method) { request, context in
                    try await bodies.withJSON(
                        of: request, limits: WebLimits.foreignJSON(bytes: limit)
                    ) { _, json in
                        try await handler(json, request, context)
                    }
                }
            }
        }
    }
}

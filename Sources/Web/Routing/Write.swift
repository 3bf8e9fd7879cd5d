// One governed act, as its handler gets it: who, which path, what body, which retry key.

internal import CanonicalJSON
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// A write with its body read and its caller known.
struct Write: Sendable {
    let caller: Caller
    let requestID: String
    let parameters: PathParameters
    let json: JSON
    private let path: String
    private let method: String
    private let body: [UInt8]
    private let key: String?

    /// Throws 400 when the Idempotency-Key is malformed.
    init(
        _ request: WebRequest, _ context: Authenticated, body: [UInt8], json: JSON
    ) throws(Problem) {
        caller = context.caller
        requestID = context.requestID
        parameters = PathParameters(context.parameters)
        path = request.uri.path
        method = request.method.rawValue
        self.body = body
        self.json = json
        key = try Self.idempotencyKey(of: request)
    }

    /// One command of a bulk request: its body is the canonical form of the JSON.
    init(
        _ context: Authenticated, path: String, parameters: PathParameters, json: JSON, key: String?
    ) {
        caller = context.caller
        requestID = context.requestID
        self.parameters = parameters
        self.path = path
        method = "POST"
        body = key == nil ? [] : json.canonicalBytes
        self.json = json
        self.key = key
    }

    private static func idempotencyKey(of request: WebRequest) throws(Problem) -> String? {
        guard !request.headers[values: .idempotencyKey].isEmpty else { return nil }
        guard let key = request.single(.idempotencyKey), isKey(key) else {
            throw Problem(
                .badRequest, "idempotency-key-malformed",
                "An Idempotency-Key is 1 to \(WebLimits.idempotencyKeyBytes) printable ASCII bytes."
            )
        }
        return key
    }

    /// Whether a text can be an Idempotency-Key.
    static func isKey(_ text: String) -> Bool {
        (1...WebLimits.idempotencyKeyBytes).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x20...0x7e).contains($0) }
    }

    /// The request for the registry; a write of several acts gives each a suffix of its own.
    func request(suffix: String = "") -> GovernedRequest {
        let idempotency = key.map {
            GovernedRequest.idempotency(
                key: $0 + suffix, principal: caller.principal, method: method,
                path: path, body: body)
        }
        return GovernedRequest(caller: caller, id: requestID, idempotency: idempotency)
    }

    /// Decodes the body strictly; throws all findings.
    func decode<T>(_ body: (JSONReader) -> T?) throws(JSONFindings) -> T {
        try JSONReader.decode(json, body)
    }
}

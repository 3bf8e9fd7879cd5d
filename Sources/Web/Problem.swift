// Errors as answers: RFC 9457 problem details with a stable code, all findings, and what to do.
//
//     {"type":"https://imprimatur.dev/problems/version-unknown","title":"Not found","status":404,
//      "code":"version-unknown","detail":"There is no version credit/scorecard@9.","findings":[],
//      "requestId":"…"}
//
// `hint` is present when there is something to do, `entry` (a leaf hash) when the log records the refusal.
// A problem never quotes what was sent, SQL or paths of
// the machine; what an internal error was stands in the service's log under the request id.

internal import CanonicalJSON
internal import Cryptography
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Registry

/// An error as it is answered.
struct Problem: Error, Sendable, Hashable {
    let status: HTTPResponse.Status
    /// Stable, for programs.
    let code: String
    /// What is wrong, for people.
    let detail: String
    var findings: [JSONFinding] = []
    /// What to do about it.
    var hint: String?
    /// Leaf hash of the entry that records the refusal.
    var entry: String?
    /// Header fields that belong to the answer.
    var headers = HTTPFields()

    init(
        _ status: HTTPResponse.Status, _ code: String, _ detail: String,
        findings: [JSONFinding] = [], hint: String? = nil
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        self.findings = findings
        self.hint = hint
    }

    /// The document's media type.
    static let mediaType = "application/problem+json"
    /// What every `type` begins with.
    static let typeBase = "https://imprimatur.dev/problems/"

    /// The document.
    func document(requestID: String) -> JSON {
        var members: [String: JSON] = [
            "type": .string(Self.typeBase + code),
            "title": .string(status.reasonPhrase),
            "status": .integer(Int64(status.code)),
            "code": .string(code),
            "detail": .string(detail),
            "findings": .array(findings.map(\.json)),
            "requestId": .string(requestID),
        ]
        if let hint { members["hint"] = .string(hint) }
        if let entry { members["entry"] = .string(entry) }
        return .object(members)
    }

    /// The answer.
    func response(requestID: String) -> Response {
        var response = Response(
            status: status, json: document(requestID: requestID), mediaType: Self.mediaType)
        for field in headers { response.headers[field.name] = field.value }
        return response
    }
}

extension Problem {
    /// A refusal of the registry.
    init(_ refusal: Refusal) {
        self.init(
            refusal.kind.status, refusal.code, refusal.message, findings: refusal.findings,
            hint: refusal.hint)
        entry = refusal.entry?.hex
        switch refusal.kind {
        case .unauthenticated: headers[.wwwAuthenticate] = "Bearer realm=\"imprimatur\""
        case .busy: headers[.retryAfter] = String(WebLimits.retryAfterSeconds)
        case .malformed, .forbidden, .notFound, .conflict, .unprocessable, .tooLarge, .halted: break
        }
    }

    /// Bytes that are no acceptable JSON.
    init(_ error: JSONError) {
        switch error.code {
        case .size:
            self.init(.contentTooLarge, "body-too-large", error.description)
        case .syntax, .encoding, .duplicateKey, .number, .depth, .pointer:
            self.init(
                .badRequest, "json-malformed",
                "The body is not acceptable JSON: \(error.description).")
        }
    }

    /// JSON that is not what this endpoint reads.
    init(_ error: JSONFindings) {
        self.init(
            .unprocessableContent, "body-invalid",
            "The body is not what this endpoint reads: \(error.findings.count) finding(s).",
            findings: error.findings)
    }

    /// Any error as the caller may see it; nil when it is ours and nobody else's business.
    init?(answering error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let refusal as Refusal: self.init(refusal)
        case let error as JSONError: self.init(error)
        case let error as JSONFindings: self.init(error)
        case is NIOTooManyBytesError: self = .bodyTooLarge
        case is CancellationError:
            self.init(Refusal(.busy, "stopping", "The service is stopping; nothing was decided."))
        case let error as HTTPError:
            self.init(error.status, "http-error", error.status.reasonPhrase)
        default:
            guard let refusal = Refusal(classifying: error) else { return nil }
            self.init(refusal)
        }
    }

    static let bodyTooLarge = Problem(
        .contentTooLarge, "body-too-large", "The body is larger than this endpoint reads.")
    static let internalError = Problem(
        .internalServerError, "internal-error",
        "Something went wrong in the service; its log has more under the request id.")
    static let unauthenticated = Problem(
        Refusal(
            .unauthenticated, "unauthenticated", "This request needs a valid token.",
            hint: "Send `Authorization: Bearer imp_…`; tokens expire and can be revoked."))
}

extension Refusal.Kind {
    /// The one place where refusals become statuses.
    var status: HTTPResponse.Status {
        switch self {
        case .malformed: .badRequest
        case .unauthenticated: .unauthorized
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .conflict: .conflict
        case .unprocessable: .unprocessableContent
        case .tooLarge: .contentTooLarge
        case .busy: .serviceUnavailable
        case .halted: .serviceUnavailable
        }
    }
}

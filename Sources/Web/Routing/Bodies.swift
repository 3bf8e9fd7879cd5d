// Reads bodies: JSON only, bounded, strict.

internal import CanonicalJSON
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// Reads the bodies of writes.
struct Bodies: Sendable {
    let capacity: Capacity

    /// Reads the body and parses it, while its bytes are reserved.
    ///
    /// - Throws: 415, 413, 503, or 400 as a `Problem`.
    func withJSON<R>(
        of request: WebRequest, limit: Int, _ body: ([UInt8], JSON) async throws -> R
    ) async throws -> R {
        try await withJSON(of: request, limits: WebLimits.json(bytes: limit), body)
    }

    /// The same, within limits for documents that are not ours.
    func withJSON<R>(
        of request: WebRequest, limits: JSON.Limits, _ body: ([UInt8], JSON) async throws -> R
    ) async throws -> R {
        try Self.checkType(request)
        let limit = limits.bytes
        let announced = try Self.announcedLength(request, limit: limit)
        return try await capacity.withBytes(announced ?? limit) {
            let buffer = try await request.body.collect(upTo: announced ?? limit)
            let bytes = Array(buffer.readableBytesView)
            let json = try JSON(parsing: bytes, limits: limits)
            return try await body(bytes, json)
        }
    }

    /// Exactly `application/json`, in UTF-8 and not compressed: nothing is guessed.
    private static func checkType(_ request: WebRequest) throws(Problem) {
        let refusal = Problem(
            .unsupportedMediaType, "content-type-unsupported",
            "This address takes application/json in UTF-8.",
            hint: "Send `Content-Type: application/json`, without Content-Encoding.")
        guard request.headers[values: .contentEncoding].isEmpty,
            let value = request.single(.contentType)
        else { throw refusal }
        var parts = value.lowercased().split(separator: ";").map { $0.filter { $0 != " " } }
        guard !parts.isEmpty, parts.removeFirst() == "application/json",
            parts.allSatisfy({ $0 == "charset=utf-8" || $0 == "charset=\"utf-8\"" })
        else { throw refusal }
    }

    /// The length that the request states; nil when it comes in chunks.
    private static func announcedLength(
        _ request: WebRequest, limit: Int
    ) throws(Problem) -> Int? {
        guard let text = request.single(.contentLength) else { return nil }
        guard let length = Int(text), length >= 0 else {
            throw Problem(.badRequest, "request-malformed", "Content-Length is not a number.")
        }
        guard length <= limit else { throw .bodyTooLarge }
        return length
    }
}

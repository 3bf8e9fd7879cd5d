// What everybody may read: receipts, the trust root, the description of this interface.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import HTTPTypes
internal import Hummingbird
internal import Registry
internal import TransparencyLog

/// Receipts, root and OpenAPI.
struct ReadingRoutes {
    let registry: Registry
    /// The trust root's envelope, as it was given.
    let trustRoot: Envelope
    /// The OpenAPI document's bytes.
    let description: [UInt8]

    var routes: [Route] {
        [
            .read("/api/v1/entries/{leafHash}/receipt", receipt),
            .open("/api/v1/root", root),
            .open("/api/openapi.json", openAPI),
        ]
    }

    @Sendable private func receipt(
        _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        let leafHash = try PathParameters(context.parameters).digest(
            "leafHash", "entry-unknown", "There is no such entry.")
        guard let proof = try await registry.receipt(ofLeaf: leafHash) else {
            var response = Response(status: .accepted, json: ["status": "pending"])
            response.headers[.retryAfter] = String(WebLimits.retryAfterSeconds)
            response.headers[.location] = request.uri.path
            return response
        }
        // A later receipt of the same entry proves the same with a newer checkpoint.
        return Response(bytes: proof.bytes, mediaType: "text/plain; charset=utf-8")
    }

    @Sendable private func root(_ request: WebRequest, _ context: Guest) async throws -> Response {
        Conditional.response(
            to: request, bytes: trustRoot.canonicalBytes, mediaType: "application/json",
            cacheControl: "public, no-cache")
    }

    @Sendable private func openAPI(
        _ request: WebRequest, _ context: Guest
    ) async throws -> Response {
        Conditional.response(
            to: request, bytes: description, mediaType: "application/json",
            cacheControl: "public, no-cache")
    }
}

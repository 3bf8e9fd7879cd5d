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
            .read("/api/v1/entries/{entry}", entry),
            .read("/api/v1/entries/{entry}/receipt", receipt),
            .open("/api/v1/root", root),
            .open("/api/openapi.json", openAPI),
        ]
    }

    /// Where an entry is; its bytes for auditors of everything.
    @Sendable private func entry(
        _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        guard let entry = try await registry.entry(name(context)) else { return pending(request) }
        let mayRead = registry.mayReadEntries(context.caller)
        if mayRead {
            try await registry.noteRead(
                "entries", indexes: entry.index..<entry.index + 1, by: context.caller)
        }
        return Conditional.response(to: request, json: entry.json(withBytes: mayRead))
    }

    @Sendable private func receipt(
        _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        guard let entry = try await registry.entry(name(context)),
            let proof = try await registry.follower.makeReceipt(for: entry.id)
        else { return pending(request) }
        // A later receipt of the same entry proves the same with a newer checkpoint.
        return Response(bytes: proof.bytes, mediaType: "text/plain; charset=utf-8")
    }

    private func name(_ context: Authenticated) throws -> EntryName {
        guard let name = context.parameters.get("entry").flatMap(EntryName.init) else {
            throw Refusal(
                .notFound, "entry-unknown", "There is no such entry.",
                hint: "Name it by leaf hash (64 hex digits), by index (412), or by id (id:519).")
        }
        return name
    }

    private func pending(_ request: WebRequest) -> Response {
        var response = Response(status: .accepted, json: ["status": "pending"])
        response.headers[.retryAfter] = String(WebLimits.retryAfterSeconds)
        response.headers[.location] = request.uri.path
        return response
    }

    @Sendable private func root(_ request: WebRequest, _ context: Guest) async throws -> Response {
        let envelope = registry.roots.envelope ?? trustRoot
        return Conditional.response(
            to: request, bytes: envelope.canonicalBytes, mediaType: "application/json",
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

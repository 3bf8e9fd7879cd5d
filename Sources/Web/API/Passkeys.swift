// Passkeys: what browsers need for making them and for signing with them. What was signed goes where
// everything signed goes.

internal import Attestation
internal import CanonicalJSON
internal import Governance
internal import Hummingbird
internal import Registry

/// The operations on passkeys; none of them records anything.
struct PasskeyRoutes {
    let registry: Registry

    var routes: [Route] {
        [
            .ask("/api/v1/principals/{id}/passkeys/creation", limit: WebLimits.bodyBytes, create),
            .ask(
                "/api/v1/principals/{id}/passkeys/assignment", limit: WebLimits.bodyBytes, assign),
            .ask("/api/v1/passkeys/signing", limit: WebLimits.bodyBytes, sign),
        ]
    }

    @Sendable private func create(
        _ json: JSON, _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        let scope = try JSONReader.decode(json) { PasskeyScope(reading: $0) }
        return Response(
            json: try registry.passkeyCreation(
                of: try PathParameters(context.parameters).principal(),
                relyingParty: scope.relyingParty, by: context.caller))
    }

    private struct Making {
        let scope: PasskeyScope
        let registration: PasskeyRegistration
        let days: Int64
    }

    @Sendable private func assign(
        _ json: JSON, _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        let making = try JSONReader.decode(json) { reader -> Making? in
            let scope = PasskeyScope(reading: reader)
            let registration = reader.object("attestation", PasskeyRegistration.init(reading:))
            let days = reader.integer("days", in: 1...3_650)
            guard let scope, let registration else { return nil }
            return Making(scope: scope, registration: registration, days: days)
        }
        return Response(
            json: try await registry.passkeyAssignment(
                of: try PathParameters(context.parameters).principal(), making.registration,
                scope: making.scope, days: making.days, by: context.caller))
    }

    @Sendable private func sign(
        _ json: JSON, _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        let (statement, relyingParty) = try JSONReader.decode(json) { reader in
            (
                reader.json("statement"),
                reader.optional("rpId") { $0.string(length: 1...253) }
            )
        }
        return Response(
            json: try registry.passkeySigning(
                statement, relyingParty: relyingParty, by: context.caller))
    }
}

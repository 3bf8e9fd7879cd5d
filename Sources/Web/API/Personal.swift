// Holds, and the erasure of personal data. A refused erasure is an answer: 200 with its grounds.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// The operations on holds and personal data.
struct PersonalRoutes {
    let registry: Registry

    var routes: [Route] {
        [
            .read("/api/v1/holds", holds),
            .write("/api/v1/holds", place),
            .write("/api/v1/holds/{id}/release", release),
            .write("/api/v1/erasures", erase),
        ]
    }

    @Sendable private func holds(
        _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        Conditional.response(to: request, json: try await registry.holds())
    }

    @Sendable private func place(_ write: Write) async throws -> Response {
        let (scope, namespace, reason) = try write.decode {
            reader -> (HoldScope, Namespace, String)? in
            let scope = reader.parsed("scope", as: "principal/p-… or version/ns/name@n") {
                HoldScope($0)
            }
            let namespace = reader.parsed("namespace", as: "a namespace") { Namespace($0) }
            let reason = reader.reason()
            guard let scope, let namespace else { return nil }
            return (scope, namespace, reason)
        }
        let outcome = try await registry.placeHold(
            on: scope, for: namespace, reason: reason, write.request())
        guard case .holdPlaced(let event) = outcome.recorded.entry.event else {
            throw Problem.internalError
        }
        return Answering.response(
            outcome,
            result: ["hold": .string(event.hold), "scope": .string(event.scope.description)])
    }

    @Sendable private func release(_ write: Write) async throws -> Response {
        let id = try write.parameters.id("hold-unknown", "There is no such hold.")
        let envelope = try write.decode { $0.envelope("statement") }
        let outcome = try await registry.releaseHold(id, envelope, write.request())
        return Answering.response(outcome, result: ["hold": .string(id)])
    }

    @Sendable private func erase(_ write: Write) async throws -> Response {
        let envelope = try write.decode { $0.envelope("statement") }
        let answer = try await registry.erase(envelope, write.request())
        return Answering.response(
            answer.outcome,
            members: [
                "erasure": [
                    "subject": .string(answer.subject.description),
                    "verdict": answer.isErased ? "erased" : "refused",
                    "grounds": .array(answer.grounds.map(\.json)),
                    "commitments": .array(answer.commitments.map { .string($0.hex) }),
                    "keyDestroyed": .bool(answer.isKeyDestroyed),
                    "exports": .array(answer.exports.map(\.json)),
                ]
            ], status: .ok)
    }
}

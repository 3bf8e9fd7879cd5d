// The disposal of documents whose period has passed. A refused one is an answer: 200 with its grounds.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// The operations on disposals.
struct DisposalRoutes {
    let registry: Registry

    var routes: [Route] {
        [
            .read("/api/v1/disposals", forecast),
            .write("/api/v1/disposals", dispose),
            .read("/api/v1/namespaces/{ns}/models/{name}/versions/{n}/disposal", plan),
        ]
    }

    @Sendable private func forecast(
        _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        Conditional.response(to: request, json: try await registry.disposals())
    }

    @Sendable private func plan(
        _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        let version = try PathParameters(context.parameters).version()
        let plan = try await registry.disposal(of: version)
        return Conditional.response(
            to: request,
            json: [
                "version": .string(version.description),
                "verdict": plan.grounds.isEmpty ? "free" : "kept",
                "grounds": .array(plan.grounds.map(\.json)),
                "keptUntil": plan.keptUntil.map { .string($0.description) } ?? .null,
                "list": .string(plan.list.digest.hex), "bytes": .integer(plan.bytes),
                "documents": .array(plan.list.documents.map { .string($0.hex) }),
            ])
    }

    @Sendable private func dispose(_ write: Write) async throws -> Response {
        let envelope = try write.decode { $0.envelope("statement") }
        let answer = try await registry.dispose(envelope, write.request())
        let disposed = answer.disposed
        return Answering.response(
            answer.outcome,
            members: [
                "disposal": [
                    "version": .string(answer.version.description),
                    "verdict": disposed == nil ? "refused" : "disposed",
                    "grounds": .array(answer.grounds.map(\.json)),
                    "documents": .integer(disposed?.count ?? 0),
                    "bytes": .integer(disposed?.bytes ?? 0),
                    "list": disposed.map { .string($0.list.hex) } ?? .null,
                ]
            ], status: .ok)
    }
}

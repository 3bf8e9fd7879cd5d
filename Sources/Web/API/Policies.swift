// The policy pack: putting the next one in force.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// The operations on policy packs.
struct PolicyRoutes {
    let registry: Registry

    var routes: [Route] {
        [.write("/api/v1/policy", limit: WebLimits.policyBytes, activate)]
    }

    @Sendable private func activate(_ write: Write) async throws -> Response {
        let (envelope, files) = try write.decode { reader -> (Envelope, [UInt8])? in
            let files = reader.json("files").canonicalBytes
            return reader.envelope("statement").map { ($0, files) }
        }
        let outcome = try await registry.activatePolicy(envelope, files: files, write.request())
        guard case .policyActivated(let event) = outcome.recorded.entry.event else {
            throw Problem.internalError
        }
        return Answering.response(
            outcome,
            result: [
                "name": .string(event.name), "version": .string(event.version),
                "digest": .string(event.digest.hex),
                "predecessor": event.predecessor.map { .string($0.hex) } ?? .null,
            ])
    }
}

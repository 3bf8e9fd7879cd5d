// People and services: registering them, their keys, roles and tokens.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import Hummingbird
internal import Registry

/// The operations on principals.
struct PrincipalRoutes {
    let registry: Registry

    var routes: [Route] {
        [
            .read("/api/v1/whoami", whoami),
            .write("/api/v1/principals", register),
            .read("/api/v1/principals/{id}", principal),
            .write("/api/v1/principals/{id}/keys", assignKey),
            .write("/api/v1/principals/{id}/keys/{key}/revocation", revokeKey),
            .write("/api/v1/principals/{id}/roles", assignRole),
            .write("/api/v1/principals/{id}/roles/{digest}/revocation", revokeRole),
            .write("/api/v1/principals/{id}/delegations", delegate),
            .write("/api/v1/principals/{id}/delegations/{digest}/revocation", revokeDelegation),
            .write("/api/v1/principals/{id}/tokens", issueToken),
            .write("/api/v1/tokens/{id}/revocation", revokeToken),
        ]
    }

    // MARK: reading

    @Sendable private func whoami(
        _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        Response(json: registry.whoami(context.caller))
    }

    @Sendable private func principal(
        _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        let id = try PathParameters(context.parameters).principal()
        let document = try await registry.principal(id)
        return Conditional.response(to: request, json: document)
    }

    // MARK: registering

    private struct Registration {
        let name: String
        let person: PrincipalID?
        let envelope: Envelope
    }

    @Sendable private func register(_ write: Write) async throws -> Response {
        let body = try write.decode { reader -> Registration? in
            let name = reader.text("name", length: WebLimits.name)
            let person = reader.nullable("person") { id in
                id.parsed(as: "a principal's id") { PrincipalID($0) }
            }
            return reader.envelope("assignment").map {
                Registration(name: name, person: person, envelope: $0)
            }
        }
        // Two acts: what the second would refuse is refused before the first.
        try registry.checkKeyAssignment(body.envelope, by: write.caller)
        let enrolment = Registry.Enrolment(
            name: body.name, assignment: body.envelope, person: body.person)
        _ = try await registry.register(enrolment, write.request())
        let outcome = try await registry.assignKey(body.envelope, write.request(suffix: "#key"))
        return Answering.response(outcome, result: Self.assigned(outcome))
    }

    @Sendable private func assignKey(_ write: Write) async throws -> Response {
        let principal = try write.parameters.principal()
        let envelope = try write.decode { $0.envelope("assignment") }
        try Self.require(IdentityBook.read(envelope.canonicalBytes)?.assignment, isOf: principal)
        let outcome = try await registry.assignKey(envelope, write.request())
        return Answering.response(outcome, result: Self.assigned(outcome))
    }

    @Sendable private func assignRole(_ write: Write) async throws -> Response {
        let principal = try write.parameters.principal()
        let envelope = try write.decode { $0.envelope("assignment") }
        try Self.require(IdentityBook.read(envelope.canonicalBytes)?.assignment, isOf: principal)
        let outcome = try await registry.assignRole(envelope, write.request())
        return Answering.response(outcome, result: Self.assigned(outcome))
    }

    @Sendable private func delegate(_ write: Write) async throws -> Response {
        let principal = try write.parameters.principal()
        let envelope = try write.decode { $0.envelope("delegation") }
        try Self.require(IdentityBook.read(envelope.canonicalBytes)?.assignment, isOf: principal)
        let outcome = try await registry.delegate(envelope, write.request())
        return Answering.response(
            outcome, result: ["statement": .string(envelope.payloadDigest.hex)])
    }

    /// An assignment of somebody else does not belong under this address.
    private static func require(
        _ assignment: Endorsement.Assignment?, isOf principal: PrincipalID
    ) throws(Refusal) {
        let subject: PrincipalID? =
            switch assignment {
            case .key(let key): key.principal
            case .role(let role): role.principal
            case .delegation(let delegation): delegation.delegator.principal
            case nil: nil
            }
        guard let subject, subject != principal else { return }
        throw Refusal(
            .unprocessable, "principal-mismatch", "The assignment is for another principal.",
            findings: [
                JSONFinding(
                    JSONPointer(["assignment"]), "principal",
                    "It is for \(subject), not \(principal).")
            ])
    }

    private static func assigned(_ outcome: Registry.Outcome) -> JSON {
        switch outcome.recorded.entry.event {
        case .keyAssigned(let event):
            [
                "principal": .string(event.principal.description), "key": .string(event.key.hex),
                "statement": .string(event.statement.hex),
            ]
        case .roleAssigned(let event):
            [
                "principal": .string(event.principal.description),
                "role": .string(event.role.rawValue),
                "namespace": .string(event.namespace.description),
                "statement": .string(event.statement.hex),
            ]
        default: [:]
        }
    }

    // MARK: revoking

    @Sendable private func revokeKey(_ write: Write) async throws -> Response {
        let (principal, key) = (try write.parameters.principal(), try write.parameters.key())
        let (reason, from) = try write.decode { reader in
            (
                reader.reason(),
                reader.optional("effectiveFrom") { from in
                    from.parsed(as: "a time like 2026-01-01T00:00:00.000Z") { Timestamp($0) }
                }
            )
        }
        let outcome = try await registry.revokeKey(
            key, of: principal, reason: reason, effectiveFrom: from, write.request())
        return Answering.response(outcome, result: ["key": .string(key.hex)])
    }

    @Sendable private func revokeRole(_ write: Write) async throws -> Response {
        let principal = try write.parameters.principal()
        let digest = try write.parameters.digest(
            "digest", "assignment-unknown", "There is no such role assignment.")
        let reason = try write.decode { $0.reason() }
        let outcome = try await registry.revokeRole(
            digest, of: principal, reason: reason, write.request())
        return Answering.response(outcome, result: ["statement": .string(digest.hex)])
    }

    @Sendable private func revokeDelegation(_ write: Write) async throws -> Response {
        let principal = try write.parameters.principal()
        let digest = try write.parameters.digest(
            "digest", "delegation-unknown", "There is no such delegation.")
        let (reason, compromised) = try write.decode { reader in
            (reader.reason(), reader.optional("compromised") { $0.bool() } ?? false)
        }
        let outcome = try await registry.revokeDelegation(
            digest, of: principal, reason: reason, compromised: compromised, write.request())
        return Answering.response(outcome, result: ["statement": .string(digest.hex)])
    }

    // MARK: tokens

    @Sendable private func issueToken(_ write: Write) async throws -> Response {
        let principal = try write.parameters.principal()
        let days = try write.decode { $0.integer("days", in: 1...Registry.longestTokenDays) }
        let issued = try await registry.issueToken(for: principal, days: days, write.request())
        guard case .tokenIssued(let event) = issued.outcome.recorded.entry.event else {
            throw Problem.internalError
        }
        // A retry finds the entry of its first try; the secret was shown then and is kept nowhere.
        let isReplay = issued.outcome.recorded.wasReplayed
        return Answering.response(
            issued.outcome,
            result: [
                "token": .string(event.token), "secret": isReplay ? .null : .string(issued.secret),
                "expiresAt": .string(event.expiresAt.description),
            ])
    }

    @Sendable private func revokeToken(_ write: Write) async throws -> Response {
        let id = try write.parameters.id("token-unknown", "There is no such token.")
        let reason = try write.decode { $0.reason() }
        let outcome = try await registry.revokeToken(id, reason: reason, write.request())
        return Answering.response(outcome, result: ["token": .string(id)])
    }
}

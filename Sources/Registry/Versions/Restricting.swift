// Suspends and withdraws versions. Restrictive acts need only an authenticated, entitled caller.

package import Governance

extension Registry {
    /// Roles of which any one holder may suspend at once.
    static let suspenderRoles: Set<Role> = [.riskOfficer, .complianceOfficer, .validator, .owner]
    /// Longest reason in characters.
    package static let longestReason = 2_000

    /// Suspends a version: it may not be deployed until the suspension is lifted.
    package func suspend(
        _ reference: VersionReference, reason: String, _ request: Request
    ) async throws -> Outcome {
        let id = Self.makeID("s-")
        return try await restrict(reference, reason, Self.suspenderRoles, request) {
            .versionSuspended(VersionSuspended(version: reference, restriction: id, reason: reason))
        }
    }

    /// Withdraws a version: its approval request is over for ever.
    package func withdraw(
        _ reference: VersionReference, reason: String, _ request: Request
    ) async throws -> Outcome {
        let id = Self.makeID("w-")
        return try await restrict(reference, reason, [.owner], request) {
            .versionWithdrawn(VersionWithdrawn(version: reference, restriction: id, reason: reason))
        }
    }

    private func restrict(
        _ reference: VersionReference, _ reason: String, _ roles: Set<Role>, _ request: Request,
        _ event: @Sendable @escaping () -> Event
    ) async throws -> Outcome {
        let caller = try caller(of: request)
        try require(roles, of: caller, in: reference.model.namespace)
        guard (1...Self.longestReason).contains(reason.unicodeScalars.count) else {
            throw Refusal(
                .unprocessable, "reason-missing",
                "A reason of 1 to \(Self.longestReason) characters is needed.")
        }
        let subjects = Subjects(
            written: [Subjects.version(reference)], read: [Subjects.principal(caller.principal)])
        return try await record(request, subjects) { db, _ in
            // What restricts needs no more than a known caller, so what the follower has read will do.
            try require(roles, of: caller, in: reference.model.namespace)
            let row = try VersionRow.require(reference, db)
            guard row.state != "retired" else {
                throw Refusal(.conflict, "version-closed", "\(reference) is retired.")
            }
            return Act(event())
        }
    }
}

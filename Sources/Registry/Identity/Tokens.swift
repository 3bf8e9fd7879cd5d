// API tokens: they say who asks, and nothing more. A token never signs and enrols nothing.
//
// A token is `imp_` and 32 random bytes in base64url. Only its SHA-256 is kept: with 256 random bits
// there is nothing to guess, so a slow hash would add nothing. It is shown once.

internal import CanonicalJSON
internal import Cryptography
package import Governance
internal import Database

extension Registry {
    /// A token that was just made.
    package struct IssuedToken: Sendable {
        /// Its public id, for revoking it.
        package let id: String
        /// The secret; shown once.
        package let secret: String
        package let expiresAt: Timestamp
        package let outcome: Outcome
    }

    /// Longest life of a token in days.
    package static let longestTokenDays: Int64 = 366

    /// Issues a token to a registered principal; administrators, or the principal itself.
    package func issueToken(
        for principal: PrincipalID, days: Int64, _ request: Request
    ) async throws -> IssuedToken {
        guard (1...Self.longestTokenDays).contains(days) else {
            throw Refusal(
                .unprocessable, "token-life", "A token lives 1 to \(Self.longestTokenDays) days.")
        }
        if let caller = request.caller, caller.principal != principal {
            try requireAdministrator(caller, of: principal)
        }
        let id = Self.makeID("t-", bytes: 8)
        let secret = "imp_" + Base64.urlEncode(Random.bytes(32))
        let expiresAt = clock().adding(seconds: days * 86_400)
        let outcome = try await record(
            request, Subjects(written: [Subjects.principal(principal)])
        ) { db, _ in
            let exists = try db.one(
                "SELECT EXISTS (SELECT FROM registry.principal WHERE id = \(principal.description))",
                as: Bool.self)
            guard exists else {
                throw Refusal(.notFound, "principal-unknown", "\(principal) is not registered.")
            }
            return Act(
                .tokenIssued(
                    TokenIssued(
                        token: id, principal: principal, hash: SHA256.hash(Array(secret.utf8)),
                        expiresAt: expiresAt)))
        }
        return IssuedToken(id: id, secret: secret, expiresAt: expiresAt, outcome: outcome)
    }

    /// Revokes a token; administrators, or its own principal.
    package func revokeToken(
        _ id: String, reason: String, _ request: Request
    ) async throws -> Outcome {
        let caller = try caller(of: request)
        let owner = try await database.read { db in
            try db.oneOrNil(
                "SELECT principal FROM registry.token WHERE id = \(id)", as: String.self)
        }
        guard let principal = owner.flatMap({ PrincipalID($0) }) else {
            throw Refusal(.notFound, "token-unknown", "There is no token \(id).")
        }
        if caller.principal != principal { try requireAdministrator(caller, of: principal) }
        return try await record(
            request, Subjects(written: [Subjects.principal(principal)])
        ) { _, _ in
            Act(.tokenRevoked(TokenRevoked(token: id, principal: principal, reason: reason)))
        }
    }

    /// Who a token speaks for, by the verified log; nil when it is unknown, expired or revoked.
    ///
    /// Rows about tokens are not believed. A revocation counts from the moment when this process committed
    /// it, another process's from its place in the log; what writes asks the row as well (`Writer`).
    package func authenticate(_ secret: String) -> Caller? {
        guard secret.utf8.count <= 100, secret.hasPrefix("imp_") else { return nil }
        let hash = SHA256.hash(Array(secret.utf8))
        let now = clock()
        return follower.look { snapshot in
            guard let token = snapshot.record.tokens[hash], now < token.expiresAt,
                !snapshot.fold.isRevoked(token: token.token),
                !snapshot.committed.revokes(token: token.token),
                let principal = snapshot.record.principals[token.principal]
            else { return nil }
            return Caller(
                principal: principal.principal, person: principal.person, kind: principal.kind,
                token: token.token)
        }
    }
}

// Records who may approve for whom, and takes it back.
//
// Giving needs the delegator's signature and a pack that allows it; taking back restricts, so it needs only a
// caller who is known: the delegator, the delegate, or an officer of the same namespace.

package import Attestation
internal import CanonicalJSON
package import Cryptography
internal import Database
package import Governance

extension Registry {
    /// Records a delegation.
    package func delegate(_ envelope: Envelope, _ request: Request) async throws -> Outcome {
        let caller = try caller(of: request)
        let delegation = try read(
            envelope, "delegation-malformed", "The statement delegates nothing."
        ) { (statement: Statement) throws(JSONFindings) in
            try Delegation(reading: statement)
        }
        guard caller.principal == delegation.delegator.principal else {
            throw Refusal(
                .forbidden, "delegator-only",
                "Only \(delegation.delegator.principal) delegates what is its own.",
                offence: .roleMissing)
        }
        let document = envelope.canonicalBytes
        let (statement, delegate) = (envelope.payloadDigest, delegation.delegate.description)
        let subjects = Subjects(
            written: [
                Subjects.principal(delegation.delegator.principal),
                Subjects.principal(delegation.delegate),
            ], read: [Subjects.policy])
        return try await record(request, subjects, alone: true) { db, now in
            let (kind, exists) = try db.pipeline(
                Ask.oneOrNil(
                    "SELECT kind FROM registry.principal WHERE id = \(delegate)", as: String.self),
                Ask.one(
                    """
                    SELECT EXISTS (SELECT FROM registry.delegation
                                   WHERE statement = \(statement.bytes))
                    """, as: Bool.self))
            guard kind == PrincipalKind.person.rawValue else {
                throw Refusal(
                    .unprocessable, "delegate-unknown",
                    "\(delegate) is not registered as a person.")
            }
            guard !exists else {
                throw Refusal(
                    .conflict, "delegation-known", "This delegation is recorded already.")
            }
            guard let pack = try packs.active(db)?.pack else {
                throw Refusal(.conflict, "policy-missing", "No policy pack is in force.")
            }
            let (snapshot, _) = try identities(db)
            let problems = snapshot.identities.problems(
                of: .delegation(delegation), in: envelope, at: now)
            let findings =
                problems.map { JSONFinding(.root, $0.rawValue, $0.sentence) }
                + delegation.problems(under: pack.delegation).map {
                    JSONFinding(.root, $0.rawValue, $0.sentence)
                }
            guard findings.isEmpty else {
                throw Refusal(
                    .unprocessable, "delegation-not-entitled",
                    "The statement does not count: "
                        + findings.map(\.message).joined(separator: " "),
                    findings: findings,
                    hint:
                        "`delegation` in the pack's approvals.yaml says which roles, and how long.",
                    offence: .statementInvalid)
            }
            return Act(
                .delegationRecorded(
                    DelegationRecorded(
                        delegation, statement: statement, document: SHA256.hash(document))),
                documents: [document], policy: pack.digest)
        }
    }

    /// Takes a delegation back at once.
    ///
    /// - Parameters:
    ///   - principal: the delegator.
    ///   - compromised: whether nothing counts that was ever signed under it; else what was signed
    ///     before stays.
    package func revokeDelegation(
        _ digest: SHA256Digest, of principal: PrincipalID, reason: String, compromised: Bool,
        _ request: Request
    ) async throws -> Outcome {
        let caller = try caller(of: request)
        guard let known = follower.snapshot.identities.chain.delegation(digest),
            known.delegation.delegator.principal == principal
        else {
            throw Refusal(
                .notFound, "delegation-unknown",
                "The log knows no delegation \(digest) of \(principal) that counts.",
                hint: "What was recorded a moment ago can be revoked in a moment.")
        }
        let delegation = known.delegation
        let (delegator, delegate) = (delegation.delegator.principal, delegation.delegate)
        if ![delegator, delegate].contains(caller.principal) {
            try requireOfficer(caller, over: delegation.scope)
        }
        let subjects = Subjects(
            written: [Subjects.principal(delegator), Subjects.principal(delegate)])
        return try await record(request, subjects, alone: true) { db, now in
            let effectiveFrom = compromised ? min(delegation.validFrom, now) : now
            let (snapshot, _) = try identities(db)
            if let from = snapshot.fold.revokedAssignments[digest], from <= effectiveFrom {
                throw Refusal(
                    .conflict, "delegation-revoked", "The delegation is revoked from \(from) on.")
            }
            return Act(
                .delegationRevoked(
                    DelegationRevoked(
                        delegation: digest, delegator: delegator, delegate: delegate,
                        compromised: compromised, reason: reason, effectiveFrom: effectiveFrom)))
        }
    }

    /// Refuses a caller who neither administers nor approves anything where a delegation is for.
    private func requireOfficer(
        _ caller: Caller, over scope: Delegation.Scope
    ) throws(Refusal) {
        let held = follower.snapshot.identities.chain.assignments(of: caller.principal, at: clock())
        let isOfficer = held.contains { assignment, _ in
            (assignment.role.mayApprove || assignment.role == .administrator)
                && scope.isWithin(assignment.namespace)
        }
        guard !isOfficer else { return }
        try halt.check()
        throw Refusal(
            .forbidden, "role-missing",
            "This needs to be the delegator, the delegate, or an officer over the \(scope).",
            offence: .roleMissing)
    }

    /// Delegations in force by or for a principal, as readers see them.
    func delegationList(of principal: PrincipalID) -> [JSON] {
        follower.snapshot.identities.chain.delegations(of: principal, at: clock()).map {
            digest, delegation in
            [
                "delegation": .digest(digest), "delegator": .text(delegation.delegator.principal),
                "delegate": .text(delegation.delegate), "role": .text(delegation.delegator.role),
                "assignment": .digest(delegation.delegator.assignment),
                "scope": delegation.scope.json, "highestTier": delegation.highestTier.json,
                "validFrom": .text(delegation.validFrom),
                "validUntil": .text(delegation.validUntil),
            ]
        }
    }
}

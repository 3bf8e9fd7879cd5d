// Who acts for whom, as the chain judges it.
//
// A delegation is accepted when the log takes it, if the delegator then holds the role by an own assignment
// that is wide enough, and signs with an own key. A delegate's statement counts, at a moment, if the delegation
// was accepted before, is in its time and not revoked, is for this person, role and model; if the delegator
// still holds the role, by that assignment; and if the key that signs is the delegate's own. Who administers
// neither delegates nor acts for others, a service does neither, and nobody acts for himself.
//
// Revoked as compromised, a delegation counts for nothing from its beginning; else from that moment on, as
// for one that has expired: what was signed under it before stays.

package import Cryptography

extension TrustChain {
    /// A delegation that counts, with the time when the log took it.
    package struct AcceptedDelegation: Sendable, Hashable {
        package let delegation: Delegation
        package let recordedAt: Timestamp
    }

    /// An accepted delegation by its payload's digest; nil when it does not count.
    package func delegation(_ digest: SHA256Digest) -> AcceptedDelegation? { delegations[digest] }

    /// Every delegation that is in force at a time and by or for a principal, by digest.
    package func delegations(
        of principal: PrincipalID, at time: Timestamp
    ) -> [(digest: SHA256Digest, delegation: Delegation)] {
        (delegationsOf[principal] ?? []).compactMap { digest in
            delegations[digest].map { (digest, $0.delegation) }
        }.filter { digest, delegation in
            delegation.validFrom <= time && time <= delegation.validUntil
                && !isRevoked(.assignment(digest), at: time)
        }.sorted { $0.0 < $1.0 }
    }

    /// What stands against a delegation when the log takes it.
    func judge(_ delegation: Delegation, _ endorsement: Endorsement) -> [TrustProblem] {
        let (delegator, time) = (delegation.delegator, endorsement.recordedAt)
        var problems = entitlement(
            of: delegator.principal, signers: endorsement.signers, role: delegator.role,
            assignment: delegator.assignment, at: time, where: delegation.scope.isWithin
        ).problems
        if delegation.origin != anchor.origin { problems.append(.wrongOrigin) }
        if persons.areSame(delegator.principal, delegation.delegate) {
            problems.append(.selfAssigned)
        }
        if delegation.validUntil < time { problems.append(.notValidThen) }
        return problems
    }

    /// Whether an approval statement signed by these keys counts as its signer's word, in an own role or in
    /// one that somebody delegated.
    ///
    /// - Parameter time: when the log took the statement. Ask again with the time that the signer
    ///   claims, if both shall hold.
    package func entitlement(
        of approval: ApprovalStatement, signers: Set<KeyID>, at time: Timestamp
    ) -> Entitlement {
        let (signer, model) = (approval.signer, approval.version.model)
        guard let digest = signer.delegation else {
            return entitlement(
                of: signer.principal, signers: signers, role: signer.role,
                namespace: model.namespace, assignment: signer.assignment,
                factor: approval.factor, at: time)
        }
        let (keys, keyProblem) = held(
            by: signer.principal, among: signers, with: approval.factor, at: time)
        var problems = Set([keyProblem].compactMap(\.self))
        if keys.contains(where: { $0.kind == .service }) { problems.insert(.serviceCannot) }
        if administers(signer.principal, at: time) { problems.insert(.administers) }
        guard let accepted = delegations[digest] else {
            problems.insert(.delegationUnknown)
            return Entitlement(
                person: person(of: signer.principal), problems: problems.sorted())
        }
        let delegation = accepted.delegation
        if accepted.recordedAt > time || time < delegation.validFrom || delegation.validUntil < time
        {
            problems.insert(.notValidThen)
        }
        if isRevoked(.assignment(digest), at: time) { problems.insert(.revoked) }
        if delegation.delegate != signer.principal { problems.insert(.wrongPrincipal) }
        if persons.areSame(delegation.delegator.principal, signer.principal) {
            problems.insert(.selfAssigned)
        }
        if delegation.delegator.role != signer.role { problems.insert(.wrongRole) }
        if delegation.delegator.assignment != signer.assignment {
            problems.insert(.assignmentUnknown)
        }
        if !delegation.scope.covers(model) { problems.insert(.wrongNamespace) }
        let own = roles[delegation.delegator.assignment]?.assignment
        let stillHolds =
            own.map { isInForce(delegation.delegator.assignment, $0, at: time) } ?? false
        if !stillHolds || administers(delegation.delegator.principal, at: time) {
            problems.insert(.delegatorNotEntitled)
        }
        return Entitlement(person: person(of: signer.principal), problems: problems.sorted())
    }

    /// For whom the signer of an approval acts; nil when for nobody, or by a delegation that does not count.
    package func delegation(of approval: ApprovalStatement) -> DelegationFact? {
        guard let digest = approval.signer.delegation, let accepted = delegations[digest] else {
            return nil
        }
        let delegator = accepted.delegation.delegator.principal
        return DelegationFact(digest: digest, delegator: delegator, person: person(of: delegator))
    }

    /// The role in which an approval is given, and since when whoever it belongs to holds it.
    package func heldRoles(
        for approval: ApprovalStatement, at time: Timestamp
    ) -> [ApproveFacts.HeldRole] {
        let namespace = approval.version.model.namespace
        guard approval.signer.delegation != nil else {
            return roles(of: approval.signer.principal, in: namespace, at: time).map {
                ApproveFacts.HeldRole(role: $0.role, since: $0.since)
            }
        }
        guard let fact = delegation(of: approval) else { return [] }
        return roles(of: fact.delegator, in: namespace, at: time)
            .filter {
                $0.role == approval.signer.role && $0.assignment == approval.signer.assignment
            }
            .map { ApproveFacts.HeldRole(role: $0.role, since: $0.since) }
    }
}

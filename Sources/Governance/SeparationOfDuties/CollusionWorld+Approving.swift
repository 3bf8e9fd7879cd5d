// Approvals among people who act together: in an own role, or in one that another of them delegates.

internal import Cryptography

extension CollusionWorld {
    /// One account lets another approve, which does.
    mutating func delegate(
        _ from: Int, _ account: Int, _ role: Role, _ submission: CollusionState.Submission,
        _ chain: TrustChain, _ view: CollusionFacts.View, _ state: CollusionState
    ) -> Outcome {
        guard state.approval(of: account) == nil else { return .refused("it has approved") }
        guard exists(from, state), let delegator = principal(from), let id = principal(account),
            let assignment = assignment(of: delegator, role, chain)
        else { return .refused("nobody there holds the role") }
        let delegation = facts.delegation(
            by: SigningOfficer(principal: delegator, role: role, assignment: assignment), to: id)
        let terms = delegation.problems(
            under: packs[submission.pack].delegation, tier: submission.tier)
        guard terms.isEmpty else {
            return .refused(terms.map(\.rawValue).joined(separator: ", "))
        }
        var chain = chain
        // One for each pair and role: a state does not tell them apart by more.
        let digest = digest("delegation \(from) \(account) \(role)")
        chain.endorse(
            Endorsement(
                .delegation(delegation), digest: digest, signers: [keys[from].id],
                recordedAt: delegation.validFrom))
        if let problems = chain.problems[digest] {
            return .refused(problems.map(\.rawValue).joined(separator: ", "))
        }
        var next = state
        next.approve(account, as: role, for: from)
        return approve(
            account, facts.statement(id, role, assignment, digest, submission.pack), chain, view,
            next)
    }

    /// What the approve gate makes of a statement.
    mutating func approve(
        _ account: Int, _ statement: ApprovalStatement, _ chain: TrustChain,
        _ view: CollusionFacts.View, _ next: CollusionState
    ) -> Outcome {
        let entitlement = chain.entitlement(
            of: statement, signers: [keys[account].id], at: CollusionFacts.now)
        let signer = CollusionFacts.Approval(
            principal: statement.signer.principal, person: entitlement.person,
            role: statement.signer.role, delegation: chain.delegation(of: statement))
        let held = chain.heldRoles(for: statement, at: CollusionFacts.now)
        return Outcome(next, ask(.approve(signer, entitlement, held, view.forApproval)).denials)
    }
}

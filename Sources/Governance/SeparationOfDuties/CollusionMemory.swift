// Answers of gates that need not be asked for again.

/// What gates have answered: many states ask the same.
struct CollusionMemory {
    /// What a gate is asked.
    enum Asked: Hashable {
        case submit(HolderFact, Tier, Int)
        case approve(
            CollusionFacts.Approval, TrustChain.Entitlement, [ApproveFacts.HeldRole],
            CollusionFacts.View)
        case deploy(HolderFact, CollusionFacts.View)
    }

    /// The rules for which a gate denied, and the tier that a submission got.
    var verdicts: [Asked: (denials: [String], tier: Tier)] = [:]
}

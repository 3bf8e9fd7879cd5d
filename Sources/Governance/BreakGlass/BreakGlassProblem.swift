// Why an emergency does not count under a pack, as facts and decisions call it.

/// What stands against an emergency by what the pack and the log say of it.
package enum BreakGlassProblem: String, Sendable, Hashable, CaseIterable {
    /// The statement is about another pack than the one that decides.
    case anotherPolicy = "another-policy"
    /// The pack has no break-glass.
    case noBreakGlass = "no-break-glass"
    /// The pack allows it in no tier as high as the version's.
    case tierTooHigh = "tier-too-high"
    /// The pack lets nobody in that role do this.
    case roleNotNamed = "role-not-named"
    /// The pack allows fewer hours at a time.
    case tooLong = "too-long"
    /// The pack allows fewer hours in a quarter.
    case budget = "budget"
    /// One person signed twice.
    case onePerson = "one-person"
    /// The same two broke the glass for the model in this quarter already.
    case samePair = "same-pair"

    /// Whether it follows from the pack: then it says nothing of a decision that another pack made.
    package var isOfPack: Bool {
        switch self {
        case .anotherPolicy, .noBreakGlass, .tierTooHigh, .roleNotNamed, .tooLong, .budget: true
        case .onePerson, .samePair: false
        }
    }
}

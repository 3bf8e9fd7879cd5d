// The places where the rules are asked, and the words that answers are made of.

/// A place in a model's life where a decision is made.
package enum Gate: String, Sendable, Hashable, CaseIterable {
    case submit
    case approve
    case deploy
    case retire
}

/// What a failed rule does to the verdict.
package enum RuleMode: String, Sendable, Hashable, CaseIterable {
    /// A failed rule denies.
    case enforce
    /// A failed rule is shown to the caller and does not deny.
    case warn
    /// A failed rule is only recorded.
    case audit
}

/// How one rule came out; `error` denies in every mode (I7), what is waived does not deny.
package enum RuleResult: String, Sendable, Hashable, CaseIterable {
    case pass
    case fail
    case notApplicable = "not-applicable"
    /// It failed, and somebody whom the pack lets do so has set it aside for this version.
    case waived
    /// It failed, and does not deny while an emergency lasts.
    case overridden
    /// The rule could not be evaluated: a fact is missing or malformed.
    case error
}

/// The whole answer of a gate.
package enum Verdict: String, Sendable, Hashable, CaseIterable {
    case allow
    case deny
}

/// What a decision is about.
package enum DecisionSubject: Sendable, Hashable, CustomStringConvertible {
    /// A model whose next version has no number yet.
    case model(ModelName)
    /// A version of a model.
    case version(VersionReference)

    /// Reads what `description` writes; nil for anything else.
    package init?(_ text: String) {
        if let reference = VersionReference(text) {
            self = .version(reference)
        } else if let name = ModelName(text) {
            self = .model(name)
        } else {
            return nil
        }
    }

    /// `credit/scorecard` or `credit/scorecard@3`.
    package var description: String {
        switch self {
        case .model(let name): name.description
        case .version(let reference): reference.description
        }
    }
}

// When a rule holds: a check that is written in Swift, or a condition over the facts in CEL.

package import CanonicalJSON
package import Expressions

/// When a rule holds.
package enum RuleCondition: Sendable {
    /// A built-in check with its parameters.
    case check(Check, [CheckParameter: JSON])
    /// A condition over the facts of a gate, written in CEL.
    case expression(CELProgram)

    /// The built-in check that the condition is, for the floor.
    package var checkName: String? {
        switch self {
        case .check(let check, _): check.name
        case .expression: nil
        }
    }

    func evaluate(_ context: inout CheckContext) throws(UnknownFact) -> CheckOutcome {
        switch self {
        case .check(let check, _): return try check.evaluate(&context)
        case .expression(let program): return try Self.holds(program, &context) ? .pass : .fail
        }
    }

    /// The truth of a condition; whatever keeps it from one is an error, which denies.
    static func holds(
        _ program: CELProgram, _ context: inout CheckContext
    ) throws(UnknownFact) -> Bool {
        guard let binding = context.binding else {
            throw UnknownFact(name: "", cause: "there are no facts")
        }
        let evaluation = program.evaluate(binding)
        for (path, value) in evaluation.values { context.note(path, value) }
        switch evaluation.result {
        case .success(.bool(let value)): return value
        case .success: throw UnknownFact(name: "", cause: "the condition has no value")
        case .failure(let error): throw UnknownFact(error)
        }
    }

    var parameters: [CheckParameter: JSON] {
        switch self {
        case .check(_, let parameters): parameters
        case .expression: [:]
        }
    }
}

extension UnknownFact {
    fileprivate init(_ error: CELError) {
        guard let fact = error.fact else {
            self.init(name: "", cause: error.description)
            return
        }
        let isMissing = error.code == .noSuchField
        self.init(name: fact, cause: isMissing ? nil : "the fact \(fact) fits no condition")
    }
}

/// What a failed rule asks for, as the pack states it beside a condition.
package struct RuleNeed: Sendable {
    /// What kind of thing.
    package let kind: String
    /// Which one, or with `isEach` which ones.
    package let detail: CELProgram
    /// Whether every element of the detail, a list, is a need of its own.
    package let isEach: Bool

    /// The kinds that a pack may name.
    package static let kinds: Set<String> = [
        "approval", "artifact", "artifact-signature", "audit", "card-field", "end", "evaluation",
        "fact", "finding-closure", "lift", "new-version", "release", "renewed-evaluation", "role",
        "snapshot", "stop", "tier-determination", "undeploy",
    ]

    func needs(_ binding: CELBinding) -> [Need] {
        guard case .success(let value) = detail.evaluate(binding).result else { return [] }
        guard isEach else { return [Need(kind, value.json)] }
        return (value.json.array ?? []).map { Need(kind, $0) }
    }
}

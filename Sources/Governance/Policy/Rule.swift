// One rule of a gate, as the pack states it.

package import Expressions

/// A rule: an identity, a condition, and what to say when it fails.
package struct Rule: Sendable {
    /// Stable name such as `DEP-001`.
    package let id: String
    /// What the rule demands, in a few words.
    package let title: String
    /// What a failure does.
    package let mode: RuleMode
    /// The gate that asks it.
    package let gate: Gate
    /// Where the rule applies at all; nil for everywhere.
    package let when: CELProgram?
    /// When the rule holds.
    package let condition: RuleCondition
    /// What to say when it fails.
    package let reason: ReasonTemplate
    /// The expressions that the reason names, by their text.
    let shown: [String: CELProgram]
    /// What a failure asks for, beside what a check asks for itself.
    package let need: RuleNeed?
    /// Whether the rule may ever be waived.
    package let waivable: Bool
    /// Who may waive it; empty where nobody may, or the pack does not say.
    package let waivableBy: [Role]
    /// The controls of frameworks that the rule serves, such as `eu-ai-act/15.5`.
    package let controls: [String]
    /// The checks of the floor that the rule makes: by name, or by a condition that implies them.
    package let made: [String]

    /// The places of the variables that anything here reads.
    let variables: Set<Int>

    /// Whether anything here is evaluated over bound facts.
    var hasExpression: Bool {
        if case .expression = condition { true } else { when != nil }
    }

    init(
        id: String, title: String, mode: RuleMode, gate: Gate, when: CELProgram?,
        condition: RuleCondition, reason: ReasonTemplate, shown: [String: CELProgram],
        need: RuleNeed?, waivable: Bool, waivableBy: [Role], controls: [String]
    ) {
        self.id = id
        self.title = title
        self.mode = mode
        self.gate = gate
        self.when = when
        self.condition = condition
        self.reason = reason
        self.shown = shown
        self.need = need
        self.waivable = waivable
        self.waivableBy = waivableBy
        self.controls = controls
        made =
            switch condition {
            case _ where when != nil: []
            case .check(let check, _): [check.name]
            case .expression(let program):
                FloorCondition.checks(madeBy: program.syntax, at: gate)
            }
        var programs = Array(shown.values)
        if let when { programs.append(when) }
        if let need { programs.append(need.detail) }
        if case .expression(let program) = condition { programs.append(program) }
        variables = programs.reduce(into: []) { $0.formUnion($1.variables) }
    }

    /// The same rule with another condition, for tests of the tests.
    package func replacing(_ condition: RuleCondition) -> Rule {
        Rule(
            id: id, title: title, mode: mode, gate: gate, when: when, condition: condition,
            reason: reason, shown: shown, need: need, waivable: waivable, waivableBy: waivableBy,
            controls: controls)
    }

    func evaluate(_ context: inout CheckContext) throws(UnknownFact) -> CheckOutcome {
        if let when, try !RuleCondition.holds(when, &context) { return .notApplicable }
        return try condition.evaluate(&context)
    }

    /// The reason with its values: of a check those it noted, of a condition any fact or expression,
    /// which count as used from here on.
    func reason(_ context: inout CheckContext) -> String {
        if case .expression = condition, let binding = context.binding {
            for (text, program) in shown {
                guard case .success(let value) = program.evaluate(binding).result else { continue }
                context.note(text, value.json)
            }
        }
        return reason.filled(with: context.values)
    }

    func needs(_ context: CheckContext) -> [Need] {
        guard let need, let binding = context.binding else { return [] }
        return need.needs(binding)
    }
}

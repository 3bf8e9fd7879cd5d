// A checked expression, ready to be evaluated any number of times.
//
// Worked example, with the variable tier of type int and roles of type list(string):
//
//     tier < 3 || roles.exists(r, r == "validator")
//
// over tier 3 and roles ["developer", "validator"] is true, costs a fixed number of steps, and used
//
//     tier = 3, size(roles) = 2, roles[0] = "developer", roles[1] = "validator".

package import CanonicalJSON

/// An expression whose types fit.
package struct CELProgram: Sendable {
    /// What was read.
    package let syntax: CELSyntax
    /// The variables that it may use.
    package let environment: CELEnvironment
    let step: CELStep
    /// The places in the environment of the variables that it reads; others need not be bound.
    package let variables: Set<Int>

    /// The type of its value.
    package var type: CELType { step.type }

    /// Reads and checks an expression; throws the first fault with its place in the file.
    package init(
        _ text: String, in environment: CELEnvironment, origin: CELOrigin = CELOrigin()
    ) throws(CELFault) {
        try self.init(
            CELParser.parse(text, origin: origin), in: environment, file: origin.file)
    }

    /// Checks an expression that was read before.
    package init(
        _ syntax: CELSyntax, in environment: CELEnvironment, file: String? = nil
    ) throws(CELFault) {
        var checker = CELChecker(environment, file: file)
        self.syntax = syntax
        self.environment = environment
        step = try checker.check(syntax)
        variables = checker.variables
    }

    /// Reads and checks a condition: an expression whose value is true or false.
    package static func condition(
        _ text: String, in environment: CELEnvironment, origin: CELOrigin = CELOrigin()
    ) throws(CELFault) -> CELProgram {
        let program = try CELProgram(text, in: environment, origin: origin)
        guard program.type.present == .bool else {
            throw CELFault(
                code: .type, file: origin.file, position: program.syntax.position,
                message: "A condition is bool, not \(program.type).")
        }
        return program
    }

    /// Evaluates; total, and the same for the same arguments.
    ///
    /// The binding must be one of the program's environment, with at least the variables that it reads.
    package func evaluate(
        _ binding: CELBinding, costLimit: Int = CELLimits.cost
    ) -> CELEvaluation {
        precondition(
            binding.values.count == environment.variables.count,
            "a binding belongs to the environment of its program")
        var evaluator = CELEvaluator(environment, binding, costLimit: costLimit)
        let result: Result<CELValue, CELError>
        do {
            result = .success(try evaluator.evaluate(step))
        } catch {
            result = .failure(error)
        }
        return CELEvaluation(
            result: result, cost: evaluator.cost, uses: evaluator.uses,
            usesAreComplete: evaluator.usesAreComplete)
    }
}

/// What an evaluation came to, and what it looked at.
package struct CELEvaluation: Sendable {
    /// The value, or why there is none.
    package let result: Result<CELValue, CELError>
    /// Steps taken; never more than allowed.
    package let cost: Int
    /// Every fact that was read, in the order of the first reading, each once.
    package let uses: [CELUse]
    /// False when there were more than `CELLimits.uses`.
    package let usesAreComplete: Bool

    /// Whether a condition holds; an error does not.
    package var holds: Bool {
        guard case .success(.bool(true)) = result else { return false }
        return true
    }

    /// The facts that were read as a document shows them, by path.
    package var values: [String: JSON] {
        Dictionary(uses.map { ($0.path, $0.value.json) }) { first, _ in first }
    }
}

/// A fact that an evaluation read.
package struct CELUse: Sendable, Hashable {
    /// `approvals[0].role`, `has(card.owner)`, `size(approvals)`.
    package let path: String
    package let value: CELValue
}

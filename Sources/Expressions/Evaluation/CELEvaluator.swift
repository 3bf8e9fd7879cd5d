// Evaluation of a checked expression: total, within a bound on its work, noting what it reads.
//
// Every step costs one, every iteration of a macro another, and what looks at texts or aggregates
// costs in proportion to their size. The evaluation ends with the error `cost` before it would take
// a step more than allowed; && and || absorb every other error as CEL demands, never this one.

internal import CanonicalJSON

/// One evaluation.
struct CELEvaluator {
    let environment: CELEnvironment
    let binding: CELBinding
    let costLimit: Int
    private(set) var cost = 0
    var locals: [CELLocated] = []
    private(set) var uses: [CELUse] = []
    private(set) var usesAreComplete = true
    private var seen: Set<String> = []

    init(_ environment: CELEnvironment, _ binding: CELBinding, costLimit: Int) {
        self.environment = environment
        self.binding = binding
        self.costLimit = costLimit
    }

    // MARK: Accounts

    mutating func charge(_ amount: Int, at position: CELPosition) throws(CELError) {
        guard amount <= costLimit - cost else {
            throw CELError(
                code: .cost, position: position,
                message: "The evaluation would take more than \(costLimit) steps.")
        }
        cost += amount
    }

    /// Notes that a fact was read.
    mutating func note(_ path: CELPath?, _ value: CELValue) {
        guard let text = path?.text, seen.insert(text).inserted else { return }
        guard uses.count < CELLimits.uses else {
            usesAreComplete = false
            return
        }
        uses.append(CELUse(path: text, value: value))
    }

    // MARK: Steps

    /// The value of a step; facts that it names are noted.
    mutating func evaluate(_ step: CELStep) throws(CELError) -> CELValue {
        let located = try locate(step)
        if located.path != nil { note(located.path, located.value) }
        return located.value
    }

    /// The value of a step and where it comes from; nothing is noted for the step itself.
    mutating func locate(_ step: CELStep) throws(CELError) -> CELLocated {
        try charge(1, at: step.position)
        switch step.kind {
        case .constant(let value):
            return CELLocated(value: value)
        case .variable(let index):
            let name = environment.variables[index].name
            guard let value = binding.values[index] else { throw unbound(name, index, step) }
            return CELLocated(value: value, path: .variable(name))
        case .local(let index):
            return locals[index]
        case .field(let base, let index, let name):
            return try field(base, index, name, step)
        case .index(let base, let index):
            return try element(base, index, step)
        case .conditional(let condition, let then, let otherwise):
            return try locate(truth(condition) ? then : otherwise)
        case .macro(.filter, let range, _, let body):
            return try filter(range, body, step)
        default:
            return CELLocated(value: try compute(step))
        }
    }

    /// The value of a step that is never itself a fact.
    private mutating func compute(_ step: CELStep) throws(CELError) -> CELValue {
        switch step.kind {
        case .hasField(let base, let index, let name): return try has(base, index, name, step)
        case .hasKey(let base, let key): return try has(base, key, step)
        case .list(let elements): return try list(elements, step)
        case .map(let entries): return try map(entries, step)
        case .unary(.not, let operand): return .bool(!(try truth(operand)))
        case .unary(.negate, let operand): return try negated(operand, step)
        case .binary(.and, let left, let right):
            return try .bool(combine(left, right, decidedBy: false))
        case .binary(.or, let left, let right):
            return try .bool(combine(left, right, decidedBy: true))
        case .binary(let sign, let left, let right):
            return try binary(sign, evaluate(left), evaluate(right), at: step.position)
        case .call(let overload, let arguments): return try call(overload, arguments, step)
        case .macro(let macro, let range, let filter, let body):
            return try self.macro(macro, range, filter, body, step)
        case .constant, .variable, .local, .field, .index, .conditional:
            return try locate(step).value
        }
    }

    /// The value of a condition.
    mutating func truth(_ step: CELStep) throws(CELError) -> Bool {
        guard case .bool(let value) = try evaluate(step) else { throw mismatch(step) }
        return value
    }

    /// && and ||: one operand that decides is enough, whatever becomes of the other.
    private mutating func combine(
        _ left: CELStep, _ right: CELStep, decidedBy decisive: Bool
    ) throws(CELError) -> Bool {
        do {
            if try truth(left) == decisive { return decisive }
        } catch {
            guard error.code != .cost else { throw error }
            guard try truth(right) == decisive else { throw error }
            return decisive
        }
        return try truth(right)
    }

    // MARK: Errors

    func failure(_ problem: CELProblem, at position: CELPosition) -> CELError {
        CELError(code: problem.code, position: position, message: problem.message)
    }

    func mismatch(_ step: CELStep) -> CELError { failure(.mismatch, at: step.position) }

    func absent(_ name: String, _ step: CELStep) -> CELError {
        CELError(
            code: .noSuchField, position: step.position, message: "The fact \(name) is missing.",
            fact: name)
    }

    /// A variable without a value: absent, or there and of another form than declared.
    private func unbound(_ name: String, _ index: Int, _ step: CELStep) -> CELError {
        guard let fault = binding.faults[index] else { return absent(name, step) }
        let fact = fault.pointer.tokens.joined(separator: ".")
        guard fault.code != JSONFinding.Code.missing else { return absent(fact, step) }
        return CELError(
            code: .noMatchingOverload, position: step.position,
            message: "The fact \(fact) fits no condition.", fact: fact)
    }
}

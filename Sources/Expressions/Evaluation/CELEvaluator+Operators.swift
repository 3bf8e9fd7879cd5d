// Arithmetic, comparison, membership and calls.

/// The order of values of one type.
enum CELOrder {
    /// Whether the left value comes before the right one; nil when they have no order.
    static func less(_ left: CELValue, _ right: CELValue) -> Bool? {
        switch (left, right) {
        case (.bool(let left), .bool(let right)): !left && right
        case (.int(let left), .int(let right)): left < right
        case (.decimal(let left), .decimal(let right)): left < right
        case (.string(let left), .string(let right)): left < right
        case (.timestamp(let left), .timestamp(let right)): left < right
        case (.duration(let left), .duration(let right)): left < right
        default: nil
        }
    }

    static func precedes(_ left: CELValue, _ right: CELValue) -> Bool { less(left, right) ?? false }
}

extension CELEvaluator {
    mutating func binary(
        _ sign: CELBinaryOperator, _ left: CELValue, _ right: CELValue, at position: CELPosition
    ) throws(CELError) -> CELValue {
        try charge(work(sign, left, right), at: position)
        do {
            switch sign {
            case .equal: return .bool(left == right)
            case .notEqual: return .bool(left != right)
            case .less: return .bool(try ordered(left, right))
            case .greater: return .bool(try ordered(right, left))
            case .lessOrEqual: return .bool(try !ordered(right, left))
            case .greaterOrEqual: return .bool(try !ordered(left, right))
            case .isIn: return .bool(try contained(left, in: right))
            default: return try arithmetic(sign, left, right)
            }
        } catch {
            throw failure(error, at: position)
        }
    }

    /// What the operation costs beyond its step.
    private func work(_ sign: CELBinaryOperator, _ left: CELValue, _ right: CELValue) -> Int {
        switch (left, right) {
        case (.int, .int), (.bool, .bool), (.decimal, .decimal), (.timestamp, _), (.duration, _): 0
        case (_, .list(let elements)) where sign == .isIn: elements.count + right.size
        case (_, .map) where sign == .isIn: left.size
        default: left.size + right.size
        }
    }

    private func ordered(
        _ left: CELValue, _ right: CELValue
    ) throws(CELProblem) -> Bool {
        guard let less = CELOrder.less(left, right) else { throw .mismatch }
        return less
    }

    private func contained(
        _ value: CELValue, in container: CELValue
    ) throws(CELProblem) -> Bool {
        switch container {
        case .list(let elements): return elements.contains(value)
        case .map(let entries): return entries[value] != nil
        default: throw .mismatch
        }
    }

    private func arithmetic(
        _ sign: CELBinaryOperator, _ left: CELValue, _ right: CELValue
    ) throws(CELProblem) -> CELValue {
        switch (left, right) {
        case (.int(let left), .int(let right)): return .int(try integer(sign, left, right))
        case (.decimal(let left), .decimal(let right)):
            return .decimal(try decimal(sign, left, right))
        case (.string(let left), .string(let right)):
            return .string(CELText(left.string + right.string))
        case (.list(let left), .list(let right)): return .list(left + right)
        case (.timestamp(let moment), .duration(let span)):
            let shift = Int128(span.nanoseconds) * (sign == .add ? 1 : -1)
            return try time(moment, shiftedBy: shift)
        case (.duration(let span), .timestamp(let moment)):
            return try time(moment, shiftedBy: Int128(span.nanoseconds))
        case (.timestamp(let left), .timestamp(let right)):
            return try span(left.nanoseconds - right.nanoseconds)
        case (.duration(let left), .duration(let right)):
            let other = Int128(right.nanoseconds) * (sign == .add ? 1 : -1)
            return try span(Int128(left.nanoseconds) + other)
        default: throw .mismatch
        }
    }

    private func time(
        _ moment: CELMoment, shiftedBy nanoseconds: Int128
    ) throws(CELProblem) -> CELValue {
        guard let moment = CELMoment(nanoseconds: moment.nanoseconds + nanoseconds) else {
            throw .overflow
        }
        return .timestamp(moment)
    }

    private func span(_ nanoseconds: Int128) throws(CELProblem) -> CELValue {
        guard let nanoseconds = Int64(exactly: nanoseconds) else { throw .overflow }
        return .duration(CELSpan(nanoseconds: nanoseconds))
    }

    private func integer(
        _ sign: CELBinaryOperator, _ left: Int64, _ right: Int64
    ) throws(CELProblem) -> Int64 {
        let result: (partialValue: Int64, overflow: Bool)
        switch sign {
        case .add: result = left.addingReportingOverflow(right)
        case .subtract: result = left.subtractingReportingOverflow(right)
        case .multiply: result = left.multipliedReportingOverflow(by: right)
        case .divide, .remainder:
            guard right != 0 else { throw Self.divideByZero }
            result =
                sign == .divide
                ? left.dividedReportingOverflow(by: right)
                : left.remainderReportingOverflow(dividingBy: right)
        default: throw .mismatch
        }
        guard !result.overflow else { throw .overflow }
        return result.partialValue
    }

    private func decimal(
        _ sign: CELBinaryOperator, _ left: CELDecimal, _ right: CELDecimal
    ) throws(CELProblem) -> CELDecimal {
        if sign == .divide, right.isZero { throw Self.divideByZero }
        let result: CELDecimal? =
            switch sign {
            case .add: left.adding(right)
            case .subtract: right.negated.flatMap(left.adding)
            case .multiply: left.multiplied(by: right)
            case .divide: right.inverse.flatMap(left.multiplied)
            default: nil
            }
        guard let result else { throw .overflow }
        return result
    }

    private static var divideByZero: CELProblem {
        CELProblem(.divideByZero, "This divides by nought.")
    }

    mutating func negated(_ operand: CELStep, _ step: CELStep) throws(CELError) -> CELValue {
        switch try evaluate(operand) {
        case .int(.min): throw failure(.overflow, at: step.position)
        case .int(let value): return .int(-value)
        case .decimal(let value):
            guard let negated = value.negated else { throw failure(.overflow, at: step.position) }
            return .decimal(negated)
        default: throw mismatch(step)
        }
    }

    mutating func call(
        _ overload: CELOverload, _ arguments: [CELStep], _ step: CELStep
    ) throws(CELError) -> CELValue {
        if overload.name == "size", let size = try size(of: arguments[0], step) { return size }
        var values: [CELValue] = []
        for argument in arguments {
            let value = try evaluate(argument)
            try charge(value.size * overload.weight, at: step.position)
            values.append(value)
        }
        do {
            return try overload.apply(values)
        } catch {
            throw failure(error, at: step.position)
        }
    }

    /// The size of a list or map; what was read is the size and not every element.
    private mutating func size(
        of aggregate: CELStep, _ step: CELStep
    ) throws(CELError) -> CELValue? {
        guard !(aggregate.type.present == .string) else { return nil }
        let located = try locate(aggregate)
        let count: Int
        switch located.value {
        case .list(let elements): count = elements.count
        case .map(let entries): count = entries.count
        default: throw mismatch(step)
        }
        note(located.path.map(CELPath.size), .int(Int64(count)))
        return .int(Int64(count))
    }
}

// Which operands operators take, and which arguments functions take.

extension CELChecker {
    mutating func unary(
        _ sign: CELUnaryOperator, _ operand: CELSyntax, at position: CELPosition
    ) throws(CELFault) -> CELStep {
        let operand = try check(operand)
        let type = operand.type.present
        switch (sign, type) {
        case (.not, .bool), (.negate, .int), (.negate, .decimal):
            return CELStep(.unary(sign, operand), type, at: position)
        default:
            let wanted = sign == .not ? "bool" : "int or decimal"
            throw fault(
                .type, at: position, "\(sign.rawValue) takes \(wanted), not \(operand.type).")
        }
    }

    mutating func conditional(
        _ condition: CELSyntax, _ then: CELSyntax, _ otherwise: CELSyntax,
        at position: CELPosition
    ) throws(CELFault) -> CELStep {
        let condition = try self.condition(condition)
        let (then, otherwise) = try (check(then), check(otherwise))
        guard let type = then.type.joined(with: otherwise.type) else {
            throw fault(
                .type, at: position,
                "Both answers have one type: \(then.type) and \(otherwise.type) differ.")
        }
        return CELStep(.conditional(condition, then, otherwise), type, at: position)
    }

    func binary(
        _ sign: CELBinaryOperator, _ left: CELStep, _ right: CELStep, at position: CELPosition
    ) throws(CELFault) -> CELStep {
        let type: CELType? =
            switch sign {
            case .and, .or: both(left, right, are: .bool)
            case .equal, .notEqual: left.type.isComparable(with: right.type) ? .bool : nil
            case .less, .lessOrEqual, .greater, .greaterOrEqual:
                common(left, right).flatMap { $0.isOrdered ? .bool : nil }
            case .isIn: contained(left, in: right)
            case .add, .subtract: sum(sign, left.type.present, right.type.present)
            case .multiply, .divide:
                both(left, right, are: .int) ?? both(left, right, are: .decimal)
            case .remainder: both(left, right, are: .int)
            }
        guard let type else {
            throw fault(
                .type, at: position,
                "\(left.type) \(sign.rawValue) \(right.type) has no meaning"
                    + Self.advice(sign, left.type.present, right.type.present))
        }
        return CELStep(.binary(sign, left, right), type, at: position)
    }

    private static func advice(
        _ sign: CELBinaryOperator, _ left: CELType, _ right: CELType
    ) -> String {
        switch (left, right) {
        case (.int, .decimal), (.decimal, .int):
            ": write 1.0 for 1, or decimal(x)."
        case (.timestamp, .string), (.string, .timestamp): ": write timestamp(\"…\")."
        case (.duration, .string), (.string, .duration): ": write duration(\"…\")."
        case (.null, _), (_, .null): ": this is never null."
        case (.decimal, .decimal) where sign == .remainder: ": % is for int."
        default: "."
        }
    }

    private func both(_ left: CELStep, _ right: CELStep, are type: CELType) -> CELType? {
        left.type.present.joined(with: type) == type
            && right.type.present.joined(with: type) == type ? type : nil
    }

    private func common(_ left: CELStep, _ right: CELStep) -> CELType? {
        left.type.present.joined(with: right.type.present)
    }

    private func contained(_ left: CELStep, in right: CELStep) -> CELType? {
        switch right.type.present {
        case .list(let element): left.type.isComparable(with: element) ? .bool : nil
        case .map(let key, _): left.type.isComparable(with: key) ? .bool : nil
        default: nil
        }
    }

    private func sum(_ sign: CELBinaryOperator, _ left: CELType, _ right: CELType) -> CELType? {
        switch (left, right) {
        case (.int, .int), (.decimal, .decimal), (.duration, .duration): left
        case (.timestamp, .duration): .timestamp
        case (.duration, .timestamp) where sign == .add: .timestamp
        case (.timestamp, .timestamp) where sign == .subtract: .duration
        case (.string, .string) where sign == .add: .string
        case (.list, .list) where sign == .add: left.joined(with: right)
        default: nil
        }
    }

    // MARK: Calls

    mutating func call(
        _ name: String, _ receiver: CELSyntax?, _ arguments: [CELSyntax], at position: CELPosition
    ) throws(CELFault) -> CELStep {
        var steps: [CELStep] = []
        for argument in (receiver.map { [$0] } ?? []) + arguments {
            try steps.append(check(argument))
        }
        if name == "matches" { return try matches(steps, at: position) }
        let named = CELOverload.all[name] ?? []
        guard !named.isEmpty else {
            throw CELOverload.leftOut[name].map { fault(.unsupported, at: position, $0) }
                ?? fault(.name, at: position, "There is no function “\(name)”.")
        }
        let styled = named.filter { $0.style.allows(receiver: receiver != nil) }
        guard !styled.isEmpty else {
            let form = receiver == nil ? "x.\(name)(…)" : "\(name)(x)"
            throw fault(.type, at: position, "\(name) is called as \(form).")
        }
        let types = steps.map(\.type)
        guard let overload = styled.first(where: { $0.takes(types) }) else {
            let list = types.map(\.description).joined(separator: ", ")
            let wanted = styled.map { overload in
                "(" + overload.parameters.map(\.description).joined(separator: ", ") + ")"
            }.joined(separator: " or ")
            throw fault(.type, at: position, "\(name) takes \(wanted), not (\(list)).")
        }
        return try folded(overload, steps, at: position)
    }

    /// `matches`, whose pattern must be written out so that it is compiled once and its faults are
    /// found when the pack is loaded.
    private func matches(
        _ steps: [CELStep], at position: CELPosition
    ) throws(CELFault) -> CELStep {
        guard steps.count == 2, steps[0].type.present == .string, steps[1].type == .string else {
            throw fault(.type, at: position, "matches is called as text.matches(\"pattern\").")
        }
        guard case .string(let text)? = steps[1].constant else {
            throw fault(
                .unsupported, at: steps[1].position,
                "A regular expression is written out: patterns from facts are left out.")
        }
        do {
            let overload = CELOverload.matches(try CELPattern(text.string))
            return CELStep(.call(overload, [steps[0]]), .bool, at: position)
        } catch {
            throw fault(.value, at: steps[1].position, error.message)
        }
    }

    /// A call; of constants, where the overload allows, its value, so that a malformed time is found
    /// when the pack is loaded.
    private func folded(
        _ overload: CELOverload, _ steps: [CELStep], at position: CELPosition
    ) throws(CELFault) -> CELStep {
        let call = CELStep(.call(overload, steps), overload.result, at: position)
        guard overload.isFolded else { return call }
        let constants = steps.compactMap(\.constant)
        guard constants.count == steps.count else { return call }
        do {
            return CELStep(
                .constant(try overload.apply(constants)), overload.result, at: position)
        } catch {
            throw fault(.value, at: position, error.message)
        }
    }
}

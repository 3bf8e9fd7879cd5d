// An expression taken apart: what it does, to which parts, and put together again from others.

extension CELSyntax {
    /// The parts directly below this one, in order.
    package var parts: [CELSyntax] { Self.children(of: kind) }

    /// What is done with the parts, without them: two expressions with equal operations and parts
    /// are equal.
    package var operation: String {
        switch kind {
        case .literal(let literal): "literal \(literal)"
        case .name(let name): "name \(name)"
        case .list: "list"
        case .map: "map"
        case .select(_, let field): "select \(field)"
        case .index: "index"
        case .call(let name, let receiver, _): "\(receiver == nil ? "call" : "method") \(name)"
        case .unary(let sign, _): "unary \(sign.rawValue)"
        case .binary(let sign, _, _): "binary \(sign.rawValue)"
        case .conditional: "conditional"
        case .has(_, let field): "has \(field)"
        case .macro(let macro, _, let variable, let filter, _):
            "macro \(macro.rawValue) \(variable) \(filter == nil ? "" : "filtered")"
        }
    }

    /// The sides of && that the expression consists of; itself alone where it is no conjunction.
    package var conjuncts: [CELSyntax] {
        guard case .binary(.and, let left, let right) = kind else { return [self] }
        return left.conjuncts + right.conjuncts
    }
}

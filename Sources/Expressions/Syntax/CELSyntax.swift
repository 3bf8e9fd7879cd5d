// What an expression says, as a tree: the grammar of CEL with its macros recognised.

/// A part of an expression and the place where it stands.
///
/// Two parts are equal when they say the same thing, wherever they stand.
package struct CELSyntax: Sendable, Hashable {
    package let kind: Kind
    /// The place of the operator for operators, of the name for selections, `has` and calls, of the
    /// first character for everything else.
    package let position: CELPosition
    /// Levels of the tree below and including this one.
    let depth: Int

    /// What kinds of parts there are.
    package indirect enum Kind: Sendable, Hashable {
        case literal(CELLiteral)
        case name(String)
        case list([CELSyntax])
        case map([CELMapEntry])
        case select(CELSyntax, String)
        case index(CELSyntax, CELSyntax)
        case call(String, receiver: CELSyntax?, [CELSyntax])
        case unary(CELUnaryOperator, CELSyntax)
        case binary(CELBinaryOperator, CELSyntax, CELSyntax)
        case conditional(CELSyntax, then: CELSyntax, otherwise: CELSyntax)
        /// `has(e.f)`.
        case has(CELSyntax, String)
        /// `e.all(x, p)` and its kin; only `map` may have a filter: `e.map(x, filter, body)`.
        case macro(CELMacro, CELSyntax, variable: String, filter: CELSyntax?, body: CELSyntax)
    }

    init(_ kind: Kind, at position: CELPosition) {
        self.kind = kind
        self.position = position
        depth = 1 + (Self.children(of: kind).map(\.depth).max() ?? 0)
    }

    package static func == (left: Self, right: Self) -> Bool { left.kind == right.kind }

    package func hash(into hasher: inout Hasher) { hasher.combine(kind) }

    static func children(of kind: Kind) -> [CELSyntax] {
        switch kind {
        case .literal, .name: []
        case .list(let elements): elements
        case .map(let entries): entries.flatMap { [$0.key, $0.value] }
        case .select(let base, _), .has(let base, _), .unary(_, let base): [base]
        case .index(let base, let index): [base, index]
        case .call(_, let receiver, let arguments): (receiver.map { [$0] } ?? []) + arguments
        case .binary(_, let left, let right): [left, right]
        case .conditional(let condition, let then, let otherwise): [condition, then, otherwise]
        case .macro(_, let range, _, let filter, let body):
            [range] + (filter.map { [$0] } ?? []) + [body]
        }
    }
}

/// One `key: value` of a map.
package struct CELMapEntry: Sendable, Hashable {
    package let key: CELSyntax
    package let value: CELSyntax
}

/// A value that is written out.
package enum CELLiteral: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    case decimal(CELDecimal)
    case string(CELText)
}

/// Operators with one operand.
package enum CELUnaryOperator: String, Sendable, Hashable, CaseIterable {
    case not = "!"
    case negate = "-"
}

/// Operators with two operands.
package enum CELBinaryOperator: String, Sendable, Hashable, CaseIterable {
    case or = "||"
    case and = "&&"
    case equal = "=="
    case notEqual = "!="
    case lessOrEqual = "<="
    case less = "<"
    case greaterOrEqual = ">="
    case greater = ">"
    case isIn = "in"
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case remainder = "%"

    /// How tightly it binds; greater is tighter. All of them group from the left.
    var precedence: Int {
        switch self {
        case .or: 1
        case .and: 2
        case .equal, .notEqual, .lessOrEqual, .less, .greaterOrEqual, .greater, .isIn: 3
        case .add, .subtract: 4
        case .multiply, .divide, .remainder: 5
        }
    }
}

/// The macros that bind a variable to each element of a list or each key of a map.
package enum CELMacro: String, Sendable, Hashable, CaseIterable {
    case all
    case exists
    case existsOne = "exists_one"
    case filter
    case map
}

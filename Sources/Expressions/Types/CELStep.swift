// A checked expression: names are positions, operators and functions are known, types fit.

/// A step of a program.
struct CELStep: Sendable {
    indirect enum Kind: Sendable {
        case constant(CELValue)
        /// A variable of the environment, by position.
        case variable(Int)
        /// A variable of a macro, by the number of macros around it.
        case local(Int)
        case field(CELStep, Int, String)
        case hasField(CELStep, Int, String)
        case index(CELStep, CELStep)
        case hasKey(CELStep, CELValue)
        case list([CELStep])
        case map([(key: CELStep, value: CELStep)])
        case unary(CELUnaryOperator, CELStep)
        case binary(CELBinaryOperator, CELStep, CELStep)
        case conditional(CELStep, CELStep, CELStep)
        case call(CELOverload, [CELStep])
        case macro(CELMacro, CELStep, filter: CELStep?, body: CELStep)
    }

    let kind: Kind
    let type: CELType
    let position: CELPosition

    init(_ kind: Kind, _ type: CELType, at position: CELPosition) {
        self.kind = kind
        self.type = type
        self.position = position
    }

    /// The value if it is written out.
    var constant: CELValue? {
        guard case .constant(let value) = kind else { return nil }
        return value
    }
}

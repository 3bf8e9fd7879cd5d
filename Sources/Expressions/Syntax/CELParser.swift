// From tokens to a tree.
//
// Specification: cel-spec, doc/langdef.md, "Syntax". From loose to tight: ?: (groups from the
// right), ||, &&, relations and `in`, + and -, * / %, unary ! and -, and then selection, index and
// call. A minus directly before a number is part of the number, so that -9223372036854775808 can be
// written. Left out, with messages: messages written as T{…}, and names that begin with a point.

/// Reads one expression.
package struct CELParser {
    let tokens: [CELToken]
    let origin: CELOrigin
    var index = 0
    private var nesting = 0
    private var nodes = 0

    /// Reads an expression; throws the first fault.
    package static func parse(
        _ text: String, origin: CELOrigin = CELOrigin()
    ) throws(CELFault) -> CELSyntax {
        var lexer = try CELLexer(text, origin: origin)
        var parser = CELParser(tokens: try lexer.tokens(), origin: origin)
        let expression = try parser.expression()
        guard parser.token.kind == .end else {
            throw parser.fault("Here \(parser.token.words) does not belong.")
        }
        return expression
    }

    private init(tokens: [CELToken], origin: CELOrigin) {
        self.tokens = tokens
        self.origin = origin
    }

    var token: CELToken { tokens[index] }

    func fault(
        _ message: String, code: CELFault.Code = .syntax, at position: CELPosition? = nil
    ) -> CELFault {
        CELFault(
            code: code, file: origin.file, position: position ?? token.position, message: message)
    }

    mutating func advance() { if index < tokens.count - 1 { index += 1 } }

    mutating func take(_ symbol: String) -> Bool {
        guard token.kind == .symbol(symbol) else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: String) throws(CELFault) {
        guard take(symbol) else { throw fault("“\(symbol)” is expected, not \(token.words).") }
    }

    mutating func node(
        _ kind: CELSyntax.Kind, at position: CELPosition
    ) throws(CELFault) -> CELSyntax {
        let node = CELSyntax(kind, at: position)
        nodes += 1
        guard node.depth <= CELLimits.depth, nodes <= CELLimits.nodes else {
            throw fault(
                "An expression has at most \(CELLimits.nodes) parts in at most "
                    + "\(CELLimits.depth) levels.", code: .limit, at: position)
        }
        return node
    }

    // MARK: Operators

    mutating func expression() throws(CELFault) -> CELSyntax {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= CELLimits.nesting else {
            throw fault("At most \(CELLimits.nesting) brackets nest.", code: .limit)
        }
        let condition = try operation(atLeast: 1)
        let position = token.position
        guard take("?") else { return condition }
        let then = try operation(atLeast: 1)
        try expect(":")
        let otherwise = try expression()
        return try node(
            .conditional(condition, then: then, otherwise: otherwise), at: position)
    }

    private var binaryOperator: CELBinaryOperator? {
        switch token.kind {
        case .symbol(let symbol): CELBinaryOperator(rawValue: symbol)
        case .name("in"): .isIn
        case .name, .int, .decimal, .string, .end: nil
        }
    }

    private mutating func operation(atLeast precedence: Int) throws(CELFault) -> CELSyntax {
        var left = try unary()
        while let found = binaryOperator, found.precedence >= precedence {
            let position = token.position
            advance()
            let right = try operation(atLeast: found.precedence + 1)
            left = try node(.binary(found, left, right), at: position)
        }
        return left
    }

    private mutating func unary() throws(CELFault) -> CELSyntax {
        var signs: [CELPosition] = []
        let sign: CELUnaryOperator = token.kind == .symbol("!") ? .not : .negate
        while token.kind == .symbol(sign.rawValue) {
            signs.append(token.position)
            advance()
        }
        guard signs.count < CELLimits.nesting else {
            throw fault("Too many signs in a row.", code: .limit)
        }
        if sign == .negate, signs.count == 1, let literal = try number(negative: true) {
            return try members(of: node(.literal(literal), at: signs[0]))
        }
        var operand = try members(of: primary())
        for position in signs.reversed() {
            operand = try node(.unary(sign, operand), at: position)
        }
        return operand
    }

    // MARK: Members

    private mutating func members(of primary: CELSyntax) throws(CELFault) -> CELSyntax {
        var base = primary
        while true {
            let position = token.position
            if take(".") {
                base = try selection(from: base)
            } else if take("[") {
                if token.kind == .symbol("?") { throw optionalSyntax() }
                let index = try expression()
                try expect("]")
                base = try node(.index(base, index), at: position)
            } else if token.kind == .symbol("{") {
                throw fault(
                    "Messages cannot be written out: a policy reads facts, it makes none.",
                    code: .unsupported)
            } else {
                return base
            }
        }
    }

    private func optionalSyntax() -> CELFault {
        fault("Optional selection is left out: ask with has() first.", code: .unsupported)
    }

    private mutating func selection(from base: CELSyntax) throws(CELFault) -> CELSyntax {
        let position = token.position
        if token.kind == .symbol("?") { throw optionalSyntax() }
        guard case .name(let name) = token.kind, !CELReserved.keywords.contains(name) else {
            throw fault("After a point comes the name of a field, not \(token.words).")
        }
        advance()
        guard take("(") else { return try node(.select(base, name), at: position) }
        let arguments = try list(until: ")")
        if let macro = CELMacro(rawValue: name) {
            return try self.macro(macro, over: base, arguments, at: position)
        }
        return try node(.call(name, receiver: base, arguments), at: position)
    }

    private mutating func macro(
        _ macro: CELMacro, over range: CELSyntax, _ arguments: [CELSyntax],
        at position: CELPosition
    ) throws(CELFault) -> CELSyntax {
        let most = macro == .map ? 3 : 2
        guard (2...most).contains(arguments.count) else {
            throw fault(
                "\(macro.rawValue) takes a variable and an expression: "
                    + ".\(macro.rawValue)(x, …).", at: position)
        }
        guard case .name(let variable) = arguments[0].kind else {
            throw fault("This must be a plain name.", at: arguments[0].position)
        }
        let filter = arguments.count == 3 ? arguments[1] : nil
        return try node(
            .macro(
                macro, range, variable: variable, filter: filter,
                body: arguments[arguments.count - 1]), at: position)
    }

    mutating func list(until close: String) throws(CELFault) -> [CELSyntax] {
        var elements: [CELSyntax] = []
        while !atEnd(close) {
            if token.kind == .symbol("?") { throw optionalSyntax() }
            try elements.append(expression())
            guard take(",") else { break }
            // A comma may follow the last element of a list, but not the last argument of a call.
            if close == ")", atEnd(close) { throw fault("After a comma comes another argument.") }
        }
        try expect(close)
        return elements
    }

    func atEnd(_ close: String) -> Bool { token.kind == .symbol(close) }
}

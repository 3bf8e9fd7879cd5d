// Literals, names, brackets, lists, maps and calls.

extension CELParser {
    mutating func primary() throws(CELFault) -> CELSyntax {
        let position = token.position
        if let literal = try number(negative: false) {
            return try node(.literal(literal), at: position)
        }
        switch token.kind {
        case .string(let text):
            advance()
            return try node(.literal(.string(text)), at: position)
        case .name(let name):
            return try named(name, at: position)
        case .symbol("("):
            advance()
            let inner = try expression()
            try expect(")")
            return inner
        case .symbol("["):
            advance()
            return try node(.list(try list(until: "]")), at: position)
        case .symbol("{"):
            advance()
            return try map(at: position)
        case .symbol("."):
            throw fault(
                "A name does not begin with a point here: there are no packages.",
                code: .unsupported)
        case .symbol("-"), .symbol("!"):
            throw fault("! and - cannot stand side by side: put the inner one in brackets.")
        case .int, .decimal, .symbol, .end:
            throw fault("A value is expected, not \(token.words).")
        }
    }

    /// The number that stands here, with the sign that stood before it; nil when none does.
    mutating func number(negative: Bool) throws(CELFault) -> CELLiteral? {
        switch token.kind {
        case .int(let magnitude):
            let value = Int128(magnitude) * (negative ? -1 : 1)
            guard let value = Int64(exactly: value) else {
                throw fault("An integer has 64 bits: this one does not fit.")
            }
            advance()
            return .int(value)
        case .decimal(let magnitude):
            advance()
            return .decimal(negative ? magnitude.negated ?? magnitude : magnitude)
        case .name, .string, .symbol, .end:
            return nil
        }
    }

    private mutating func named(
        _ name: String, at position: CELPosition
    ) throws(CELFault) -> CELSyntax {
        switch name {
        case "true", "false":
            advance()
            return try node(.literal(.bool(name == "true")), at: position)
        case "null":
            advance()
            return try node(.literal(.null), at: position)
        case "in":
            throw fault("A value is expected before “in”.")
        default:
            guard !CELReserved.words.contains(name) else {
                throw fault("“\(name)” is a reserved word and names nothing.")
            }
        }
        advance()
        guard take("(") else { return try node(.name(name), at: position) }
        let arguments = try list(until: ")")
        guard name == "has" else {
            return try node(.call(name, receiver: nil, arguments), at: position)
        }
        guard arguments.count == 1, case .select(let base, let field) = arguments[0].kind else {
            throw fault("has takes one selection: has(a.b).", at: position)
        }
        return try node(.has(base, field), at: arguments[0].position)
    }

    private mutating func map(at position: CELPosition) throws(CELFault) -> CELSyntax {
        var entries: [CELMapEntry] = []
        while !atEnd("}") {
            let key = try expression()
            try expect(":")
            let value = try expression()
            entries.append(CELMapEntry(key: key, value: value))
            if !take(",") { break }
        }
        try expect("}")
        return try node(.map(entries), at: position)
    }
}

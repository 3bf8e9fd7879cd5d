// An expression in its one canonical spelling: reading it gives an equal tree.

extension CELSyntax: CustomStringConvertible {
    /// The expression with single spaces, no needless brackets, and strings in double quotes.
    package var description: String { text }

    private var text: String {
        switch kind {
        case .literal(let literal): literal.description
        case .name(let name): name
        case .list(let elements): "[\(Self.joined(elements))]"
        case .map(let entries):
            "{\(entries.map { "\($0.key.text): \($0.value.text)" }.joined(separator: ", "))}"
        case .select(let base, let field): "\(base.asBase).\(field)"
        case .index(let base, let index): "\(base.asBase)[\(index.text)]"
        case .call(let name, nil, let arguments): "\(name)(\(Self.joined(arguments)))"
        case .call(let name, let receiver?, let arguments):
            "\(receiver.asBase).\(name)(\(Self.joined(arguments)))"
        case .unary(let sign, let operand): sign.rawValue + operand.asOperand(of: sign)
        case .binary(let sign, let left, let right):
            "\(left.asOperand(sign.precedence)) \(sign.rawValue) "
                + right.asOperand(sign.precedence + 1)
        case .conditional(let condition, let then, let otherwise):
            "\(condition.asOperand(1)) ? \(then.asOperand(1)) : \(otherwise.text)"
        case .has(let base, let field): "has(\(base.asBase).\(field))"
        case .macro(let macro, let range, let variable, let filter, let body):
            "\(range.asBase).\(macro.rawValue)(\(variable), "
                + "\(filter.map { $0.text + ", " } ?? "")\(body.text))"
        }
    }

    private static func joined(_ parts: [CELSyntax]) -> String {
        parts.map(\.text).joined(separator: ", ")
    }

    private var isNumber: Bool {
        switch kind {
        case .literal(.int), .literal(.decimal): true
        default: false
        }
    }

    /// As what a point or bracket follows.
    private var asBase: String {
        switch kind {
        case .unary, .binary, .conditional: "(\(text))"
        default: isNumber ? "(\(text))" : text
        }
    }

    private func asOperand(of sign: CELUnaryOperator) -> String {
        switch kind {
        case .unary(sign, _): text
        case .unary, .binary, .conditional: "(\(text))"
        // A minus before a number would become part of it.
        default: sign == .negate && isNumber ? "(\(text))" : text
        }
    }

    private func asOperand(_ precedence: Int) -> String {
        switch kind {
        case .binary(let sign, _, _) where sign.precedence < precedence: "(\(text))"
        case .conditional: "(\(text))"
        default: text
        }
    }
}

extension CELLiteral: CustomStringConvertible {
    /// The literal as CEL writes it.
    package var description: String {
        switch self {
        case .null: return "null"
        case .bool(let value): return "\(value)"
        case .int(let value): return "\(value)"
        case .decimal(let value):
            let text = value.description
            return text.utf8.contains(UInt8(ascii: ".")) ? text : text + ".0"
        case .string(let text): return Self.quoted(text.string)
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            default:
                if (0x20...0x7E).contains(scalar.value) {
                    quoted.unicodeScalars.append(scalar)
                } else {
                    let hex = String(scalar.value, radix: 16)
                    quoted += "\\U" + String(repeating: "0", count: 8 - hex.utf8.count) + hex
                }
            }
        }
        return quoted + "\""
    }
}

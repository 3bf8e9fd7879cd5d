// The smallest parts of an expression.

/// A token and where it begins.
struct CELToken: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case name(String)
        case int(UInt64)
        case decimal(CELDecimal)
        case string(CELText)
        /// A bracket, comma, point, colon, question mark or operator.
        case symbol(String)
        case end
    }

    let kind: Kind
    let position: CELPosition

    /// The token as a message quotes it.
    var words: String {
        switch kind {
        case .name(let name): "“\(name)”"
        case .int, .decimal: "a number"
        case .string: "a string"
        case .symbol(let symbol): "“\(symbol)”"
        case .end: "the end"
        }
    }
}

/// Names with a meaning of their own.
enum CELReserved {
    /// Words of the grammar, which can name nothing at all.
    static let keywords: Set<String> = ["false", "in", "null", "true"]
    /// Words kept free for languages that embed CEL; as names of fields they are fine.
    static let words: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let",
        "loop", "package", "namespace", "return", "var", "void", "while",
    ]
}

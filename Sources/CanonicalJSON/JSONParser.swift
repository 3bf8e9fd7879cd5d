// Strict JSON in one pass over bytes.
//
// Specification. The grammar is RFC 8259 and nothing else: no comments, no trailing commas, no
// NaN, one value with optional whitespace around it. On top of it, as RFC 7493 (I-JSON) wants:
// - the text is UTF-8 without a byte order mark; \u escapes of surrogates come in pairs;
// - the names in one object differ, at every depth. Names that differ only in Unicode
//   normalisation (é as U+00E9 and as e + U+0301) count as equal, because people cannot tell them
//   apart and a Swift dictionary does not: such an object is refused, never merged;
// - a number is a double. One with an integral value below 2^53 in size, however it is spelt
//   (1, 1.0, 1e0, -0), becomes `.integer`; every other finite number becomes `.double`, as it is
//   for every ECMAScript reader, so an integer of 2^53 or more is never taken for an exact one.
//   `Limits.integersOnly` refuses all of these. What overflows a double is refused; what
//   underflows is zero.
//
// Example: {"b":[1.0,"\u00e9"],"a":null} has the canonical form {"a":null,"b":[1,"é"]}.

extension JSON {
    /// Parses strictly; throws the first fault with its place.
    package init(parsing bytes: [UInt8], limits: Limits = .default) throws(JSONError) {
        self = try bytes.withUnsafeBufferPointer { (text) throws(JSONError) -> JSON in
            var parser = JSONParser(text: text, limits: limits)
            return try parser.document()
        }
    }

    /// Parses strictly the UTF-8 form of a text.
    package init(parsing text: String, limits: Limits = .default) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }
}

/// The state of one pass: the text and the place reached.
struct JSONParser {
    let text: UnsafeBufferPointer<UInt8>
    let limits: JSON.Limits
    var position = 0
    var depth = 0
    /// Reused for every string with escapes, so that such strings cost no allocation of their own.
    var scratch: [UInt8] = []

    init(text: UnsafeBufferPointer<UInt8>, limits: JSON.Limits) {
        self.text = text
        self.limits = limits
    }

    mutating func document() throws(JSONError) -> JSON {
        guard text.count <= limits.bytes else {
            throw fault(.size, "The text is longer than \(limits.bytes) bytes.")
        }
        if text.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw fault(.encoding, "The text starts with a byte order mark.")
        }
        skipWhitespace()
        let value = try value()
        skipWhitespace()
        guard position == text.count else {
            throw fault(.syntax, "Something follows the end of the value.")
        }
        return value
    }

    private mutating func value() throws(JSONError) -> JSON {
        guard let first = peek() else {
            throw fault(.syntax, "The text ends where a value is expected.")
        }
        switch first {
        case Ascii.quote: return .string(try string())
        case Ascii.openBrace: return try object()
        case Ascii.openBracket: return try array()
        case Ascii.minus, Ascii.zero...Ascii.nine: return try number()
        case Ascii.t: return try literal("true", .bool(true))
        case Ascii.f: return try literal("false", .bool(false))
        case Ascii.n: return try literal("null", .null)
        default: throw fault(.syntax, "A value is expected here.")
        }
    }

    /// Steps over an opening bracket or brace; its closing twin is met by `leave`.
    private mutating func enter() throws(JSONError) {
        depth += 1
        guard depth <= limits.depth else {
            throw fault(.depth, "Nested deeper than \(limits.depth) levels.")
        }
        position += 1
        skipWhitespace()
    }

    /// Steps over the closing bracket or brace if it is next, and says whether it was.
    private mutating func leave(_ closing: UInt8) -> Bool {
        guard take(closing) else { return false }
        depth -= 1
        return true
    }

    private mutating func object() throws(JSONError) -> JSON {
        var members: [String: JSON] = [:]
        try enter()
        if leave(Ascii.closeBrace) { return .object(members) }
        // What most objects have: growing step by step would hash every name again and again.
        members.reserveCapacity(6)
        while true {
            let start = position
            guard peek() == Ascii.quote else {
                throw fault(.syntax, "The name of a member is expected here.")
            }
            let name = try string()
            skipWhitespace()
            guard take(Ascii.colon) else { throw fault(.syntax, "A colon is expected here.") }
            skipWhitespace()
            guard members.updateValue(try value(), forKey: name) == nil else {
                throw JSONError(.duplicateKey, at: start, "The object has this name already.")
            }
            skipWhitespace()
            if leave(Ascii.closeBrace) { return .object(members) }
            guard take(Ascii.comma) else {
                throw fault(.syntax, "A comma or a closing brace is expected here.")
            }
            skipWhitespace()
        }
    }

    private mutating func array() throws(JSONError) -> JSON {
        var elements: [JSON] = []
        try enter()
        if leave(Ascii.closeBracket) { return .array(elements) }
        while true {
            elements.append(try value())
            skipWhitespace()
            if leave(Ascii.closeBracket) { return .array(elements) }
            guard take(Ascii.comma) else {
                throw fault(.syntax, "A comma or a closing bracket is expected here.")
            }
            skipWhitespace()
        }
    }

    private mutating func literal(
        _ word: StaticString, _ value: JSON
    ) throws(JSONError) -> JSON {
        let count = word.utf8CodeUnitCount
        guard position + count <= text.count,
            (0..<count).allSatisfy({ text[position + $0] == word.utf8Start[$0] })
        else { throw fault(.syntax, "A value is expected here.") }
        position += count
        return value
    }

    func fault(_ code: JSONError.Code, _ message: String) -> JSONError {
        JSONError(code, at: position, message)
    }

    @inline(__always) func peek() -> UInt8? {
        position < text.count ? text[position] : nil
    }

    @inline(__always) mutating func take(_ byte: UInt8) -> Bool {
        guard position < text.count, text[position] == byte else { return false }
        position += 1
        return true
    }

    @inline(__always) mutating func skipWhitespace() {
        while position < text.count {
            switch text[position] {
            case Ascii.space, Ascii.lineFeed, Ascii.carriageReturn, Ascii.tab: position += 1
            default: return
            }
        }
    }
}

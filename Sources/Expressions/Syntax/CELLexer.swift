// From characters to tokens.
//
// Specification: cel-spec, doc/langdef.md, the lexis under "Syntax". White space is tab, line feed,
// form feed, carriage return and space; a comment runs from // to the end of the line. Numbers are
// decimal or 0x hexadecimal integers, and decimals with a point or an exponent (".5", "1e3"); the
// minus in front is an operator for the parser. Left out, each with a message of its own: unsigned
// integers (1u), bytes (b"…"), and names in backticks. Characters that are invisible or change the
// direction of the text are refused anywhere: people sign packs that they have read.

internal import CanonicalJSON

/// Reads the tokens of one expression.
struct CELLexer {
    let source: [UInt8]
    let origin: CELOrigin
    var index = 0
    private var line = 1
    /// A place in the present line and its column.
    private var mark = (place: 0, column: 1)

    init(_ text: String, origin: CELOrigin) throws(CELFault) {
        source = Array(text.utf8)
        self.origin = origin
        guard source.count <= CELLimits.bytes else {
            throw fault(.limit, at: 0, "An expression has at most \(CELLimits.bytes) bytes.")
        }
        guard let wrong = TextHygiene.fault(in: text.replacing("\r\n", with: "\n")) else { return }
        throw fault(.syntax, at: 0, "The expression contains \(wrong).")
    }

    /// All tokens, the last of them the end.
    mutating func tokens() throws(CELFault) -> [CELToken] {
        var tokens: [CELToken] = []
        repeat { try tokens.append(next()) } while tokens.last?.kind != .end
        return tokens
    }

    func byte(_ offset: Int = 0) -> UInt8? {
        index + offset < source.count ? source[index + offset] : nil
    }

    func fault(_ code: CELFault.Code, at place: Int, _ message: String) -> CELFault {
        CELFault(code: code, file: origin.file, position: position(at: place), message: message)
    }

    func position(at place: Int) -> CELPosition {
        origin.position(line: line, column: column(of: place))
    }

    /// The column of a place after the mark, which moves with every token: counting from the start of
    /// a long line would take quadratic time.
    private func column(of place: Int) -> Int {
        let between = source[mark.place..<max(mark.place, min(place, source.count))]
        return between.reduce(into: mark.column) { $0 += $1 & 0xC0 == 0x80 ? 0 : 1 }
    }

    /// Counts the lines up to the present place, which only white space and long strings cross.
    mutating func noteLine(endingAt place: Int) {
        line += 1
        mark = (place + 1, 1)
    }

    private mutating func skipSpace() {
        while let byte = byte() {
            switch byte {
            case UInt8(ascii: "\n"):
                noteLine(endingAt: index)
                index += 1
            case UInt8(ascii: "\t"), 0x0C, UInt8(ascii: "\r"), UInt8(ascii: " "): index += 1
            case UInt8(ascii: "/") where self.byte(1) == UInt8(ascii: "/"):
                while let byte = self.byte(), byte != UInt8(ascii: "\n") { index += 1 }
            default: return
            }
        }
    }

    private mutating func next() throws(CELFault) -> CELToken {
        skipSpace()
        let start = index
        mark = (start, column(of: start))
        let position = position(at: start)
        guard let byte = byte() else { return CELToken(kind: .end, position: position) }
        if let prefix = textPrefix() {
            let text = try text(afterPrefix: prefix)
            return CELToken(kind: .string(text), position: position)
        }
        let kind: CELToken.Kind
        switch byte {
        case UInt8(ascii: "_"), 0x41...0x5A, 0x61...0x7A: kind = .name(name())
        case 0x30...0x39: kind = try number()
        case UInt8(ascii: ".") where Self.isDigit(self.byte(1)): kind = try number()
        default: kind = try symbol()
        }
        return CELToken(kind: kind, position: position)
    }

    private mutating func name() -> String {
        let start = index
        while let byte = byte(), Self.isNamePart(byte) { index += 1 }
        return String(decoding: source[start..<index], as: UTF8.self)
    }

    private static let symbols = [
        "||", "&&", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".",
        ",", "(", ")", "[", "]", "{", "}",
    ].map { Array($0.utf8) }

    private mutating func symbol() throws(CELFault) -> CELToken.Kind {
        for symbol in Self.symbols where source[index...].starts(with: symbol) {
            index += symbol.count
            return .symbol(String(decoding: symbol, as: UTF8.self))
        }
        let hint =
            switch source[index] {
            case UInt8(ascii: "="): "Equality is written ==; there is no assignment."
            case UInt8(ascii: "&"): "“And” is written &&."
            case UInt8(ascii: "|"): "“Or” is written ||."
            case UInt8(ascii: "`"): "Names in backticks are left out; index the map: m[\"a-b\"]."
            default: "This character has no meaning outside of a string."
            }
        throw fault(.syntax, at: index, hint)
    }

    static func isDigit(_ byte: UInt8?) -> Bool { byte.map { (0x30...0x39).contains($0) } ?? false }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == UInt8(ascii: "_")
    }

    // MARK: Numbers

    private mutating func number() throws(CELFault) -> CELToken.Kind {
        let start = index
        let kind: CELToken.Kind
        if byte() == UInt8(ascii: "0"), byte(1).map({ $0 | 0x20 == UInt8(ascii: "x") }) == true {
            index += 2
            let digits = index
            while let byte = byte(), Self.hexValue(byte) != nil { index += 1 }
            kind = .int(try integer(source[digits..<index], radix: 16, at: start))
        } else {
            while Self.isDigit(byte()) { index += 1 }
            let whole = index
            if byte() == UInt8(ascii: "."), Self.isDigit(byte(1)) {
                index += 1
                while Self.isDigit(byte()) { index += 1 }
            }
            skipExponent()
            kind =
                index == whole
                ? .int(try integer(source[start..<index], radix: 10, at: start))
                : .decimal(try decimal(source[start..<index], at: start))
        }
        if let byte = byte(), Self.isNamePart(byte) {
            let message =
                byte | 0x20 == UInt8(ascii: "u")
                ? "Unsigned integers are left out: write the number without u."
                : "A number ends before a letter."
            throw fault(
                byte | 0x20 == UInt8(ascii: "u") ? .unsupported : .syntax, at: index, message)
        }
        return kind
    }

    private mutating func skipExponent() {
        guard let mark = byte(), mark | 0x20 == UInt8(ascii: "e") else { return }
        let signed = byte(1) == UInt8(ascii: "-") || byte(1) == UInt8(ascii: "+")
        guard Self.isDigit(byte(signed ? 2 : 1)) else { return }
        index += signed ? 2 : 1
        while Self.isDigit(byte()) { index += 1 }
    }

    private func integer(
        _ digits: ArraySlice<UInt8>, radix: Int, at place: Int
    ) throws(CELFault) -> UInt64 {
        let text = String(decoding: digits, as: UTF8.self)
        // One more than the greatest integer can follow a minus: the parser decides.
        guard let value = UInt64(text, radix: radix), value <= 1 << 63 else {
            throw fault(.syntax, at: place, "An integer has 64 bits: this one does not fit.")
        }
        return value
    }

    private func decimal(
        _ digits: ArraySlice<UInt8>, at place: Int
    ) throws(CELFault) -> CELDecimal {
        guard let value = CELDecimal(String(decoding: digits, as: UTF8.self)),
            !value.description.utf8.contains(UInt8(ascii: "/"))
        else { throw fault(.limit, at: place, "A decimal has at most 36 digits.") }
        return value
    }

    static func hexValue(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte - 0x30)
        case 0x41...0x46: UInt32(byte - 0x37)
        case 0x61...0x66: UInt32(byte - 0x57)
        default: nil
        }
    }
}

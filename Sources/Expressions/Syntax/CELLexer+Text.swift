// String literals: two kinds of quotes, one or three of them, raw or with escapes.
//
//     "a\tb"  'a'  """several
//     lines"""  r"no \escapes"  "\x41\u00e9\U0001F600\101"
//
// \x, \u, \U and three octal digits name a code point. The halves of surrogate pairs are no code
// points and are refused.

extension CELLexer {
    /// What stands in front of a string's quotes.
    struct TextPrefix {
        let length: Int
        let isRaw: Bool
        let isBytes: Bool
    }

    /// The prefix of a string that begins here; nil when none begins.
    func textPrefix() -> TextPrefix? {
        var length = 0
        var (isRaw, isBytes) = (false, false)
        while length < 2, let byte = byte(length) {
            switch byte | 0x20 {
            case UInt8(ascii: "r") where !isRaw: isRaw = true
            case UInt8(ascii: "b") where !isBytes: isBytes = true
            default:
                return Self.isQuote(byte)
                    ? TextPrefix(length: length, isRaw: isRaw, isBytes: isBytes) : nil
            }
            length += 1
        }
        return Self.isQuote(byte(length))
            ? TextPrefix(length: length, isRaw: isRaw, isBytes: isBytes) : nil
    }

    private static func isQuote(_ byte: UInt8?) -> Bool {
        byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
    }

    /// Reads the string that begins here.
    mutating func text(afterPrefix prefix: TextPrefix) throws(CELFault) -> CELText {
        let start = index
        let unclosed = CELFault(
            code: .syntax, file: origin.file, position: position(at: start),
            message: "This string is not closed.")
        if prefix.isBytes {
            throw fault(.unsupported, at: start, "Bytes are left out: facts have none.")
        }
        index += prefix.length
        guard let quote = byte() else { throw unclosed }
        let isTriple = byte(1) == quote && byte(2) == quote
        index += isTriple ? 3 : 1
        var bytes: [UInt8] = []
        while let byte = byte() {
            if byte == quote, !isTriple || (self.byte(1) == quote && self.byte(2) == quote) {
                index += isTriple ? 3 : 1
                return CELText(String(decoding: bytes, as: UTF8.self))
            }
            if byte == UInt8(ascii: "\\"), !prefix.isRaw {
                try bytes.append(contentsOf: String(escape()).utf8)
                continue
            }
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                guard isTriple else { throw unclosed }
                if byte == UInt8(ascii: "\n") { noteLine(endingAt: index) }
            }
            bytes.append(byte)
            index += 1
        }
        throw unclosed
    }

    private mutating func escape() throws(CELFault) -> Unicode.Scalar {
        let start = index
        guard let mark = byte(1) else {
            throw fault(.syntax, at: start, "After a backslash comes what it stands for.")
        }
        index += 2
        switch mark {
        case UInt8(ascii: "\\"), UInt8(ascii: "?"), UInt8(ascii: "\""), UInt8(ascii: "'"),
            UInt8(ascii: "`"):
            return Unicode.Scalar(mark)
        case UInt8(ascii: "a"): return "\u{07}"
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "v"): return "\u{0B}"
        case UInt8(ascii: "x"), UInt8(ascii: "X"): return try scalar(digits: 2, from: start)
        case UInt8(ascii: "u"): return try scalar(digits: 4, from: start)
        case UInt8(ascii: "U"): return try scalar(digits: 8, from: start)
        case 0x30...0x33:
            index -= 1
            return try scalar(digits: 3, radix: 8, from: start)
        default:
            throw fault(
                .syntax, at: start, "There is no such escape; a backslash itself is written \\\\.")
        }
    }

    private mutating func scalar(
        digits: Int, radix: UInt32 = 16, from start: Int
    ) throws(CELFault) -> Unicode.Scalar {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let byte = byte(), let digit = Self.hexValue(byte), digit < radix else {
                throw fault(.syntax, at: start, "This escape has \(digits) digits.")
            }
            value = value &* radix &+ digit
            index += 1
        }
        guard let scalar = Unicode.Scalar(value) else {
            throw fault(.syntax, at: start, "This escape names no code point.")
        }
        return scalar
    }
}

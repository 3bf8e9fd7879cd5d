// What a YAML scalar without quotes means, and which ones mean different things to different
// readers.

internal import CanonicalJSON

/// The meaning of a plain scalar.
enum PlainScalar {
    /// Text that every reader takes for text.
    case string(String)
    /// true, false, null or an integer.
    case value(JSON)
    /// Something that readers disagree about, with advice.
    case ambiguous(String)

    /// Reads the text of a plain scalar.
    init(_ text: String) {
        switch text {
        case "true": self = .value(true)
        case "false": self = .value(false)
        case "null": self = .value(.null)
        case "", "~": self = .ambiguous("Write null, or an empty string in quotes.")
        default: self = Self.number(text) ?? Self.word(text)
        }
    }

    private static let booleans: Set<String> = [
        "yes", "no", "on", "off", "y", "n", "true", "false",
    ]

    private static func word(_ text: String) -> PlainScalar {
        let lowered = text.lowercased()
        if booleans.contains(lowered) {
            return .ambiguous("Write true or false, or put it in quotes.")
        }
        return lowered == "null" ? .ambiguous("Write null, or put it in quotes.") : .string(text)
    }

    /// Integers, and everything that some YAML reader takes for a number.
    private static func number(_ text: String) -> PlainScalar? {
        if let value = Int64(text), String(value) == text {
            return JSON.safeIntegers.contains(value)
                ? .value(.integer(value)) : .ambiguous("Too large: put it in quotes.")
        }
        let bytes = Array(text.utf8)
        let digits =
            bytes.first.map { $0 == 0x2B || $0 == 0x2D } == true ? bytes.dropFirst() : bytes[...]
        let rest = String(decoding: digits, as: UTF8.self).lowercased()
        let isNamed = [".inf", ".nan"].contains(rest)
        let isBased = ["0x", "0o", "0b"].contains(where: rest.hasPrefix)
        return isNamed || isBased || looksNumeric(rest)
            ? .ambiguous("Integers are written plainly; put anything else in quotes.") : nil
    }

    /// Digits with `.`, `_`, `,`, `:` or an exponent: 0.80, 010, 1_000, 1:30, 1e3; not dates or
    /// 1.2.3.
    private static func looksNumeric(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
        guard bytes.contains(where: isDigit), bytes.first.map({ isDigit($0) || $0 == 0x2E }) == true
        else { return false }
        guard bytes.filter({ $0 == 0x2E }).count <= 1, bytes.filter({ $0 == 0x65 }).count <= 1
        else {
            return false
        }
        return bytes.enumerated().allSatisfy { index, byte in
            if isDigit(byte) || "._,:".utf8.contains(byte) { return true }
            if byte == 0x65 { return true }
            return (byte == 0x2B || byte == 0x2D) && index > 0 && bytes[index - 1] == 0x65
        }
    }
}

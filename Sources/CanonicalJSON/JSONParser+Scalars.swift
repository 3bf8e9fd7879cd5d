// Strings and numbers, the two tokens of JSON that need care.

extension JSONParser {
    /// Reads a string whose opening quote is at `position`.
    mutating func string() throws(JSONError) -> String {
        let start = position
        position += 1
        let body = position
        skipPlainCharacters()
        if peek() == Ascii.quote {
            let plain = UnsafeBufferPointer(rebasing: text[body..<position])
            position += 1
            return try validated(plain, start)
        }
        return try stringWithEscapes(start: start, body: body)
    }

    /// Continues a string in which the first escape (or a fault) has been met at `position`.
    private mutating func stringWithEscapes(
        start: Int, body: Int
    ) throws(JSONError) -> String {
        scratch.removeAll(keepingCapacity: true)
        var plain = body
        while true {
            skipPlainCharacters()
            scratch.append(contentsOf: text[plain..<position])
            switch peek() {
            case Ascii.quote:
                position += 1
                return try scratch.withUnsafeBufferPointer { (bytes) throws(JSONError) in
                    try validated(bytes, start)
                }
            case Ascii.backslash:
                try escape()
                plain = position
            case nil:
                throw fault(.syntax, "The text ends inside a string.")
            default:
                throw fault(.syntax, "A control character inside a string has to be escaped.")
            }
        }
    }

    @inline(__always) private mutating func skipPlainCharacters() {
        while position < text.count {
            let byte = text[position]
            if byte == Ascii.quote || byte == Ascii.backslash || byte < Ascii.space { return }
            position += 1
        }
    }

    private func validated(
        _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int
    ) throws(JSONError) -> String {
        guard let string = String(validating: bytes, as: UTF8.self) else {
            throw JSONError(.encoding, at: start, "The string is not valid UTF-8.")
        }
        return string
    }

    /// Reads one escape sequence and appends what it stands for to `scratch`.
    private mutating func escape() throws(JSONError) {
        let start = position
        position += 1
        let letter = peek()
        position += 1
        switch letter {
        case Ascii.quote, Ascii.backslash, Ascii.slash: scratch.append(letter ?? 0)
        case Ascii.b: scratch.append(0x08)
        case Ascii.f: scratch.append(0x0C)
        case Ascii.n: scratch.append(Ascii.lineFeed)
        case Ascii.r: scratch.append(Ascii.carriageReturn)
        case Ascii.t: scratch.append(Ascii.tab)
        case Ascii.u:
            let scalar = try escapedScalar(start)
            scratch.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default: throw JSONError(.syntax, at: start, "JSON has no such escape sequence.")
        }
    }

    /// RFC 8259 section 7: outside the Basic Multilingual Plane a character is a surrogate pair.
    private mutating func escapedScalar(_ start: Int) throws(JSONError) -> Unicode.Scalar {
        let first = try fourHexDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        let alone = JSONError(.encoding, at: start, "Half of a surrogate pair stands alone.")
        guard first < 0xDC00, take(Ascii.backslash), take(Ascii.u) else { throw alone }
        let second = try fourHexDigits()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw alone }
        return scalar
    }

    private mutating func fourHexDigits() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = hexDigitValue(byte) else {
                throw fault(.syntax, "Four hexadecimal digits are expected here.")
            }
            value = value << 4 | digit
            position += 1
        }
        return value
    }

    private func hexDigitValue(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte) - 0x30
        case 0x41...0x46: UInt32(byte) - 0x41 + 10
        case 0x61...0x66: UInt32(byte) - 0x61 + 10
        default: nil
        }
    }

    // MARK: Numbers

    /// The longest number token that is read.
    ///
    /// The longest exact decimal form of a double has fewer than 1,100 characters; whatever is longer was not written by a program of good will.
    private static let longestNumber = 1_100

    /// Reads `number = [ minus ] int [ frac ] [ exp ]` (RFC 8259 section 6).
    mutating func number() throws(JSONError) -> JSON {
        let start = position
        let isNegative = take(Ascii.minus)
        let firstDigit = position
        guard skipDigits() > 0 else { throw fault(.syntax, "A digit is expected here.") }
        let digitCount = position - firstDigit
        guard digitCount == 1 || text[firstDigit] != Ascii.zero else {
            throw JSONError(.syntax, at: start, "A number must not start with a zero.")
        }
        var isPlainInteger = true
        if take(Ascii.dot) {
            isPlainInteger = false
            guard skipDigits() > 0 else { throw fault(.syntax, "A digit is expected here.") }
        }
        if take(Ascii.e) || take(Ascii.upperE) {
            isPlainInteger = false
            if !take(Ascii.minus) { _ = take(Ascii.plus) }
            guard skipDigits() > 0 else { throw fault(.syntax, "A digit is expected here.") }
        }
        if isPlainInteger, digitCount <= 16 {
            var value: Int64 = 0
            for index in firstDigit..<position { value = value &* 10 &+ Int64(text[index] &- 0x30) }
            if isNegative { value = -value }
            if JSON.safeIntegers.contains(value) { return .integer(value) }
        }
        return try inexactNumber(start)
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while let byte = peek(), byte >= Ascii.zero, byte <= Ascii.nine { position += 1 }
        return position - start
    }

    /// Decides about a token that is grammatical but not a plain integer below 2^53.
    private func inexactNumber(_ start: Int) throws(JSONError) -> JSON {
        guard position - start <= Self.longestNumber else {
            throw JSONError(.number, at: start, "The number is too long.")
        }
        if limits.integersOnly {
            throw JSONError(.number, at: start, "Only integers below 2^53 are allowed.")
        }
        let token = String(decoding: text[start..<position], as: UTF8.self)
        guard let value = Double(token), value.isFinite else {
            throw JSONError(.number, at: start, "The number is too large.")
        }
        return .number(value)
    }
}

// The canonical form of JSON, the only form in which documents are hashed and signed.
//
// Specification: RFC 8785 (JSON Canonicalization Scheme).
// - No whitespace. Members are sorted by name, names compared as sequences of UTF-16 code units
//   (section 3.2.3), at every depth. Arrays keep their order.
// - Strings (3.2.2.2): \b \t \n \f \r \" \\ for these seven, \u00xx in lowercase for the other
//   controls below U+0020, every other character as it is, in UTF-8. No normalisation.
// - Numbers (3.2.2.3): as ECMAScript writes them, see JSONNumber.swift.
//
// Example: {"b":[1.0,"\u00e9"],"a":null} becomes {"a":null,"b":[1,"é"]}.
//
// Parsing the canonical bytes of a value that came from the parser gives the value back.

extension JSON {
    /// The bytes of RFC 8785; a `.double` must be finite, an `.integer` within `safeIntegers`.
    package var canonicalBytes: [UInt8] {
        var writer = JSONWriter(isPretty: false)
        writer.write(self)
        return writer.bytes
    }

    /// The canonical form as text.
    package var canonicalText: String { String(decoding: canonicalBytes, as: UTF8.self) }

    /// For people: two spaces of indentation, sorted names, a newline at the end.
    package var prettyBytes: [UInt8] {
        var writer = JSONWriter(isPretty: true)
        writer.write(self)
        writer.bytes.append(Ascii.lineFeed)
        return writer.bytes
    }
}

/// The bytes written so far.
struct JSONWriter {
    let isPretty: Bool
    var bytes: [UInt8] = []
    private var depth = 0

    init(isPretty: Bool) {
        self.isPretty = isPretty
        bytes.reserveCapacity(512)
    }

    mutating func write(_ value: JSON) {
        switch value {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(true): bytes.append(contentsOf: "true".utf8)
        case .bool(false): bytes.append(contentsOf: "false".utf8)
        case .integer(let number): write(number)
        case .double(let number): bytes.append(contentsOf: JSONNumber.text(of: number).utf8)
        case .string(let text): write(text)
        case .array(let elements): write(elements)
        case .object(let members): write(members)
        }
    }

    private mutating func write(_ elements: [JSON]) {
        bytes.append(Ascii.openBracket)
        depth += 1
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(Ascii.comma) }
            breakLine()
            write(element)
        }
        depth -= 1
        if !elements.isEmpty { breakLine() }
        bytes.append(Ascii.closeBracket)
    }

    private mutating func write(_ members: [String: JSON]) {
        bytes.append(Ascii.openBrace)
        depth += 1
        let sorted = members.sorted { precedesInUTF16($0.key, $1.key) }
        for (index, member) in sorted.enumerated() {
            if index > 0 { bytes.append(Ascii.comma) }
            breakLine()
            write(member.key)
            bytes.append(Ascii.colon)
            if isPretty { bytes.append(Ascii.space) }
            write(member.value)
        }
        depth -= 1
        if !members.isEmpty { breakLine() }
        bytes.append(Ascii.closeBrace)
    }

    private mutating func breakLine() {
        guard isPretty else { return }
        bytes.append(Ascii.lineFeed)
        bytes.append(contentsOf: repeatElement(Ascii.space, count: 2 * depth))
    }

    private mutating func write(_ number: Int64) {
        precondition(
            JSON.safeIntegers.contains(number),
            "An integer of 2^53 or more has no canonical form: write it as a string.")
        if number < 0 { bytes.append(Ascii.minus) }
        let start = bytes.count
        var rest = number.magnitude
        repeat {
            bytes.append(Ascii.zero + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    private mutating func write(_ text: String) {
        bytes.append(Ascii.quote)
        var text = text
        text.withUTF8 { utf8 in
            var plain = 0
            for (index, byte) in utf8.enumerated() where mustBeEscaped(byte) {
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[plain..<index]))
                writeEscape(of: byte)
                plain = index + 1
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[plain...]))
        }
        bytes.append(Ascii.quote)
    }

    @inline(__always) private func mustBeEscaped(_ byte: UInt8) -> Bool {
        byte < Ascii.space || byte == Ascii.quote || byte == Ascii.backslash
    }

    private mutating func writeEscape(of byte: UInt8) {
        bytes.append(Ascii.backslash)
        switch byte {
        case 0x08: bytes.append(Ascii.b)
        case Ascii.tab: bytes.append(Ascii.t)
        case Ascii.lineFeed: bytes.append(Ascii.n)
        case 0x0C: bytes.append(Ascii.f)
        case Ascii.carriageReturn: bytes.append(Ascii.r)
        case Ascii.quote, Ascii.backslash: bytes.append(byte)
        default:
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(Ascii.zero + byte >> 4)
            bytes.append(contentsOf: "0123456789abcdef".utf8.dropFirst(Int(byte & 15)).prefix(1))
        }
    }
}

/// Whether one name sorts before another when both are compared as UTF-16 code units.
///
/// UTF-8 bytes give the same order but for one thing: characters above U+FFFF (first byte F0…F4)
/// are surrogates D800…DFFF in UTF-16 and sort before U+E000…U+FFFF (first byte EE, EF).
func precedesInUTF16(_ left: String, _ right: String) -> Bool {
    // Contiguous bytes compare several times as fast as the iterators of the views.
    left.utf8.withContiguousStorageIfAvailable { left in
        right.utf8.withContiguousStorageIfAvailable { precedes(left, $0) }
    }.flatMap(\.self) ?? precedes(left.utf8, right.utf8)
}

@inline(__always)
private func precedes(
    _ left: some Collection<UInt8>, _ right: some Collection<UInt8>
) -> Bool {
    var rest = right.makeIterator()
    for a in left {
        guard let b = rest.next() else { return false }
        if a == b { continue }
        if a >= 0xEE, b >= 0xEE, (a >= 0xF0) != (b >= 0xF0) { return a >= 0xF0 }
        return a < b
    }
    return rest.next() != nil
}

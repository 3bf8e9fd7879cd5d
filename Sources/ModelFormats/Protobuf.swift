// The wire form of protocol buffers, as much as reading a message's fields in order needs.
//
// Specification (protobuf.dev, Encoding). A message is a sequence of fields: a varint of field number
// and wire type (number × 8 + type), then a varint (type 0), 8 bytes (1), a length as a varint and as
// many bytes (2), or 4 bytes (5). Groups (3, 4) are refused: no format read here has them. A varint
// has 10 bytes at most.
// Example: 08 96 01 is field 1 with the value 150.

/// One field of a message.
struct ProtobufField {
    /// What the field holds.
    enum Value {
        case number(UInt64)
        case fixed
        /// The range of its bytes in the file.
        case bytes(start: Int64, end: Int64)
    }

    let number: UInt64
    let value: Value
    /// Where the field begins.
    let offset: Int64
}

/// Reads the fields of a message that lies in a range of a file.
struct ProtobufReader {
    private(set) var cursor: ByteCursor

    init(_ source: ByteSource, from start: Int64, to end: Int64) {
        cursor = ByteCursor(source, from: start, to: end)
    }

    /// The next field; nil at the end of the message.
    mutating func next() throws(FormatError) -> ProtobufField? {
        guard !cursor.isAtEnd else { return nil }
        let place = cursor.offset
        let tag = try varint()
        let number = tag >> 3
        guard number > 0, number < 1 << 29 else {
            throw FormatError(.malformed, at: place, "There is no field number \(number).")
        }
        let value: ProtobufField.Value
        switch tag & 7 {
        case 0: value = .number(try varint())
        case 1:
            try cursor.skip(8)
            value = .fixed
        case 2:
            let length = try varint()
            guard length <= UInt64(max(0, cursor.remaining)) else {
                throw FormatError(
                    .truncated, at: place,
                    "A field of \(length) bytes does not fit into its message.")
            }
            let start = cursor.offset
            try cursor.skip(Int64(length))
            value = .bytes(start: start, end: start + Int64(length))
        case 5:
            try cursor.skip(4)
            value = .fixed
        default:
            throw FormatError(.malformed, at: place, "A field is of the wire type \(tag & 7).")
        }
        return ProtobufField(number: number, value: value, offset: place)
    }

    /// A varint at the cursor.
    mutating func varint() throws(FormatError) -> UInt64 {
        let place = cursor.offset
        var value: UInt64 = 0
        for index in 0..<10 {
            let byte = try cursor.byte()
            guard index < 9 || byte <= 1 else { break }
            value |= UInt64(byte & 0x7F) << UInt64(7 * index)
            if byte & 0x80 == 0 { return value }
        }
        throw FormatError(.number, at: place, "A number is longer than 64 bits.")
    }
}

extension ProtobufField {
    /// The number; throws when the field is something else.
    func integer() throws(FormatError) -> UInt64 {
        guard case .number(let number) = value else {
            throw FormatError(.malformed, at: offset, "Field \(number) is no number.")
        }
        return number
    }

    /// The range of the bytes; throws when the field is something else.
    func range() throws(FormatError) -> (start: Int64, end: Int64) {
        guard case .bytes(let start, let end) = value else {
            throw FormatError(.malformed, at: offset, "Field \(number) is no message or text.")
        }
        return (start, end)
    }

    /// The text in the field; throws when it is longer than the limit or not UTF-8.
    func text(_ source: ByteSource, _ limits: FormatLimits) throws(FormatError) -> String {
        let (start, end) = try range()
        guard end - start <= Int64(limits.textBytes) else {
            throw FormatError(.tooLarge, at: offset, "A text has \(end - start) bytes.")
        }
        let bytes = try source.read(at: start, count: Int(end - start))
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FormatError(.malformed, at: offset, "A text is not UTF-8.")
        }
        return text
    }
}

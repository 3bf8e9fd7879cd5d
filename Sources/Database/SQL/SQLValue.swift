// The closed set of column types we use, each with its OID and its binary form on the wire.
//
// Binary formats (PostgreSQL `src/backend/utils/adt/*send*`): integers and floats are big-endian,
// text and bytea are their bytes, bool is one byte 0/1, uuid 16 bytes, timestamptz is int8
// microseconds since 2000-01-01T00:00:00Z, jsonb is a version byte 1 and the text.
// Example: timestamptz 2000-01-01T00:00:01Z is 00 00 00 00 00 0F 42 40.

/// A column type: the letter that stands for it in a template, and its OID in `pg_type`.
package enum SQLType: UInt8, Sendable, CaseIterable {
    case bool = 98  // "b"
    case int8 = 105  // "i"
    case float8 = 102  // "f"
    case text = 116  // "t"
    case bytea = 120  // "x"
    case uuid = 117  // "u"
    case timestamptz = 122  // "z"
    case jsonb = 106  // "j"
    case int8Array = 73  // "I"
    case textArray = 84  // "T"
    case byteaArray = 88  // "X"

    init?(letter: UInt8) { self.init(rawValue: letter) }

    /// The type's OID, fixed in every PostgreSQL.
    var oid: UInt32 {
        switch self {
        case .bool: 16
        case .int8: 20
        case .float8: 701
        case .text: 25
        case .bytea: 17
        case .uuid: 2950
        case .timestamptz: 1184
        case .jsonb: 3802
        case .int8Array: 1016
        case .textArray: 1009
        case .byteaArray: 1001
        }
    }

    /// Whether a column of this OID can be read as this type without change of meaning.
    func reads(_ oid: UInt32) -> Bool {
        // varchar, bpchar, name and unknown literals travel exactly as text does
        oid == self.oid
            || (self == .text && (oid == 1043 || oid == 1042 || oid == 19 || oid == 705))
    }

    var placeholder: String {
        switch self {
        case .bool: "\0b"
        case .int8: "\0i"
        case .float8: "\0f"
        case .text: "\0t"
        case .bytea: "\0x"
        case .uuid: "\0u"
        case .timestamptz: "\0z"
        case .jsonb: "\0j"
        case .int8Array: "\0I"
        case .textArray: "\0T"
        case .byteaArray: "\0X"
        }
    }
}

/// Something a single column can be read as: a value, or an optional of one.
package protocol SQLColumn {
    /// Reads the next column of the row.
    static func read(from row: inout Row) throws(DatabaseError) -> Self
}

/// A value that can be bound to a statement and read from a column.
package protocol SQLValue: SQLColumn, Sendable {
    /// The one column type it stands for.
    static var sqlType: SQLType { get }
    /// Appends the binary form.
    func encode(into bytes: inout [UInt8])
    /// Reads the binary form; nil when the bytes are not of this type.
    init?(wire: UnsafeRawBufferPointer)
}

extension SQLValue {
    package static func read(from row: inout Row) throws(DatabaseError) -> Self { try row.next() }
}

extension Optional: SQLColumn where Wrapped: SQLValue {
    package static func read(from row: inout Row) throws(DatabaseError) -> Wrapped? {
        try row.nextOptional()
    }
}

extension FixedWidthInteger {
    /// Appends the integer, most significant byte first.
    func appendBigEndian(to bytes: inout [UInt8]) {
        Swift.withUnsafeBytes(of: bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Reads an integer of exactly this width, most significant byte first.
    init?(bigEndian wire: UnsafeRawBufferPointer) {
        guard wire.count == MemoryLayout<Self>.size else { return nil }
        self.init(bigEndian: wire.loadUnaligned(as: Self.self))
    }
}

extension Bool: SQLValue {
    package static var sqlType: SQLType { .bool }
    package func encode(into bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }
    package init?(wire: UnsafeRawBufferPointer) {
        guard wire.count == 1, wire[0] <= 1 else { return nil }
        self = wire[0] == 1
    }
}

extension Int64: SQLValue {
    package static var sqlType: SQLType { .int8 }
    package func encode(into bytes: inout [UInt8]) { appendBigEndian(to: &bytes) }
    package init?(wire: UnsafeRawBufferPointer) { self.init(bigEndian: wire) }
}

extension Int: SQLValue {
    package static var sqlType: SQLType { .int8 }
    package func encode(into bytes: inout [UInt8]) { Int64(self).encode(into: &bytes) }
    package init?(wire: UnsafeRawBufferPointer) {
        guard let value = Int64(wire: wire) else { return nil }
        self.init(exactly: value)
    }
}

extension Double: SQLValue {
    package static var sqlType: SQLType { .float8 }
    package func encode(into bytes: inout [UInt8]) { bitPattern.appendBigEndian(to: &bytes) }
    package init?(wire: UnsafeRawBufferPointer) {
        guard let bits = UInt64(bigEndian: wire) else { return nil }
        self.init(bitPattern: bits)
    }
}

extension String: SQLValue {
    package static var sqlType: SQLType { .text }
    package func encode(into bytes: inout [UInt8]) { bytes.append(contentsOf: utf8) }
    package init?(wire: UnsafeRawBufferPointer) { self.init(validating: wire, as: UTF8.self) }
}

/// An instant as PostgreSQL keeps it: whole microseconds.
package struct SQLTimestamp: SQLValue, Hashable, Comparable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    package var microsecondsSince1970: Int64

    // 2000-01-01T00:00:00Z, PostgreSQL's zero
    private static let epoch: Int64 = 946_684_800_000_000

    package init(microsecondsSince1970: Int64) {
        self.microsecondsSince1970 = microsecondsSince1970
    }

    package static var sqlType: SQLType { .timestamptz }
    package func encode(into bytes: inout [UInt8]) {
        (microsecondsSince1970 &- Self.epoch).appendBigEndian(to: &bytes)
    }
    package init?(wire: UnsafeRawBufferPointer) {
        guard let value = Int64(bigEndian: wire) else { return nil }
        let (sum, overflow) = value.addingReportingOverflow(Self.epoch)
        // "infinity" is Int64.max: it has no place on our time line
        guard !overflow, value != .min else { return nil }
        microsecondsSince1970 = sum
    }
    package static func < (a: Self, b: Self) -> Bool {
        a.microsecondsSince1970 < b.microsecondsSince1970
    }
}

/// A uuid as its 128 bits.
package struct SQLUUID: SQLValue, Hashable {
    /// Bits 0 to 63, in the order they are written.
    package var high: UInt64
    /// Bits 64 to 127.
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package static var sqlType: SQLType { .uuid }
    package func encode(into bytes: inout [UInt8]) {
        high.appendBigEndian(to: &bytes)
        low.appendBigEndian(to: &bytes)
    }
    package init?(wire: UnsafeRawBufferPointer) {
        guard wire.count == 16,
            let high = UInt64(bigEndian: UnsafeRawBufferPointer(rebasing: wire[..<8])),
            let low = UInt64(bigEndian: UnsafeRawBufferPointer(rebasing: wire[8...]))
        else { return nil }
        self.init(high: high, low: low)
    }
}

/// JSON text for a jsonb column; PostgreSQL normalises it, so nothing signed is ever kept so.
package struct SQLJSON: SQLValue, Hashable {
    /// UTF-8 text.
    package var bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package static var sqlType: SQLType { .jsonb }
    package func encode(into bytes: inout [UInt8]) {
        bytes.append(1)
        bytes.append(contentsOf: self.bytes)
    }
    package init?(wire: UnsafeRawBufferPointer) {
        guard wire.first == 1 else { return nil }
        bytes = Array(wire.dropFirst())
    }
}

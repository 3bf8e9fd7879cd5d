// Arrays on the wire: bytea as `[UInt8]`, and one-dimensional arrays of int8, text and bytea.
//
// Binary array format (PostgreSQL `array_send`): int4 dimensions (0 or 1 here), int4 has-nulls,
// int4 element OID; per dimension int4 length and int4 lower bound; then each element as int4
// length (-1 for NULL) and its bytes.
// Example: int8[] {7} is 00000001 00000000 00000014 00000001 00000001 00000008 0000000000000007.

/// An element type whose array is a column type; `UInt8`'s "array" is bytea.
package protocol SQLArrayElement: Sendable {
    /// The column type of the array.
    static var arrayType: SQLType { get }
    /// Appends the binary form of the array.
    static func encodeArray(_ array: [Self], into bytes: inout [UInt8])
    /// Reads the binary form of the array.
    static func decodeArray(_ wire: UnsafeRawBufferPointer) -> [Self]?
}

extension Array: SQLColumn where Element: SQLArrayElement {}

extension Array: SQLValue where Element: SQLArrayElement {
    package static var sqlType: SQLType { Element.arrayType }
    package func encode(into bytes: inout [UInt8]) { Element.encodeArray(self, into: &bytes) }
    package init?(wire: UnsafeRawBufferPointer) {
        guard let array = Element.decodeArray(wire) else { return nil }
        self = array
    }
}

extension UInt8: SQLArrayElement {
    package static var arrayType: SQLType { .bytea }
    package static func encodeArray(_ array: [UInt8], into bytes: inout [UInt8]) {
        bytes.append(contentsOf: array)
    }
    package static func decodeArray(_ wire: UnsafeRawBufferPointer) -> [UInt8]? { Array(wire) }
}

extension SQLArrayElement where Self: SQLValue {
    package static func encodeArray(_ array: [Self], into bytes: inout [UInt8]) {
        Int32(array.isEmpty ? 0 : 1).appendBigEndian(to: &bytes)
        Int32(0).appendBigEndian(to: &bytes)
        sqlType.oid.appendBigEndian(to: &bytes)
        guard !array.isEmpty else { return }
        Int32(array.count).appendBigEndian(to: &bytes)
        Int32(1).appendBigEndian(to: &bytes)
        for element in array {
            // the length is known only after the element is written
            let mark = bytes.count
            Int32(0).appendBigEndian(to: &bytes)
            element.encode(into: &bytes)
            let length = UInt32(bytes.count - mark - 4)
            for index in 0..<4 {
                bytes[mark + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * index))
            }
        }
    }

    package static func decodeArray(_ wire: UnsafeRawBufferPointer) -> [Self]? {
        var position = 0
        func integer() -> Int32? {
            guard position + 4 <= wire.count else { return nil }
            defer { position += 4 }
            return Int32(bigEndian: wire.loadUnaligned(fromByteOffset: position, as: Int32.self))
        }
        guard let dimensions = integer(), integer() != nil, let oid = integer() else { return nil }
        guard sqlType.reads(UInt32(bitPattern: oid)) else { return nil }
        if dimensions == 0 { return [] }
        guard dimensions == 1, let count = integer(), count >= 0, integer() != nil else {
            return nil
        }
        var array: [Self] = []
        array.reserveCapacity(Swift.min(Int(count), wire.count / 4))
        for _ in 0..<count {
            // a NULL element (-1) has no meaning in our arrays
            guard let length = integer(), length >= 0, position + Int(length) <= wire.count else {
                return nil
            }
            let part = UnsafeRawBufferPointer(rebasing: wire[position..<position + Int(length)])
            guard let element = Self(wire: part) else { return nil }
            array.append(element)
            position += Int(length)
        }
        return position == wire.count ? array : nil
    }
}

extension Int64: SQLArrayElement { package static var arrayType: SQLType { .int8Array } }
extension Int: SQLArrayElement { package static var arrayType: SQLType { .int8Array } }
extension String: SQLArrayElement { package static var arrayType: SQLType { .textArray } }
extension Array: SQLArrayElement where Element == UInt8 {
    package static var arrayType: SQLType { .byteaArray }
}

// The header of a NumPy array file: whether its elements are Python objects, which are pickled.
//
// Specification (numpy.lib.format). 93 "NUMPY", two bytes of version, the length of the header (u16 in
// version 1, u32 later), and a Python dictionary with "descr", "fortran_order" and "shape". A descr
// "|O", alone or within a list of fields, means objects, and a pickle follows instead of data.

/// Reads headers of NumPy array files.
enum Numpy {
    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// Where the pickle of an array of objects begins; nil when the elements are numbers or texts.
    static func pickleStart(
        in source: ByteSource, limits: FormatLimits
    ) throws(FormatError) -> Int64? {
        var cursor = ByteCursor(source, from: 6)
        let version = try cursor.byte()
        try cursor.skip(1)
        let length = try cursor.unsigned(version == 1 ? 2 : 4)
        guard length <= UInt64(limits.textBytes) else {
            throw FormatError(.tooLarge, at: 8, "The header of an array has \(length) bytes.")
        }
        let header = try cursor.take(Int(length))
        return namesObjects(header) ? cursor.offset : nil
    }

    /// Whether a quoted text of the header is O, perhaps behind a byte order and before a size.
    private static func namesObjects(_ header: [UInt8]) -> Bool {
        let quotes: Set<UInt8> = [UInt8(ascii: "'"), UInt8(ascii: "\"")]
        let orders = Array("|<>=".utf8)
        return header.split(whereSeparator: quotes.contains).contains { part in
            let rest = part.first.map(orders.contains) == true ? part.dropFirst() : part
            return rest.first == UInt8(ascii: "O")
                && rest.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
        }
    }
}

// The one spelling that every name of ours is built from: `[a-z0-9][a-z0-9._-]{0,62}`.

/// The rule for one segment of a namespace, model, environment or use name.
package enum NameSegment {
    /// Longest segment in bytes: fits a DNS label, a file name and an index page with room to
    /// spare.
    package static let maximumLength = 63

    /// Whether the text is `[a-z0-9][a-z0-9._-]{0,62}`.
    package static func isValid(_ text: some StringProtocol) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, bytes.count <= maximumLength else { return false }
        return isAlphanumeric(first) && bytes.allSatisfy { isAlphanumeric($0) || isPunctuation($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }

    private static func isPunctuation(_ byte: UInt8) -> Bool {
        byte == 0x2E || byte == 0x5F || byte == 0x2D
    }
}

/// Compares names by their bytes, so that order is the same on every machine and in the database.
func bytesPrecede(_ left: String, _ right: String) -> Bool {
    // Contiguous bytes compare several times as fast as the iterators of the views.
    left.utf8.withContiguousStorageIfAvailable { left in
        right.utf8.withContiguousStorageIfAvailable { left.lexicographicallyPrecedes($0) }
    }.flatMap(\.self) ?? left.utf8.lexicographicallyPrecedes(right.utf8)
}

// Who acts, without saying who: pseudonyms that may stand in signed documents for ever (I8).

/// A person's or service's pseudonym: `p-` and 16 lowercase hex digits.
package struct PrincipalID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The pseudonym's text.
    package let description: String

    /// Reads `p-0123456789abcdef`; nil for anything else.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 18, bytes[0] == 0x70, bytes[1] == 0x2D,
            bytes[2...].allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        description = text
    }

    /// The pseudonym made of eight bytes, which the caller draws at random.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 8 else { return nil }
        let digits = Array("0123456789abcdef")
        let hex = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        description = "p-" + String(hex)
    }

    /// Byte order of the texts.
    package static func < (left: PrincipalID, right: PrincipalID) -> Bool {
        bytesPrecede(left.description, right.description)
    }
}

/// What kind of actor a principal is; only persons count towards a quorum.
package enum PrincipalKind: String, Sendable, Hashable, CaseIterable {
    case person
    case service
}

// Base64 (RFC 4648 sections 4 and 5).
//
// Specification. Three bytes become four characters of A–Z a–z 0–9 + / (standard) or - _ (URL-safe);
// "=" fills the last group to four. Bits left over in the last character are zero; a text where they
// are not is refused by every reader here, because it would be a second text for the same bytes.
// Line breaks and blanks are never part of it.
// Example: the bytes FB F0 are "+/A=", URL-safe and without padding "-_A".

/// Base64 in the forms that our formats need.
package enum Base64 {
    /// The standard alphabet with padding.
    package static func encode(_ bytes: [UInt8]) -> String {
        encode(bytes, .standard, isPadded: true)
    }

    /// The URL-safe alphabet without padding.
    package static func urlEncode(_ bytes: [UInt8]) -> String {
        encode(bytes, .url, isPadded: false)
    }

    /// Reads the standard alphabet with correct padding, the inverse of `encode`; nil otherwise.
    package static func decode(_ text: String) -> [UInt8]? {
        decode(text, .standard, needsPadding: true)
    }

    /// Reads the URL-safe alphabet without padding, the inverse of `urlEncode`; nil otherwise.
    package static func urlDecode(_ text: String) -> [UInt8]? {
        text.utf8.contains(equalsSign) ? nil : decode(text, .url, needsPadding: false)
    }

    /// Reads either alphabet (not both in one text), padded correctly or not at all; nil otherwise.
    ///
    /// DSSE: "Either standard or URL-safe encoding is allowed."
    package static func decodeLenient(_ text: String) -> [UInt8]? {
        let isURL = text.utf8.contains { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
        return decode(text, isURL ? .url : .standard, needsPadding: false)
    }

    private static let equalsSign = UInt8(ascii: "=")

    /// 64 characters, and back.
    private struct Alphabet {
        let characters: [UInt8]
        /// For each byte its value, or `none`.
        let values: [UInt8]
        static let none: UInt8 = 0xFF

        static let standard = Alphabet(endingWith: "+/")
        static let url = Alphabet(endingWith: "-_")

        private init(endingWith last: String) {
            characters = Array(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789\(last)".utf8)
            var values = [UInt8](repeating: Self.none, count: 256)
            for (value, character) in characters.enumerated() {
                values[Int(character)] = UInt8(value)
            }
            self.values = values
        }
    }

    private static func encode(
        _ bytes: [UInt8], _ alphabet: Alphabet, isPadded: Bool
    ) -> String {
        String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { text in
            var count = 0
            func put(_ character: UInt8) {
                text[count] = character
                count += 1
            }
            for start in stride(from: 0, to: bytes.count, by: 3) {
                let size = min(3, bytes.count - start)
                var group = UInt32(bytes[start]) << 16
                if size > 1 { group |= UInt32(bytes[start + 1]) << 8 }
                if size > 2 { group |= UInt32(bytes[start + 2]) }
                for place in 0...size {
                    put(alphabet.characters[Int(group >> (18 - 6 * place)) & 63])
                }
                if isPadded { for _ in size..<3 { put(equalsSign) } }
            }
            return count
        }
    }

    private static func decode(
        _ text: String, _ alphabet: Alphabet, needsPadding: Bool
    ) -> [UInt8]? {
        var text = text
        return text.withUTF8 { decode($0, alphabet, needsPadding: needsPadding) }
    }

    private static func decode(
        _ text: UnsafeBufferPointer<UInt8>, _ alphabet: Alphabet, needsPadding: Bool
    ) -> [UInt8]? {
        var count = text.count
        while count > 0, text.count - count < 2, text[count - 1] == equalsSign { count -= 1 }
        let isPadded = count < text.count
        guard !(isPadded || needsPadding) || text.count.isMultiple(of: 4), count % 4 != 1 else {
            return nil
        }
        var isValid = true
        var looseBits: UInt32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count * 3 / 4) { bytes, filled in
            var pending: UInt32 = 0
            var pendingBits: UInt32 = 0
            for place in 0..<count {
                let value = alphabet.values[Int(text[place])]
                guard value != Alphabet.none else {
                    isValid = false
                    return
                }
                pending = pending << 6 | UInt32(value)
                pendingBits += 6
                if pendingBits >= 8 {
                    pendingBits -= 8
                    bytes[filled] = UInt8(truncatingIfNeeded: pending >> pendingBits)
                    filled += 1
                }
            }
            looseBits = pending & (1 << pendingBits - 1)
        }
        return isValid && looseBits == 0 ? bytes : nil
    }
}

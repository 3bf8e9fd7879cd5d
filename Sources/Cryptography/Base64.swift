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
        encode(bytes, standardAlphabet, isPadded: true)
    }

    /// The URL-safe alphabet without padding.
    package static func urlEncode(_ bytes: [UInt8]) -> String {
        encode(bytes, urlAlphabet, isPadded: false)
    }

    /// Reads the standard alphabet with correct padding, the inverse of `encode`; nil otherwise.
    package static func decode(_ text: String) -> [UInt8]? {
        decode(text, [.standard], needsPadding: true)
    }

    /// Reads the URL-safe alphabet without padding, the inverse of `urlEncode`; nil otherwise.
    package static func urlDecode(_ text: String) -> [UInt8]? {
        text.utf8.contains(UInt8(ascii: "=")) ? nil : decode(text, [.url], needsPadding: false)
    }

    /// Reads either alphabet (not both in one text), padded correctly or not at all; nil otherwise.
    ///
    /// DSSE: "Either standard or URL-safe encoding is allowed."
    package static func decodeLenient(_ text: String) -> [UInt8]? {
        decode(text, [.standard, .url], needsPadding: false)
    }

    private struct Alphabets: OptionSet {
        let rawValue: UInt8
        static let standard = Alphabets(rawValue: 1)
        static let url = Alphabets(rawValue: 2)
    }

    private static let standardAlphabet = alphabet(endingWith: "+/")
    private static let urlAlphabet = alphabet(endingWith: "-_")

    private static func alphabet(endingWith last: String) -> [UInt8] {
        Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789\(last)".utf8)
    }

    private static func encode(
        _ bytes: [UInt8], _ alphabet: [UInt8], isPadded: Bool
    ) -> String {
        let capacity = (bytes.count + 2) / 3 * 4
        return String(unsafeUninitializedCapacity: capacity) { text in
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
                for place in 0...size { put(alphabet[Int(group >> (18 - 6 * place)) & 63]) }
                if isPadded { for _ in size..<3 { put(UInt8(ascii: "=")) } }
            }
            return count
        }
    }

    private static func decode(
        _ text: String, _ allowed: Alphabets, needsPadding: Bool
    ) -> [UInt8]? {
        var text = text
        return text.withUTF8 { decode($0, allowed, needsPadding: needsPadding) }
    }

    private static func decode(
        _ text: UnsafeBufferPointer<UInt8>, _ allowed: Alphabets, needsPadding: Bool
    ) -> [UInt8]? {
        var count = text.count
        while count > 0, text.count - count < 2, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
        let isPadded = count < text.count
        guard !(isPadded || needsPadding) || text.count.isMultiple(of: 4), count % 4 != 1 else {
            return nil
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * 3 / 4)
        var alphabets = allowed
        var pending: UInt32 = 0
        var pendingBits = 0
        for character in text[..<count] {
            guard let value = value(character, &alphabets) else { return nil }
            pending = pending << 6 | UInt32(value)
            pendingBits += 6
            guard pendingBits >= 8 else { continue }
            pendingBits -= 8
            bytes.append(UInt8(truncatingIfNeeded: pending >> pendingBits))
        }
        return pending & (1 << pendingBits - 1) == 0 ? bytes : nil
    }

    /// The value of a character; narrows the alphabets to the one that it belongs to.
    private static func value(_ character: UInt8, _ alphabets: inout Alphabets) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): return character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): return character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"), UInt8(ascii: "/"):
            alphabets.formIntersection(.standard)
            return alphabets.isEmpty ? nil : character == UInt8(ascii: "+") ? 62 : 63
        case UInt8(ascii: "-"), UInt8(ascii: "_"):
            alphabets.formIntersection(.url)
            return alphabets.isEmpty ? nil : character == UInt8(ascii: "-") ? 62 : 63
        default: return nil
        }
    }
}

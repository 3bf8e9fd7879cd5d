// Characters that make a text look like something else than it is, or not look like anything.
//
// People approve what they see. So texts that are signed must not contain direction overrides
// ("Trojan Source", CVE-2021-42574), characters without a glyph, or control characters other than
// line feed and tab.

/// The check of texts that people will read and sign.
package enum TextHygiene {
    /// What is wrong with the first unacceptable character, as the end of a sentence; nil if none.
    package static func fault(in text: String) -> String? {
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return nil }
        for scalar in text.unicodeScalars {
            if let kind = kind(scalar) {
                let hex = String(scalar.value, radix: 16, uppercase: true)
                let padded = String(repeating: "0", count: max(0, 4 - hex.count)) + hex
                return "\(kind) (U+\(padded))"
            }
        }
        return nil
    }

    private static func kind(_ scalar: Unicode.Scalar) -> String? {
        switch scalar.value {
        case 0x09, 0x0A: nil
        case 0x00...0x1F, 0x7F...0x9F: "a control character"
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069:
            "a character that changes the direction of the text"
        case 0x00AD, 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B...0x180F, 0x200B...0x200D,
            0x2060...0x2065, 0x206A...0x206F, 0x3164, 0xFE00...0xFE0F, 0xFEFF, 0xFFA0,
            0xFFF0...0xFFFB, 0xE0000...0xE0FFF:
            "an invisible character"
        case 0x2028, 0x2029: "a line separator other than line feed"
        case 0xFDD0...0xFDEF: "a noncharacter"
        case let value where value & 0xFFFE == 0xFFFE: "a noncharacter"
        case 0xE000...0xF8FF, 0xF0000...0xFFFFD, 0x100000...0x10FFFD: "a private-use character"
        default: nil
        }
    }
}

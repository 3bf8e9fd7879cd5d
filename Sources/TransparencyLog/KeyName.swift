// Names of keys in notes, compared byte for byte.
//
// signed-note.md: "Key names MUST be non-empty and MUST NOT contain any Unicode spaces or plus
// (U+002B) characters." Control characters cannot occur either, because a note has none. Swift
// compares strings by canonical equivalence ("é" equals "e" + accent); two spellings of a name are
// two names here, or a stranger could sign under a name that looks known.

/// The name of a key: UTF-8 without spaces, plus signs or control characters, 1 … 255 bytes.
package struct KeyName: Sendable, Hashable, CustomStringConvertible {
    /// The bytes of the name.
    package let utf8: [UInt8]

    /// A name from text; nil when the rules above forbid it.
    package init?(_ text: String) {
        self.init(utf8: Array(text.utf8))
    }

    /// A name from bytes; nil when they are not UTF-8 or the rules above forbid it.
    package init?(utf8 bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard (1...LogLimits.nameBytes).contains(bytes.count),
            let text = String(validating: bytes, as: UTF8.self),
            text.unicodeScalars.allSatisfy({ scalar in
                scalar.value >= 0x20 && scalar != "+" && !scalar.properties.isWhitespace
            })
        else { return nil }
        utf8 = bytes
    }

    package var description: String { String(decoding: utf8, as: UTF8.self) }
}

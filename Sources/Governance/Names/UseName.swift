// What a model is used for, as approvals limit it.

/// A use, such as `consumer-credit`.
package struct UseName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The name's text.
    package let description: String

    /// Reads one segment, `[a-z0-9][a-z0-9._-]{0,62}`; nil for anything else.
    package init?(_ text: String) {
        guard NameSegment.isValid(text) else { return nil }
        description = text
    }

    /// Byte order of the texts.
    package static func < (left: UseName, right: UseName) -> Bool {
        bytesPrecede(left.description, right.description)
    }
}

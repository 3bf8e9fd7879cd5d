// Where a model runs, as approvals and permits name it.

/// An environment, such as `production`.
package struct EnvironmentName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The name's text.
    package let description: String

    /// Reads one segment, `[a-z0-9][a-z0-9._-]{0,62}`; nil for anything else.
    package init?(_ text: String) {
        guard NameSegment.isValid(text) else { return nil }
        description = text
    }

    /// Byte order of the texts.
    package static func < (left: EnvironmentName, right: EnvironmentName) -> Bool {
        bytesPrecede(left.description, right.description)
    }
}

// The part of a model's name that roles are granted over.

/// One or more segments joined by `/`; today exactly one (`credit`).
package struct Namespace: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Segments from the outermost to the innermost.
    package let segments: [String]

    /// How deep namespaces may nest; raise it here when nested namespaces arrive.
    package static let maximumSegments = 1

    /// Reads `credit`; nil when a segment is misspelt or there are too many.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= Self.maximumSegments, parts.allSatisfy(NameSegment.isValid) else {
            return nil
        }
        segments = parts.map(String.init)
    }

    /// `credit`.
    package var description: String { segments.joined(separator: "/") }

    /// Byte order of the texts.
    package static func < (left: Namespace, right: Namespace) -> Bool {
        bytesPrecede(left.description, right.description)
    }
}

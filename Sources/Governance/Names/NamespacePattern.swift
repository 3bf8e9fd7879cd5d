// Which namespaces a role assignment covers.
//
// A pattern is segments joined by `/`. A segment is a name, `*` (exactly one segment, any name) or,
// in the last place only, `**` (one or more segments). There are no partial wildcards: `cred*` is
// refused, because a reader would have to guess which names exist. Examples:
//
//     credit      covers credit                     *     covers credit, fraud; not eu/credit
//     eu/*        covers eu/credit; not eu          **    covers every namespace

/// A pattern over namespaces, such as `credit`, `*` or `**`.
package struct NamespacePattern: Hashable, Sendable, CustomStringConvertible {
    /// The pattern as it was written.
    package let description: String
    private let segments: [String]

    /// Longest pattern in segments.
    package static let maximumSegments = 8

    /// The pattern that covers every namespace.
    package static let everything = NamespacePattern(segments: ["**"])

    /// The pattern that covers one namespace exactly.
    package init(exactly namespace: Namespace) {
        self.init(segments: namespace.segments)
    }

    /// Reads a pattern; nil when a segment is misspelt, `**` is not last, or there are too many.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= Self.maximumSegments else { return nil }
        for (index, part) in parts.enumerated() {
            let isWildcard = part == "*" || (part == "**" && index == parts.count - 1)
            guard isWildcard || NameSegment.isValid(part) else { return nil }
        }
        self.init(segments: parts)
    }

    private init(segments: [String]) {
        self.segments = segments
        description = segments.joined(separator: "/")
    }

    /// Whether the pattern covers the namespace.
    package func matches(_ namespace: Namespace) -> Bool {
        let names = namespace.segments
        for (index, segment) in segments.enumerated() {
            guard index < names.count else { return false }
            if segment == "**" { return true }
            guard segment == "*" || segment == names[index] else { return false }
        }
        return names.count == segments.count
    }

    /// Whether every namespace that the other pattern covers is covered by this one too.
    package func covers(_ other: NamespacePattern) -> Bool {
        for (index, segment) in segments.enumerated() {
            guard index < other.segments.count else { return false }
            if segment == "**" { return true }
            let theirs = other.segments[index]
            guard theirs != "**", segment == "*" || segment == theirs else { return false }
        }
        return other.segments.count == segments.count
    }

    /// Whether the pattern covers the namespace that the model lives in.
    package func matches(_ model: ModelName) -> Bool { matches(model.namespace) }
}

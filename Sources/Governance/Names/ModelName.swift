// How a model is called: `namespace/name`.

/// A model's full name, such as `credit/scorecard`.
package struct ModelName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Where the model lives; roles are granted over namespaces.
    package let namespace: Namespace
    /// The last segment.
    package let name: String

    /// Puts a name into a namespace; nil when `name` is not one valid segment.
    package init?(namespace: Namespace, name: String) {
        guard NameSegment.isValid(name) else { return nil }
        self.namespace = namespace
        self.name = name
    }

    /// Reads `credit/scorecard`; nil for anything else.
    package init?(_ text: String) {
        guard let slash = text.lastIndex(of: "/"),
            let namespace = Namespace(String(text[..<slash]))
        else { return nil }
        self.init(namespace: namespace, name: String(text[text.index(after: slash)...]))
    }

    /// `credit/scorecard`.
    package var description: String { "\(namespace)/\(name)" }

    /// Byte order of the texts.
    package static func < (left: ModelName, right: ModelName) -> Bool {
        bytesPrecede(left.description, right.description)
    }
}

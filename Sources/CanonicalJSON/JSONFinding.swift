// One thing that is wrong in a document: where, which kind, and a sentence.

/// A fault found in a document, for its author.
package struct JSONFinding: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Where it is.
    package let pointer: JSONPointer
    /// The kind of fault, stable, for programs: the constants of `Code` and what rules add.
    package let code: String
    /// What is wrong and what would be right; never quotes the content.
    package let message: String

    /// The kinds that `JSONReader` finds.
    package enum Code {
        /// A member that must be there is not.
        package static let missing = "missing"
        /// A member that nobody asked for.
        package static let unknown = "unknown"
        /// Another kind of value than expected.
        package static let type = "type"
        /// A string not of the form expected.
        package static let format = "format"
        /// A number outside its range.
        package static let range = "range"
        /// Too short or too long: characters of a string, elements, members.
        package static let length = "length"
        /// A string that is none of those allowed.
        package static let value = "value"
        /// The same element twice in a list that is a set.
        package static let duplicate = "duplicate"
    }

    package init(_ pointer: JSONPointer, _ code: String, _ message: String) {
        self.pointer = pointer
        self.code = code
        self.message = message
    }

    package var description: String {
        "\(pointer == .root ? "(document)" : pointer.description): \(message)"
    }

    /// In the order of their places, then of their kinds.
    package static func < (left: JSONFinding, right: JSONFinding) -> Bool {
        if left.pointer != right.pointer { return left.pointer < right.pointer }
        return (left.code, left.message) < (right.code, right.message)
    }

    /// As a member of a problem document: {"code", "message", "pointer"}.
    package var json: JSON {
        ["code": .string(code), "message": .string(message), "pointer": "\(pointer)"]
    }
}

/// All that is wrong in a document, as an error; never empty.
package struct JSONFindings: Error, Sendable, Hashable {
    /// The findings in the order of their places.
    package let findings: [JSONFinding]

    /// Findings of one document, in any order; there must be one.
    package init(findings: [JSONFinding]) {
        precondition(!findings.isEmpty, "A document is refused for a reason.")
        self.findings = findings.sorted()
    }
}

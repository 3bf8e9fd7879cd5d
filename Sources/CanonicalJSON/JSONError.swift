// Why bytes are not the JSON we accept: a kind, a place and a sentence without the content.

/// The first fault in a text that is not acceptable JSON.
package struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of fault; stable, for programs.
    package enum Code: String, Sendable, Hashable {
        /// The grammar of RFC 8259 is broken, or bytes follow the value.
        case syntax
        /// Not UTF-8, a byte order mark, or a lone surrogate.
        case encoding
        /// One object has two members of the same name.
        case duplicateKey
        /// A number outside the range of a double, too long, or not an integer where all must be.
        case number
        /// Nested deeper than the limit.
        case depth
        /// Longer than the limit.
        case size
        /// Text that is not a JSON pointer.
        case pointer
    }

    /// The kind of fault.
    package let code: Code
    /// Where it is, in bytes from the start.
    package let offset: Int
    /// What is wrong, as a sentence for people; never quotes the content.
    package let message: String

    package init(_ code: Code, at offset: Int, _ message: String) {
        self.code = code
        self.offset = offset
        self.message = message
    }

    package var description: String { "\(message) (\(code.rawValue), byte \(offset))" }
}

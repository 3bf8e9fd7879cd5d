// What can go wrong when a checked expression is evaluated. Whatever it is, the rule denies.

/// Why an evaluation has no value.
package struct CELError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Kinds of errors, stable, for programs.
    package enum Code: String, Sendable, Hashable {
        case noSuchField = "no_such_field"
        case noSuchKey = "no_such_key"
        case outOfBounds = "index_out_of_bounds"
        case divideByZero = "divide_by_zero"
        case overflow
        /// A null where a value is needed.
        case noMatchingOverload = "no_matching_overload"
        case duplicateKey = "duplicate_key"
        case invalidArgument = "invalid_argument"
        /// The evaluation would take more steps than allowed; nothing absorbs this error.
        case cost
    }

    package let code: Code
    package let position: CELPosition
    package let message: String
    /// The fact that is missing or does not fit, as a dotted path; nil for every other error.
    package var fact: String?

    package var description: String { "\(position): \(message)" }
}

/// An error of a function, which does not know where it was called.
struct CELProblem: Error, Sendable, Hashable {
    let code: CELError.Code
    let message: String

    init(_ code: CELError.Code, _ message: String) {
        self.code = code
        self.message = message
    }

    static let mismatch = CELProblem(
        .noMatchingOverload, "A value is needed here, and there is null.")
    static let overflow = CELProblem(.overflow, "The result is out of range.")
}

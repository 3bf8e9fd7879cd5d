// How large an expression may be, declared once.
//
// The specification asks an implementation to read at least 32 levels of nesting and 32 repetitions
// of every repetitive rule; these limits allow more than twice that.

/// Bounds within which expressions are read.
package enum CELLimits {
    /// Longest expression, in bytes.
    package static let bytes = 16_384
    /// Deepest nesting of brackets, and of anything else that makes the parser recurse.
    package static let nesting = 64
    /// Deepest tree; a row of n operators of one precedence is a tree of depth n.
    package static let depth = 128
    /// Most nodes of a tree.
    package static let nodes = 4_096
    /// Most steps of one evaluation unless the caller says otherwise.
    package static let cost = 100_000
    /// Most values that an evaluation reports as used.
    package static let uses = 1_000
}

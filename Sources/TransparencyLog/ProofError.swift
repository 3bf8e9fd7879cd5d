// Why a proof does not hold or cannot be made, in sentences that `audit verify` can print.

package import Cryptography

/// A reason why a tree proof is refused, or why it cannot be computed.
package enum ProofError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A size is negative or beyond `LogLimits.treeSize`.
    case size(Int64)
    /// The leaf index is negative or not below the size of the tree.
    case indexOutsideTree(index: Int64, treeSize: Int64)
    /// The older tree is larger than the newer one.
    case sizesDescend(oldSize: Int64, newSize: Int64)
    /// Nothing can be learnt from consistency with an empty tree, so it is never "proved".
    case emptyOldTree
    /// The proof has another number of hashes than the two positions require.
    case hashCount(expected: Int, found: Int)
    /// The leaf and the proof lead to another root than the trusted one.
    case rootMismatch(computed: SHA256Digest, expected: SHA256Digest)
    /// The consistency proof leads to another root for the older tree than the trusted one.
    case oldRootMismatch(computed: SHA256Digest, expected: SHA256Digest)
    /// The consistency proof leads to another root for the newer tree than the trusted one.
    case newRootMismatch(computed: SHA256Digest, expected: SHA256Digest)
    /// Both trees have the same size but different roots: the log has been forked.
    case sameSizeDifferentRoot(size: Int64)
    /// A tile that the computation needs was not supplied.
    case tileMissing(level: Int, number: Int64)
    /// A tile that does not belong to the right edge was supplied, or one was supplied twice.
    case tileUnexpected(level: Int, number: Int64)
    /// A tile has not the bytes it must have (32 for each hash, at most 256 hashes).
    case tileBytes(level: Int, number: Int64, expectedAtLeast: Int, found: Int)
    /// The reader answered with another number of tiles than it was asked for.
    case tileCount(expected: Int, found: Int)
    /// The stored tiles of the right edge do not hash to the stored compact range.
    case rightEdgeDisagrees(treeSize: Int64)
    /// The bytes of a compact range are not of the form that its size demands.
    case compactRangeBytes(found: Int)

    package var description: String {
        switch self {
        case .size(let size):
            "\(size) is not a possible tree size"
        case .indexOutsideTree(let index, let treeSize):
            "index \(index) is not in a tree of \(treeSize) leaves"
        case .sizesDescend(let oldSize, let newSize):
            "the older tree has \(oldSize) leaves, more than the \(newSize) of the newer one"
        case .emptyOldTree:
            "an empty older tree is consistent with anything, so it proves nothing"
        case .hashCount(let expected, let found):
            "the proof has \(found) hashes where \(expected) are needed"
        case .rootMismatch(let computed, let expected):
            "the proof leads to root \(computed), not to the expected \(expected)"
        case .oldRootMismatch(let computed, let expected):
            "the proof leads to older root \(computed), not to the expected \(expected)"
        case .newRootMismatch(let computed, let expected):
            "the proof leads to newer root \(computed), not to the expected \(expected)"
        case .sameSizeDifferentRoot(let size):
            "two trees of \(size) leaves have different roots: the log was forked or rewritten"
        case .tileMissing(let level, let number):
            "tile \(number) of level \(level) is missing"
        case .tileUnexpected(let level, let number):
            "tile \(number) of level \(level) was not asked for"
        case .tileBytes(let level, let number, let expected, let found):
            "tile \(number) of level \(level) has \(found) bytes where a whole number of hashes, "
                + "at least \(expected) bytes, is needed"
        case .tileCount(let expected, let found):
            "\(found) tiles were read where \(expected) were asked for"
        case .rightEdgeDisagrees(let treeSize):
            "the stored tiles at the right edge of \(treeSize) leaves do not hash to the stored "
                + "compact range: one of the two was altered"
        case .compactRangeBytes(let found):
            "\(found) bytes are not a compact range of the size they state"
        }
    }
}

/// The answer to "does this proof hold?": no reasons means that it does.
package struct ProofVerdict: Sendable, Hashable, CustomStringConvertible {
    /// Every reason against the proof, in the order of checking.
    package let reasons: [ProofError]

    /// A verdict with these reasons; an empty list means that the proof holds.
    package init(reasons: [ProofError]) {
        self.reasons = reasons
    }

    /// True when nothing speaks against the proof.
    package var holds: Bool { reasons.isEmpty }

    package var description: String {
        holds ? "the proof holds" : reasons.map(\.description).joined(separator: "; ")
    }
}

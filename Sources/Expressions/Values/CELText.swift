// Strings as CEL means them: sequences of code points, compared code point by code point.
//
// Swift's String holds two spellings of é to be equal, so that a rule which compares names could be
// passed by a name that looks the same and is another. The order of UTF-8 bytes is the order of code
// points.

/// A string of code points.
package struct CELText: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let string: String

    package init(_ string: String) { self.string = string }

    package var description: String { string }

    /// Length in UTF-8 bytes, which is what work on it costs.
    var bytes: Int { string.utf8.count }

    package static func == (left: Self, right: Self) -> Bool {
        left.string.utf8.count == right.string.utf8.count
            && left.string.utf8.elementsEqual(right.string.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        var copy = string
        copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
    }

    func starts(with other: Self) -> Bool { string.utf8.starts(with: other.string.utf8) }

    func ends(with other: Self) -> Bool {
        string.utf8.reversed().starts(with: other.string.utf8.reversed())
    }

    /// Whether the other text is part of this one, in time that grows with the sum of their lengths
    /// (Knuth, Morris and Pratt).
    func contains(_ other: Self) -> Bool {
        let pattern = Array(other.string.utf8)
        guard !pattern.isEmpty else { return true }
        // back[i]: how many bytes of the pattern still match when the byte after the first i fails.
        var back = [0]
        var matched = 0
        for byte in pattern.dropFirst() {
            while matched > 0, pattern[matched] != byte { matched = back[matched - 1] }
            if pattern[matched] == byte { matched += 1 }
            back.append(matched)
        }
        matched = 0
        for byte in string.utf8 {
            while matched > 0, pattern[matched] != byte { matched = back[matched - 1] }
            if pattern[matched] == byte { matched += 1 }
            if matched == pattern.count { return true }
        }
        return false
    }
}

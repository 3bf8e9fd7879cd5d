// RFC 6962 section 2.1 written down as it stands, recursion and all: what the room is tested against.

import Cryptography

/// The recursive definitions over a list of leaf hashes; remembers roots of ranges.
final class NaiveTree {
    let leaves: [SHA256Digest]
    private var roots: [Range<Int>: SHA256Digest] = [:]

    init(_ leaves: [SHA256Digest]) { self.leaves = leaves }

    /// The largest power of two smaller than n.
    static func split(_ n: Int) -> Int {
        var k = 1
        while k * 2 < n { k *= 2 }
        return k
    }

    /// MTH(D[range]).
    func root(_ range: Range<Int>) -> SHA256Digest {
        if range.isEmpty { return SHA256.hash([UInt8]()) }
        if range.count == 1 { return leaves[range.lowerBound] }
        if let known = roots[range] { return known }
        let k = range.lowerBound + Self.split(range.count)
        let left = root(range.lowerBound..<k)
        let right = root(k..<range.upperBound)
        let hash = SHA256.hash([0x01] + left.bytes + right.bytes)
        roots[range] = hash
        return hash
    }

    /// PATH(m, D[range]), m relative to the range.
    func path(_ m: Int, _ range: Range<Int>) -> [SHA256Digest] {
        if range.count == 1 { return [] }
        let k = Self.split(range.count)
        let middle = range.lowerBound + k
        return m < k
            ? path(m, range.lowerBound..<middle) + [root(middle..<range.upperBound)]
            : path(m - k, middle..<range.upperBound) + [root(range.lowerBound..<middle)]
    }

    /// SUBPROOF(m, D[range], known), m relative to the range.
    func subproof(_ m: Int, _ range: Range<Int>, _ known: Bool = true) -> [SHA256Digest] {
        if m == range.count { return known ? [] : [root(range)] }
        let k = Self.split(range.count)
        let middle = range.lowerBound + k
        return m <= k
            ? subproof(m, range.lowerBound..<middle, known) + [root(middle..<range.upperBound)]
            : subproof(m - k, middle..<range.upperBound, false) + [root(range.lowerBound..<middle)]
    }
}

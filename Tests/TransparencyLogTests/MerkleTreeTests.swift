import Cryptography
import Testing

@testable import TransparencyLog

@Suite struct MerkleTreeTests {
    @Test(arguments: 0...8)
    func `roots are those of the published vectors`(size: Int) throws {
        let expected = try hex(Canonical.roots[size])
        #expect(MerkleTree.root(of: Array(Canonical.leaves.prefix(size))) == expected)
    }

    @Test func `leaves and nodes hash as RFC 6962 says`() throws {
        #expect(
            MerkleTree.leafHash(of: Array("L123456".utf8)).hex
                == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56")
        // The published node vector joins texts that are no digests, so it is checked by its bytes.
        #expect(
            SHA256.hash([0x01] + Array("N123N456".utf8)).hex
                == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb")
        let (left, right) = (Canonical.leaves[0], Canonical.leaves[1])
        #expect(
            MerkleTree.nodeHash(left, right) == SHA256.hash([0x01] + left.bytes + right.bytes))
        #expect(left.hex == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
        #expect(right.hex == "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7")
    }

    @Test func `an entry cannot pose as an inner node`() {
        let (left, right) = (Canonical.leaves[0], Canonical.leaves[1])
        #expect(
            MerkleTree.leafHash(of: left.bytes + right.bytes) != MerkleTree.nodeHash(left, right))
    }

    @Test func `the left subtree is the largest power of two below the size`() {
        for size in 2...1025 {
            #expect(MerkleTree.split(Int64(size)) == Int64(NaiveTree.split(size)))
        }
        #expect(MerkleTree.split(LogLimits.treeSize) == LogLimits.treeSize / 2)
    }
}

@Suite struct CompactRangeTests {
    @Test func `every size has the root of the recursive definition`() {
        let naive = NaiveTree(testLeaves(600))
        var range = CompactRange()
        for size in 0...600 {
            #expect(range.size == Int64(size))
            #expect(range.hashes.count == size.nonzeroBitCount)
            #expect(range.root == naive.root(0..<size))
            if size < 600 { range.append(testLeaf(size)) }
        }
    }

    @Test func `the worked example has 72 bytes`() throws {
        var range = CompactRange()
        for leaf in Canonical.leaves.prefix(3) { range.append(leaf) }
        let first = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
        let second = "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7"
        #expect(Hex.encode(range.encoded) == "0000000000000003" + first + second)
        #expect(range.root.hex == Canonical.roots[3])
    }

    @Test func `bytes are read back as they were written`() throws {
        var range = CompactRange()
        for number in 0..<70 {
            let copy = try CompactRange(decoding: range.encoded)
            #expect(copy == range)
            range.append(testLeaf(number))
        }
    }

    @Test func `bytes of another length or an impossible size are refused`() throws {
        var range = CompactRange()
        for leaf in Canonical.leaves.prefix(5) { range.append(leaf) }
        let bytes = range.encoded
        for wrong in [[], Array(bytes.dropLast()), bytes + [0], Array(bytes.dropLast(32))] {
            #expect(throws: ProofError.self) { try CompactRange(decoding: wrong) }
        }
        var negative = bytes
        negative[0] = 0x80
        #expect(throws: ProofError.self) { try CompactRange(decoding: negative) }
        #expect(throws: ProofError.hashCount(expected: 2, found: 1)) {
            try CompactRange(size: 5, hashes: [Canonical.leaves[0]])
        }
        #expect(throws: ProofError.size(-1)) { try CompactRange(size: -1, hashes: []) }
    }
}

@Suite struct HashChainTests {
    @Test func `the chain starts at zero and hashes previous and leaf under 0x02`() throws {
        #expect(HashChain.start.bytes == [UInt8](repeating: 0, count: 32))
        let first = HashChain.next(HashChain.start, Canonical.leaves[0])
        #expect(first.hex == "53cc28b203227f98ab407f4364eb99c7d3902400da57c8a4d35aa471036ee791")
        let second = HashChain.next(first, Canonical.leaves[1])
        #expect(second == SHA256.hash([0x02] + first.bytes + Canonical.leaves[1].bytes))
    }

    @Test func `another order of entries gives another chain`() {
        let (a, b) = (Canonical.leaves[0], Canonical.leaves[1])
        #expect(
            HashChain.next(HashChain.next(HashChain.start, a), b)
                != HashChain.next(HashChain.next(HashChain.start, b), a))
    }
}

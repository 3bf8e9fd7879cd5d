// A log for witnesses to look at: signed checkpoints of every size, proofs between them, and forks.

package import Cryptography
package import TransparencyLog

/// A log in memory. Two with the same key and different histories are a fork after `shared` leaves.
package struct GrowingLog: Sendable {
    package let origin: String
    package let signer: NoteSigner
    package let leaves: [SHA256Digest]
    private let roots: [SHA256Digest]

    package init(
        origin: String = "example.com/log", seed: UInt8 = 1, history: String = "one",
        shared: Int = 0, count: Int = 300
    ) throws {
        self.origin = origin
        guard let name = KeyName(origin) else { throw FixtureError(path: origin) }
        signer = try NoteSigner(
            name: name, key: PrivateKey(ed25519Seed: [UInt8](repeating: seed, count: 32)))
        leaves = (0..<count).map { number in
            let text = number < shared ? "\(number)" : "\(history) \(number)"
            return MerkleTree.leafHash(of: Array(text.utf8))
        }
        var range = CompactRange()
        var roots = [range.root]
        for leaf in leaves {
            range.append(leaf)
            roots.append(range.root)
        }
        self.roots = roots
    }

    /// What a witness is told of the log.
    package var log: WitnessedLog { WitnessedLog(origin: origin, keys: [signer.verifierKey]) }

    package func root(_ size: Int64) -> SHA256Digest { roots[Int(size)] }

    package func note(_ size: Int64) throws -> SignedNote {
        try Checkpoint(origin: origin, size: size, root: root(size)).signed(by: [signer])
    }

    /// RFC 6962 section 2.1.2, as it is written there.
    package func proof(from old: Int64, to new: Int64) -> ConsistencyProof {
        func subproof(_ count: Int, _ range: Range<Int>, _ isKnown: Bool) -> [SHA256Digest] {
            if count == range.count { return isKnown ? [] : [subroot(range)] }
            var split = 1
            while split * 2 < range.count { split *= 2 }
            let middle = range.lowerBound + split
            return count <= split
                ? subproof(count, range.lowerBound..<middle, isKnown)
                    + [subroot(middle..<range.upperBound)]
                : subproof(count - split, middle..<range.upperBound, false)
                    + [subroot(range.lowerBound..<middle)]
        }
        let hashes = old == 0 || old == new ? [] : subproof(Int(old), 0..<Int(new), true)
        return ConsistencyProof(oldSize: old, newSize: new, hashes: hashes)
    }

    /// The body of an add-checkpoint.
    package func request(from old: Int64, to new: Int64) throws -> [UInt8] {
        try AddCheckpointRequest(
            oldSize: old, proof: proof(from: old, to: new).hashes, note: note(new)
        ).bytes
    }

    private func subroot(_ range: Range<Int>) -> SHA256Digest {
        var tree = CompactRange()
        for leaf in leaves[range] { tree.append(leaf) }
        return tree.root
    }
}

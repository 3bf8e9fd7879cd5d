// Signs entries with the service instance's key, which is outside the database (I3).

package import Cryptography
internal import Governance
internal import Synchronization
internal import TransparencyLog

/// Signs entries, and remembers which it signed lately so that the sequencer need not verify them.
package final class EntrySigner: Sendable {
    private let key: PrivateKey
    private let recent = Mutex(Recent())

    /// The last leaf hashes, in two generations so that forgetting is cheap.
    private struct Recent {
        static let generationSize = 16_384
        var young: Set<SHA256Digest> = []
        var old: Set<SHA256Digest> = []
        /// What the newest of them say, until somebody takes it: whoever wrote it need not parse it.
        var entries: [SHA256Digest: Entry] = [:]
        static let mostEntries = 8_192
    }

    package init(key: PrivateKey) {
        self.key = key
    }

    /// The key that entries name.
    package var keyID: KeyID { key.publicKey.id }

    /// The bytes to store for one entry.
    func sign(_ entry: Entry) throws -> [UInt8] {
        try sign([entry], payloads: [entry.canonicalBytes])[0]
    }

    /// The bytes to store for each of these entries, which share one signature.
    func sign(_ entries: [Entry], payloads: [[UInt8]]) throws -> [[UInt8]] {
        let signed = try SignedEntry.sign(payloads, with: key)
        let leafHashes = signed.map { MerkleTree.leafHash(of: $0) }
        recent.withLock { recent in
            if recent.young.count >= Recent.generationSize {
                recent.old = recent.young
                recent.young = []
            }
            // Those of transactions that were undone are never taken.
            if recent.entries.count >= Recent.mostEntries { recent.entries = [:] }
            for (leafHash, entry) in zip(leafHashes, entries) {
                recent.young.insert(leafHash)
                recent.entries[leafHash] = entry
            }
        }
        return signed
    }

    /// What this process signed under this leaf hash; nil when it did not, or has forgotten it.
    func take(_ leafHash: SHA256Digest) -> Entry? {
        recent.withLock { $0.entries.removeValue(forKey: leafHash) }
    }

    /// Whether this process signed the entry of this leaf hash lately.
    func hasSigned(_ leafHash: SHA256Digest) -> Bool {
        recent.withLock { $0.young.contains(leafHash) || $0.old.contains(leafHash) }
    }
}

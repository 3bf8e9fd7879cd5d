// Whether an entry was made by a service instance that the trust root names (I3).

internal import Cryptography
package import Governance
internal import Synchronization

/// Checks the service signatures of entries.
package final class EntryAuthenticator: Sendable {
    private let root: TrustRoot
    private let signer: EntrySigner
    /// The last batch whose signature held: its other entries need no verification of their own.
    private let lastBatch = Mutex<Batch?>(nil)

    private struct Batch: Equatable {
        let key: KeyID
        let root: SHA256Digest
        let size: Int64
        let signature: [UInt8]
    }

    package init(root: TrustRoot, signer: EntrySigner) {
        self.root = root
        self.signer = signer
    }

    /// Whether the entry is for this log and signed by a service key that counted at its time.
    func isAuthentic(_ bytes: [UInt8], _ leafHash: SHA256Digest) -> Bool {
        if signer.hasSigned(leafHash) { return true }
        guard let signed = try? SignedEntry(parsing: bytes),
            let entry = try? Entry(parsing: signed.payload)
        else { return false }
        return isAuthentic(signed, entry)
    }

    /// The same, of an entry that is parsed already.
    func isAuthentic(_ signed: SignedEntry, _ entry: Entry) -> Bool {
        guard entry.origin == root.origin,
            let key = root.serviceKey(signed.keyID, at: entry.time),
            let batchRoot = signed.batchRoot
        else { return false }
        let batch = Batch(
            key: key.id, root: batchRoot, size: signed.batchSize, signature: signed.signature)
        if lastBatch.withLock({ $0 == batch }) { return true }
        guard signed.isSigned(by: key) else { return false }
        lastBatch.withLock { $0 = batch }
        return true
    }

    /// The same, of an entry that this process may have signed itself.
    func isAuthentic(_ signed: SignedEntry, _ entry: Entry, _ leafHash: SHA256Digest) -> Bool {
        signer.hasSigned(leafHash) || isAuthentic(signed, entry)
    }

    /// What an entry of this leaf hash says, when this process made and signed it; once only.
    func takeOwn(_ leafHash: SHA256Digest) -> Entry? { signer.take(leafHash) }
}

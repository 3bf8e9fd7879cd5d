// Whether an entry was made by a service instance that the trust root names (I3).

internal import Cryptography
internal import Governance
internal import Synchronization

/// Checks the service signatures of entries.
package final class EntryAuthenticator: Sendable {
    private let roots: RootKeeper
    private let signer: EntrySigner
    /// The last batch whose signature held: its other entries need no verification of their own.
    private let lastBatch = Mutex<Batch?>(nil)

    private struct Batch: Equatable {
        let key: KeyID
        let root: SHA256Digest
        let size: Int64
        let signature: [UInt8]
    }

    package init(roots: RootKeeper, signer: EntrySigner) {
        self.roots = roots
        self.signer = signer
    }

    /// Whether an entry without a place is for this log and signed by a service key that counts now.
    func isAuthentic(_ bytes: [UInt8], _ leafHash: SHA256Digest) -> Bool {
        if signer.hasSigned(leafHash) { return true }
        guard let signed = try? SignedEntry(parsing: bytes),
            let entry = try? Entry(parsing: signed.payload)
        else { return false }
        return isAuthentic(signed, entry, under: roots.current)
    }

    /// The same, of an entry that is parsed already and that this process may have signed itself.
    func isAuthentic(_ signed: SignedEntry, _ entry: Entry, _ leafHash: SHA256Digest) -> Bool {
        signer.hasSigned(leafHash) || isAuthentic(signed, entry, under: roots.current)
    }

    /// Whether an entry with a place is signed by a service key that counted there.
    func isAuthentic(
        _ signed: SignedEntry, _ entry: Entry, _ leafHash: SHA256Digest, under root: TrustRoot
    ) -> Bool {
        signer.hasSigned(leafHash) || isAuthentic(signed, entry, under: root)
    }

    /// The kind of an entry that a service key signed and that this release cannot read.
    func kindUnknown(_ bytes: [UInt8]) -> String? {
        guard let signed = try? SignedEntry(parsing: bytes),
            let key = roots.current.serviceKeys.first(where: { $0.key.id == signed.keyID })?.key
        else { return nil }
        do throws(EntryError) {
            _ = try Entry(parsing: signed.payload)
            return nil
        } catch {
            guard case .unknownKind(let kind) = error, signed.isSigned(by: key) else { return nil }
            return kind
        }
    }

    /// What an entry of this leaf hash says, when this process made and signed it; once only.
    func takeOwn(_ leafHash: SHA256Digest) -> Entry? { signer.take(leafHash) }

    private func isAuthentic(
        _ signed: SignedEntry, _ entry: Entry, under root: TrustRoot
    ) -> Bool {
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
}

// What the one log entry of a bundle is worth, offline: it is in the log that the root speaks of, and the
// service's own word.

internal import Attestation
internal import Governance
internal import TransparencyLog

/// The log entry of a bundle, checked.
struct EntryCheck {
    /// Everything that speaks against it.
    private(set) var findings: [PermitCheck.Finding] = []
    /// What the service recorded; believed only without findings.
    private(set) var event: Event?
    /// When the service says that it recorded it.
    private(set) var time: Timestamp?
    /// The entry's index in the log.
    private(set) var index: Int64?
    /// Witnesses that cosigned the checkpoint, by name.
    private(set) var cosigned: [String] = []

    /// Checks the bundle's only log entry.
    init(of bundle: SigstoreBundle, receipts: ReceiptCheck) {
        guard bundle.logEntries.count == 1 else {
            refuse("not-in-log", "The bundle has \(bundle.logEntries.count) log entries, not one.")
            return
        }
        check(bundle.logEntries[0], receipts)
        check(bundle.logEntries[0].canonicalizedBody, receipts.root)
    }

    private mutating func refuse(_ code: String, _ message: String) {
        findings.append(PermitCheck.Finding(code: code, message: message))
    }

    /// The proof leads from the entry to a checkpoint that the log signed.
    private mutating func check(_ entry: TransparencyLogEntry, _ receipts: ReceiptCheck) {
        for finding in entry.inclusionFindings() { refuse(finding.code.rawValue, finding.line) }
        guard let inclusion = entry.inclusionProof else { return }
        do {
            let receipt = try LogProof(
                index: inclusion.proof.index, hashes: inclusion.proof.hashes,
                checkpoint: SignedNote(parsing: Array(inclusion.checkpoint.utf8)))
            let leaf = MerkleTree.leafHash(of: entry.canonicalizedBody)
            let verdict = receipts.verify(receipt, leafHash: leaf)
            for reason in verdict.reasons { refuse("receipt", "\(reason)") }
            index = verdict.proof?.index
            cosigned = verdict.proof?.cosigned.map(\.description) ?? []
        } catch {
            refuse("receipt", "\(error)")
        }
    }

    /// The entry is signed by a service key that the root certified at its time, and of this log.
    private mutating func check(_ body: [UInt8], _ root: TrustRoot) {
        do {
            let signed = try SignedEntry(parsing: body)
            let entry = try Entry(parsing: signed.payload)
            guard let key = root.serviceKey(signed.keyID, at: entry.time), signed.isSigned(by: key)
            else {
                refuse("entry-signature", "No certified service key has signed the log entry.")
                return
            }
            if entry.origin != root.origin {
                refuse("origin-mismatch", "The log entry is of the log \(entry.origin).")
            }
            (event, time) = (entry.event, entry.time)
        } catch {
            refuse("entry-malformed", "\(error.message)")
        }
    }
}

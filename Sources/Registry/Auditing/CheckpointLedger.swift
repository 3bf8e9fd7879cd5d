// The stored checkpoints, each compared with the tree at its size.
//
// One checkpoint that does not agree is an altered checkpoint; a row of them, up to the end, is an
// altered log, and the change lies between the last size that agrees and the first that does not.

internal import Cryptography
internal import Governance
internal import TransparencyLog

/// Checkpoints on their way through a verification.
struct CheckpointLedger: Sendable {
    private let anchors: AuditAnchors
    /// Those of the block at hand, by size; only those that the log key signed.
    private var expected: [Int64: VerifiedCheckpoint] = [:]
    private var notes: [Int64: [UInt8]] = [:]
    /// The note of the last checkpoint that agreed.
    private(set) var agreedNote: [UInt8]?
    /// Sizes at which a checkpoint row stands in this block and at the end of the one before.
    private var sizes: Set<Int64> = []
    private(set) var checked: Int64 = 0
    /// The largest size of any row.
    private(set) var lastSize: Int64 = 0
    /// The largest size whose root agreed.
    private(set) var lastAgreement: Int64 = 0
    private var disagreement: (first: Int64, last: Int64, count: Int64)?

    /// Begins with the first entry, or at the size of a checkpoint that was verified before.
    init(anchors: AuditAnchors, from size: Int64 = 0) {
        self.anchors = anchors
        lastSize = size
        lastAgreement = size
        if size > 0 { sizes = [size] }
    }

    /// Whether a checkpoint row of this size is at hand.
    func hasSize(_ size: Int64) -> Bool { sizes.contains(size) }

    /// Takes the checkpoints of the next block, with what opening their notes showed.
    mutating func expect(
        _ rows: [(row: LogBlock.CheckpointRow, verdict: CheckpointVerdict)]
    ) -> [AuditFinding] {
        var findings: [AuditFinding] = []
        sizes = sizes.filter { $0 == lastSize }
        expected = [:]
        notes = [:]
        for (row, verdict) in rows {
            checked += 1
            func fault(_ kind: AuditFinding.Kind, _ message: String) {
                findings.append(finding(kind, row.size, message))
            }
            if !sizes.insert(row.size).inserted {
                fault(.checkpointDuplicate, "the size has more than one row")
            }
            lastSize = max(lastSize, row.size)
            guard let verified = verdict.checkpoint else {
                fault(
                    .checkpointUnsigned,
                    "the note is not signed by a log key of the trust root: \(verdict.reasons)")
                continue
            }
            let checkpoint = verified.checkpoint
            if checkpoint.size != row.size || checkpoint.root.bytes != row.root {
                fault(
                    .checkpointColumns,
                    "the row says size \(row.size), root \(Hex.encode(row.root)); its note says "
                        + "size \(checkpoint.size), root \(checkpoint.root)")
            }
            if checkpoint.size == row.size {
                expected[row.size] = verified
                notes[row.size] = row.note
            }
        }
        return findings
    }

    private func finding(
        _ kind: AuditFinding.Kind, _ size: Int64, _ message: String
    ) -> AuditFinding {
        AuditFinding(
            kind, "audit.checkpoint", .key(String(size)), anchors.anchor(of: size - 1), message)
    }

    /// Whether the checkpoint of this size is signed only by keys that do not count for it.
    func retired(at size: Int64, _ history: RootHistory) -> AuditFinding? {
        guard history.isPlaced, let verified = expected[size]?.note.verified else { return nil }
        let keys = history.logKeys(at: size)
        guard !verified.contains(where: { keys.contains($0.key) }) else { return nil }
        return finding(
            .checkpointUnsigned, size,
            "the note is signed by a log key that does not count for this size: version "
                + "\(history.root(at: size).version) of the trust root is in force")
    }

    /// Compares the checkpoint of this size, if there is one; answers what became certain by it.
    mutating func compare(
        at size: Int64, _ witnesses: inout LogWitnesses
    ) -> AuditFinding? {
        guard let checkpoint = expected[size]?.checkpoint else { return nil }
        if witnesses.settle(at: checkpoint.root) {
            defer { lastAgreement = size }
            agreedNote = notes[size]
            return close()
        } else if let (first, _, count) = disagreement {
            disagreement = (first, size, count + 1)
        } else {
            disagreement = (size, size, 1)
        }
        return nil
    }

    /// Reports the checkpoints that did not agree, if there were any.
    mutating func close() -> AuditFinding? {
        guard let (first, last, count) = disagreement else { return nil }
        disagreement = nil
        let which =
            count == 1
            ? "the root that is signed for size \(first) is not that of the log"
            : "the roots that are signed for \(count) sizes from \(first) to \(last) are not "
                + "those of the log"
        return finding(
            .checkpointRoot, first,
            "\(which); up to size \(lastAgreement) roots agree, so entries from index "
                + "\(lastAgreement) on, or these checkpoints, were altered")
    }
}

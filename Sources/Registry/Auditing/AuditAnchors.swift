// What is known outside the database: the pin, and checkpoints that an auditor kept.
//
// Each is signed by the log and lies where whoever edits the database cannot reach it. A fault below
// the size of one contradicts it; above the largest nothing can be attributed, because whoever wrote
// the row may have written everything that speaks of it.

package import Cryptography
internal import Governance
internal import TransparencyLog

/// What is known outside the database about the log.
package struct AuditAnchor: Sendable, Hashable {
    /// The number of entries that the anchor covers.
    package let size: Int64
    /// The root of that many entries.
    package let root: SHA256Digest
    /// Where it comes from: `pin`, or the name of a file.
    package let source: String
}

/// A checkpoint that an auditor kept.
package struct KeptCheckpoint: Sendable, Hashable {
    /// The signed note.
    package let note: [UInt8]
    /// Where it comes from, for people.
    package let source: String

    package init(note: [UInt8], source: String) {
        self.note = note
        self.source = source
    }
}

/// The anchors of one audit.
struct AuditAnchors: Sendable {
    /// By size, each of at least one entry: the empty log confirms nothing.
    private(set) var all: [AuditAnchor] = []
    /// What was given as an anchor and is none.
    private(set) var unusable: [(source: String, reason: String)] = []

    init(_ pin: Pin?, _ kept: [KeptCheckpoint], origin: String, logKeys: [VerifierKey]) {
        func take(_ note: [UInt8], _ source: String, _ name: String) {
            let verdict = Checkpoint.open(note, origin: origin, logKeys: logKeys)
            guard let checkpoint = verdict.checkpoint?.checkpoint else {
                unusable.append((source, "\(name) is not signed by this log: \(verdict.reasons)"))
                return
            }
            guard checkpoint.size > 0 else { return }
            all.append(
                AuditAnchor(size: checkpoint.size, root: checkpoint.root, source: source))
        }
        if let pin {
            do {
                let kept = try pin.read { note in
                    Checkpoint.open(note, origin: origin, logKeys: logKeys).checkpoint?.checkpoint
                }
                if let kept { take(kept.note, "pin", pin.path) }
            } catch {
                unusable.append(("pin", error.description))
            }
        }
        for kept in kept { take(kept.note, kept.source, kept.source) }
        all.sort { $0.size < $1.size }
    }

    /// The one that covers most.
    var last: AuditAnchor? { all.last }

    /// The anchors of exactly this size; more than one when they come from several places.
    func at(_ size: Int64) -> [AuditAnchor] { all.filter { $0.size == size } }

    /// What proves a fault at an index: the smallest anchor that covers it.
    func anchor(of index: Int64?) -> AuditFinding.Anchor {
        guard let index, index >= 0, let anchor = all.first(where: { index < $0.size }) else {
            return .unanchored
        }
        return .contradicts(size: anchor.size)
    }
}

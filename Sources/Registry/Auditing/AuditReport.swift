// The answers of `audit verify` and `audit replay`.

package import CanonicalJSON
package import Cryptography
internal import Governance

/// What became of an audit, for exit codes.
package enum AuditVerdict: String, Sendable, Hashable {
    /// No fault, and something outside the database confirms it.
    case intact
    /// At least one fault.
    case tampered
    /// No fault was found, but nothing outside the database could contradict a rewritten log.
    case unanchored
}

/// What verifying the whole log showed.
package struct AuditReport: Sendable {
    /// The log's origin, by the trust root.
    package let origin: String
    /// Number of entries that have a place in the log.
    package let size: Int64
    /// Root of the tree grown from them.
    package let root: SHA256Digest
    package let findings: AuditFindings
    /// Oddities that honest operation can cause too; no part of the verdict.
    package let notes: [String]
    /// The anchor outside the database; nil when there is none that can be used.
    package let anchor: AuditAnchor?
    /// Where this verification began; entries below it were verified before, and not read now.
    package let from: Int64
    /// Where the next one may begin: the last checkpoint that agreed, if nothing was wrong.
    package let state: AuditState?
    /// Entries of the log whose bytes were hashed, parsed, and whose signature was checked.
    package let entriesChecked: Int64
    /// Committed entries that had no place in the log yet.
    package let pendingChecked: Int64
    /// Bytes of all these entries.
    package let bytesChecked: Int64
    package let documentsChecked: Int64
    package let checkpointsChecked: Int64
    /// Subjects whose personal values were erased, in the order of the log.
    package let erasures: [AuditErasure]
    /// Disposals of documents that count, in the order of the log, and how many documents are lawfully
    /// absent because of them.
    package let disposals: [AuditDisposal]
    package let documentsDisposed: Int64
    /// How long it took.
    package let seconds: Double

    /// Intact only where an anchor says so too.
    package var verdict: AuditVerdict {
        if !findings.isEmpty { return .tampered }
        return anchor == nil ? .unanchored : .intact
    }

    /// The indexes that no anchor covers; nil when all are covered.
    package var unanchored: Range<Int64>? {
        let from = anchor?.size ?? 0
        return from < size ? from..<size : nil
    }

    /// What the anchor covers, as a sentence.
    package var anchored: String {
        guard let anchor else {
            return "unanchored: nothing outside the database confirms any of the \(size) entries"
        }
        guard let unanchored else {
            return "anchored by the \(anchor.source) at size \(anchor.size)"
        }
        return "anchored by the \(anchor.source) at size \(anchor.size); entries "
            + "\(unanchored.lowerBound) to \(unanchored.upperBound - 1) are unanchored"
    }

    /// The report as JSON.
    package var json: JSON {
        var members = findings.members
        members["verdict"] = .string(verdict.rawValue)
        members["origin"] = .string(origin)
        members["size"] = .integer(size)
        members["root"] = .digest(root)
        members["notes"] = .array(notes.map(JSON.string))
        members["from"] = .integer(from)
        members["anchored"] = .string(anchored)
        members["anchor"] =
            anchor.map { anchor in
                [
                    "size": .integer(anchor.size), "root": .digest(anchor.root),
                    "source": .string(anchor.source),
                ]
            } ?? .null
        members["entriesChecked"] = .integer(entriesChecked)
        members["pendingChecked"] = .integer(pendingChecked)
        members["bytesChecked"] = .integer(bytesChecked)
        members["documentsChecked"] = .integer(documentsChecked)
        members["checkpointsChecked"] = .integer(checkpointsChecked)
        members["erasures"] = .array(
            erasures.map {
                [
                    "subject": .text($0.subject), "index": .integer($0.index),
                    "commitments": .array($0.commitments.map { .digest($0) }),
                ]
            })
        members["disposals"] = .array(disposals.map(\.json))
        members["documentsDisposed"] = .integer(documentsDisposed)
        members["milliseconds"] = .integer(Int64(seconds * 1000))
        return .object(members)
    }
}

/// What replaying the log into empty tables showed.
package struct ReplayReport: Sendable {
    /// Number of entries that have a place in the log.
    package let size: Int64
    package let findings: AuditFindings
    /// Where it began, or why not there; no part of the verdict.
    package let notes: [String]
    /// Entries below were replayed before, and not now.
    package let from: Int64
    /// Digests in the log that the replayed tables met at their sizes.
    package let digestsChecked: Int64
    /// Entries carried into the tables, those without a place yet included.
    package let entriesReplayed: Int64
    /// Decisions that were made again and came out as recorded.
    package let decisionsReplayed: Int64
    /// Decisions that nobody can make again, because their documents were lawfully disposed of.
    package let decisionsDisposed: Int64
    /// Rows compared, by table.
    package let rows: [String: Int64]
    package let seconds: Double

    /// Whether every projection and decision is what the log says; whether the log is, `verify` says.
    package var isEqual: Bool { findings.isEmpty }

    /// The report as JSON.
    package var json: JSON {
        var members = findings.members
        members["equal"] = .bool(isEqual)
        members["notes"] = .array(notes.map(JSON.string))
        members["from"] = .integer(from)
        members["size"] = .integer(size)
        members["digestsChecked"] = .integer(digestsChecked)
        members["entriesReplayed"] = .integer(entriesReplayed)
        members["decisionsReplayed"] = .integer(decisionsReplayed)
        members["decisionsDisposed"] = .integer(decisionsDisposed)
        members["rows"] = .object(rows.mapValues(JSON.integer))
        members["milliseconds"] = .integer(Int64(seconds * 1000))
        return .object(members)
    }
}

/// How far an audit is.
package struct AuditProgress: Sendable, Hashable {
    /// Entries done.
    package let done: Int64
    /// Entries in all, by the head row.
    package let total: Int64
}

// What the follower knows of the log at one moment, and what it keeps beside that.

internal import Cryptography
package import Governance
package import TransparencyLog

extension Follower {
    /// What is known of the log at one moment.
    package struct Snapshot: Sendable {
        /// The verified log's restrictions; its `size` is the number of entries.
        package var fold = RestrictiveFold()
        /// Versions, evidence, tokens and people, by the verified log.
        package var record = LogRecord()
        /// Keys and roles, from the verified log and its signed statements.
        package var identities: IdentityBook
        /// The checkpoint that is shown, and that receipts are made under.
        package var published: Published?
        /// The last verified and pinned checkpoint; `published`, unless receipts wait for witnesses.
        package var pinned: Published?
        /// The last checkpoint with enough cosignatures, and when it got them.
        package var cosigned: Published?
        package var cosignedAt: Timestamp?
        /// The right edge of the tree as read.
        package var edge = CompactRange()
        /// When the fold was last level with the newest checkpoint, by the service's clock.
        package var levelAt: Timestamp?
        /// Committed entries that a gate read ahead of the follower, into its own copy.
        package var unread: Int64 = 0
        /// Whether everything that a gate had to read ahead was there and authentic.
        package var isWhole = true
        /// The counts that the published log last stated.
        package var stated = EntryCounts.Stated()
        /// The latest time of any entry.
        package var latestTime: Timestamp?
        /// The highest row id among the entries that have been read.
        package var lastEntryID: Int64 = 0
        /// Restrictive entries that this process committed and the fold does not show yet, by row id:
        /// they count whatever becomes of their rows.
        package var committed = CommittedRestrictions()
        /// Entries that have been without a place in the log for longer than a gate tolerates.
        package var overdue: [Int64] = []

        /// Takes in an entry that is committed and has no place yet: what restricts, and what
        /// changes the evidence that approvals are for.
        mutating func readAhead(_ entry: Entry) {
            fold.apply(entry)
            switch entry.event {
            case .keyRevoked, .roleRevoked, .delegationRevoked, .principalRegistered:
                identities.apply(entry, document: nil)
            case .evaluationRecorded(let event): record.readAhead(event)
            case .provenanceRecorded(let event): record.readAhead(event)
            default: break
            }
        }
    }

    /// A snapshot with what only the follower itself needs.
    struct State {
        var snapshot: Snapshot
        /// Row ids taken in lately, in two generations so that forgetting is cheap.
        private var young: Set<Int64> = []
        private var old: Set<Int64> = []
        /// Entries that had no place when those around them got one, and since when.
        var strays: [Int64: Timestamp] = [:]
        /// When the strays were last looked after.
        var straysCheckedAt: Timestamp?

        private static let generation = 16_384
        /// Most committed restrictions remembered; with more the snapshot does not count as whole.
        private static let mostCommitted = 10_000

        /// Entries whose receipts wait for witnesses.
        private var held: [ReceiptDesk.Addition] = []
        private static let mostHeld = 100_000

        /// Holds receipts back; those of too many entries are made when somebody asks for them.
        mutating func hold(_ additions: [ReceiptDesk.Addition]) {
            held += additions
            if held.count > Self.mostHeld { held.removeFirst(held.count - Self.mostHeld) }
        }

        /// Takes what a tree of this size covers.
        mutating func releaseHeld(below size: Int64) -> [ReceiptDesk.Addition] {
            let released = held.filter { $0.index < size }
            held.removeAll { $0.index < size }
            return released
        }

        init(_ snapshot: Snapshot) {
            self.snapshot = snapshot
        }

        /// Remembers a restriction until the fold shows it.
        mutating func remember(_ id: Int64, _ entry: Entry) {
            guard !young.contains(id), !old.contains(id) else { return }
            guard snapshot.committed.entries.count < Self.mostCommitted else {
                snapshot.isWhole = false
                return
            }
            snapshot.committed.insert(entry, id)
        }

        /// Notes that the fold shows these entries.
        mutating func taken(_ ids: [Int64]) {
            if young.count + ids.count > Self.generation {
                old = young
                young = []
            }
            young.formUnion(ids)
            for id in ids { snapshot.committed.remove(id) }
            if let last = ids.max() { snapshot.lastEntryID = max(snapshot.lastEntryID, last) }
        }
    }

    /// The tree as grown from verified entries, with the roots that it must have on its way.
    struct Tree {
        private(set) var range = CompactRange()
        /// Checkpoints that others vouch for, by size, still ahead of this tree.
        private var awaited: [Int64: SHA256Digest] = [:]
        /// The first of them that the tree contradicts.
        private(set) var contradicted: (size: Int64, root: SHA256Digest)?

        /// Expects a root at a size that the tree has not passed yet.
        mutating func await(_ checkpoint: Checkpoint) {
            if checkpoint.size > range.size {
                awaited[checkpoint.size] = checkpoint.root
            } else if checkpoint.size == range.size, checkpoint.root != range.root {
                contradicted = contradicted ?? (checkpoint.size, checkpoint.root)
            }
        }

        mutating func append(_ leaves: [SHA256Digest]) {
            for leaf in leaves {
                range.append(leaf)
                guard !awaited.isEmpty, let root = awaited.removeValue(forKey: range.size) else {
                    continue
                }
                if root != range.root { contradicted = contradicted ?? (range.size, root) }
            }
        }
    }
}

/// Restrictive entries by row id.
package struct CommittedRestrictions: Sendable {
    package private(set) var entries: [Int64: Entry] = [:]
    /// Which of them revokes a token: asked at every request.
    private var tokens: [String: Set<Int64>] = [:]

    /// Whether one of the entries ends the life of a token.
    package func revokes(token: String) -> Bool { tokens[token] != nil }

    mutating func insert(_ entry: Entry, _ id: Int64) {
        entries[id] = entry
        if case .tokenRevoked(let event) = entry.event {
            tokens[event.token, default: []].insert(id)
        }
    }

    mutating func remove(_ id: Int64) {
        guard !entries.isEmpty, let entry = entries.removeValue(forKey: id),
            case .tokenRevoked(let event) = entry.event
        else { return }
        tokens[event.token]?.remove(id)
        if tokens[event.token]?.isEmpty == true { tokens[event.token] = nil }
    }
}

extension Event {
    /// Whether the event takes something away: it counts from its commit, not from its place in the log.
    var isRestrictive: Bool {
        switch self {
        case .keyRevoked, .roleRevoked, .delegationRevoked, .tokenRevoked, .versionSuspended,
            .versionWithdrawn,
            .deploymentConfirmed, .holdPlaced, .findingRaised, .versionAlerted:
            true
        // It has to be reviewed, and uses up the budget.
        case .breakGlassRecorded: true
        case .breakGlassReviewed(let event): event.verdict == .unjustified
        case .tierDetermined(let event): event.tier > event.derived
        case .approvalRecorded(let event): event.meaning != .approve
        case .abstentionRecorded(let event): event.meaning == .recuse
        case .environmentObserved(let event): !event.running.isEmpty
        case .deploymentDecided(let event): event.notAfter != nil
        case .retirementDecided(let event): event.certificate != nil
        default: false
        }
    }
}

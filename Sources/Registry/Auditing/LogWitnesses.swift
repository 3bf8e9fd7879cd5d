// Three witnesses for each leaf hash: the entry's bytes, the row of audit.leaf, and the tile of
// level 0.
//
// While they agree there is one tree. Where they disagree, four trees are grown side by side: by
// majority, by tiles, by rows, by entries (who is silent is replaced by the majority). The next
// root that is known from elsewhere, a signed checkpoint or the pin, says which of the four is the
// log, and with it which witness lied. If it is none of them, the majority stands and the root
// itself is contradicted. So a fault is attributed by what was signed, not by guessing.

internal import Cryptography
internal import TransparencyLog

/// What is stored about one place of the log.
struct LeafTestimony: Sendable {
    let index: Int64
    /// The row's entry id; nil when there is no row.
    let entryID: Int64?
    /// Hash of the entry's bytes; nil when there is no entry.
    let entry: SHA256Digest?
    /// The row's leaf hash; nil when there is no row or no such hash.
    let row: SHA256Digest?
    /// The tile's hash; nil when the tile does not reach so far.
    let tile: SHA256Digest?
    /// The row's chain hash.
    let chain: SHA256Digest?

    /// What most witnesses say; the row where all disagree. Nil when nobody says anything.
    var majority: SHA256Digest? {
        if let entry, entry == row || entry == tile { return entry }
        return row ?? tile ?? entry
    }

    var isUnanimous: Bool {
        entryID != nil && entry != nil && entry == row && (tile == nil || tile == row)
    }
}

/// A place where the witnesses disagreed, and which hash turned out to be the log's.
struct SettledDispute: Sendable {
    let testimony: LeafTestimony
    let truth: SHA256Digest
}

/// Grows the log from its witnesses.
struct LogWitnesses: Sendable {
    private enum Party: CaseIterable {
        case majority, tiles, rows, entries

        func hash(_ testimony: LeafTestimony, _ majority: SHA256Digest) -> SHA256Digest {
            switch self {
            case .majority: majority
            case .tiles: testimony.tile ?? majority
            case .rows: testimony.row ?? majority
            case .entries: testimony.entry ?? majority
            }
        }
    }

    private struct Candidate: Sendable {
        let party: Party
        var tree: GrowingTree
        /// Where the stored chain is not the candidate's.
        var brokenChain: [Int64] = []
    }

    /// Disputes kept until a root settles them.
    private static let limit = 20_000

    private var candidates: [Candidate]
    private var disputes: [LeafTestimony] = []
    /// Disputes and broken links beyond the limit.
    private(set) var forgotten = 0

    /// Begins with an empty log, or where a verification left off.
    init(_ tree: GrowingTree = GrowingTree()) {
        candidates = [Candidate(party: .majority, tree: tree)]
    }

    var size: Int64 { candidates[0].tree.size }
    /// The tree as far as it is known.
    var tree: GrowingTree { candidates[0].tree }

    /// Hears the witnesses of the next place; false when none of them knows it.
    mutating func hear(_ testimony: LeafTestimony) -> Bool {
        guard let majority = testimony.majority else { return false }
        if !testimony.isUnanimous {
            if candidates.count == 1 {
                let tree = candidates[0].tree
                let broken = candidates[0].brokenChain
                candidates = Party.allCases.map {
                    Candidate(party: $0, tree: tree, brokenChain: broken)
                }
            }
            if disputes.count < Self.limit { disputes.append(testimony) } else { forgotten += 1 }
        }
        for index in candidates.indices {
            let hash = candidates[index].party.hash(testimony, majority)
            candidates[index].tree.append(hash)
            guard testimony.entryID != nil, testimony.chain != candidates[index].tree.chain,
                candidates[index].brokenChain.count < Self.limit
            else { continue }
            candidates[index].brokenChain.append(testimony.index)
        }
        return true
    }

    /// Whether any candidate has this root now; if so it is the log from here on.
    mutating func settle(at root: SHA256Digest) -> Bool {
        guard let winner = candidates.first(where: { $0.tree.root == root }) else { return false }
        settle(for: winner)
        return true
    }

    /// No root is left that could settle anything: the majority stands.
    mutating func settleByMajority() { settle(for: candidates[0]) }

    private mutating func settle(for winner: Candidate) {
        settled += disputes.compactMap { testimony in
            testimony.majority.map { majority in
                SettledDispute(
                    testimony: testimony, truth: winner.party.hash(testimony, majority))
            }
        }
        brokenChain += winner.brokenChain
        disputes = []
        candidates = [Candidate(party: .majority, tree: winner.tree)]
    }

    private var settled: [SettledDispute] = []
    private var brokenChain: [Int64] = []

    /// Hands over what was settled since the last call.
    mutating func takeSettled() -> (disputes: [SettledDispute], brokenChain: [Int64]) {
        defer {
            settled = []
            brokenChain = []
        }
        if candidates.count == 1 {
            brokenChain += candidates[0].brokenChain
            candidates[0].brokenChain = []
        }
        return (settled, brokenChain)
    }

    /// Hands over the full upper tiles; none while it is open which tree they belong to.
    mutating func takeClosedTiles() -> [GrowingTree.UpperTile] {
        candidates.count == 1 ? candidates[0].tree.takeClosed() : []
    }
}

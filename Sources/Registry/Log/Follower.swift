// Reads the log as it grows, verifies it, folds what restricts, and hands out receipts.
//
// It believes nothing but signed checkpoints: every entry's bytes are hashed, the tree is grown from
// those hashes, and its root must be the root that the log key signed. What does not agree halts
// the process. So the fold that the gate relies on is of the verified log (I6), and a receipt is
// checked before it leaves. What the sequencer of this same process has just published it hands over
// in memory (FreshBatch); the follower of every other process, and this one after a gap, reads the
// same from the database.

internal import Cryptography
package import Database
package import Governance
package import Logging
internal import ServiceLifecycle
internal import Synchronization
package import TransparencyLog

/// Follows one log.
package final class Follower: Service {
    /// What is known of the log at one moment.
    package struct Snapshot: Sendable {
        /// The verified log's restrictions; its `size` is the number of entries.
        package var fold = RestrictiveFold()
        /// Versions, evidence, tokens and people, by the verified log.
        package var record = LogRecord()
        /// Keys and roles, from the verified log and its signed statements.
        package var identities: IdentityBook
        /// The last verified checkpoint.
        package var published: Published?
        /// When the fold was last level with the newest checkpoint, by the service's clock.
        package var levelAt: Timestamp?
        /// Committed entries that a gate read ahead of the follower, into its own copy.
        package var unread: Int64 = 0
        /// Whether everything that a gate had to read ahead was there and authentic.
        package var isWhole = true
        /// The latest time of any entry.
        package var latestTime: Timestamp?
    }

    private let database: Database
    private let origin: String
    private let logKeys: [VerifierKey]
    private let pin: Pin
    private let pinned: Checkpoint?
    private let authenticator: EntryAuthenticator
    private let halt: Halt
    private let published: Wakeup
    private let clock: Clock
    private let logger: Logger
    private let state: Mutex<Snapshot>
    private let receipts = ReceiptDesk()
    private let fresh = Mutex<FreshBatch?>(nil)
    private let tree = Mutex(Tree())

    /// The tree as grown from verified entries. Touched by the one loop that catches up.
    private struct Tree {
        var range = CompactRange()
        /// Whether the root at the pinned size was another one.
        var forkedAtPin = false

        mutating func append(_ leaves: [SHA256Digest]) {
            for leaf in leaves { range.append(leaf) }
        }
    }

    /// Entries read at once.
    private static let chunk: Int64 = 2_000
    private static let pollInterval = Duration.milliseconds(25)

    package init(
        database: Database, root: TrustRoot, logKeys: [VerifierKey], pin: Pin,
        authenticator: EntryAuthenticator, halt: Halt, published: Wakeup, clock: @escaping Clock,
        logger: Logger
    ) {
        self.database = database
        origin = root.origin
        state = Mutex(Snapshot(identities: IdentityBook(root: root)))
        self.logKeys = logKeys
        self.pin = pin
        pinned = (try? pin.read()).flatMap {
            Checkpoint.open($0, origin: root.origin, logKeys: logKeys).checkpoint?.checkpoint
        }
        self.authenticator = authenticator
        self.halt = halt
        self.published = published
        self.clock = clock
        self.logger = logger
    }

    /// What is known now; for more than a look, because the follower copies what somebody holds.
    package var snapshot: Snapshot { state.withLock { $0 } }

    /// Looks at what is known now.
    package func look<R>(_ body: (borrowing Snapshot) -> R) -> R { state.withLock { body($0) } }

    /// Takes what the sequencer of this process has just published, until the next `catchUp`.
    func hand(over batch: FreshBatch) {
        fresh.withLock { fresh in
            // After a gap the database is read.
            fresh = fresh.flatMap { $0.followed(by: batch) } ?? batch
        }
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled, self.halt.reason == nil {
                do {
                    try await self.catchUp()
                } catch is CancellationError {
                    break
                } catch {
                    self.logger.warning("follower interrupted", metadata: ["error": "\(error)"])
                }
                await self.published.wait(timeout: Self.pollInterval)
            }
            try? await gracefulShutdown()
        }
    }

    /// The receipt of an entry, when the log has published it within `timeout`; nil otherwise.
    package func receipt(for entryID: Int64, timeout: Duration) async throws -> LogProof? {
        if let receipt = await receipts.wait(for: entryID, timeout: timeout) { return receipt }
        return try await makeReceipt(for: entryID)
    }

    /// The receipt of an entry that has its place in the log; nil before.
    package func makeReceipt(for entryID: Int64) async throws -> LogProof? {
        guard let published = snapshot.published else { return nil }
        return try await database.read { db in
            guard
                let index = try db.oneOrNil(
                    "SELECT index FROM audit.leaf WHERE entry_id = \(entryID)", as: Int64.self),
                index < published.checkpoint.size
            else { return nil }
            return try Self.proof(of: index, in: published, db)
        }
    }

    /// A receipt for a place in a published tree.
    package static func proof(
        of index: Int64, in published: Published, _ db: borrowing Connection
    ) throws -> LogProof {
        let ids = try InclusionProof.tiles(index: index, treeSize: published.checkpoint.size)
        let tiles = try TileSet(ids, LogTiles.load(ids, db))
        let proof = try InclusionProof(
            index: index, treeSize: published.checkpoint.size, from: tiles)
        return try LogProof(
            index: index, hashes: proof.hashes, checkpoint: SignedNote(parsing: published.note))
    }

    /// The reason to halt when the clock is behind the last entry by more than the skew (I10).
    package func clockReason(at now: Timestamp) -> HaltReason? {
        guard let latest = state.withLock(\.latestTime),
            now.adding(milliseconds: Sequencer.skewMilliseconds) < latest
        else { return nil }
        return HaltReason(.clockBehind, "the clock says \(now), the last entry \(latest)")
    }

    /// Reads up to the newest checkpoint; halts when the log is not what was signed. Halted already, it
    /// still reads as far as the log is whole, so that proofs are served.
    package func catchUp() async throws {
        let handed = fresh.withLock { fresh in
            defer { fresh = nil }
            return fresh
        }
        if let handed, handed.start == tree.withLock(\.range.size) {
            guard let added = try await take(in: handed.entries) else { return }
            try await show(handed.published, added, tiles: TileSet(handed.tiles))
            return
        }
        guard let newest = try await newestCheckpoint() else { return }
        var added: [ReceiptDesk.Addition] = []
        while tree.withLock(\.range.size) < newest.checkpoint.size {
            guard let entries = try await read(upTo: newest.checkpoint.size),
                let additions = try await take(in: entries)
            else { return }
            added += additions
        }
        try await show(newest, added, tiles: nil)
    }

    /// Shows a checkpoint that the tree as grown agrees with, and hands out receipts under it.
    private func show(
        _ newest: Published, _ added: [ReceiptDesk.Addition], tiles: TileSet?
    ) async throws {
        guard tree.withLock(\.range.root) == newest.checkpoint.root else {
            stop(
                .inconsistent,
                "the entries up to \(newest.checkpoint.size) do not have the root that is signed")
            return
        }
        try pinAnew(newest)
        let now = clock()
        state.withLock { state in
            state.published = newest
            state.levelAt = now
        }
        try await handOut(added, newest, tiles)
    }

    /// Pins a checkpoint that was verified and is about to be shown; a halted log moves no pin.
    private func pinAnew(_ newest: Published) throws {
        guard halt.reason == nil, snapshot.published?.note != newest.note,
            (pinned?.size ?? 0) < newest.checkpoint.size
        else { return }
        try pin.write(newest.note)
    }

    private func newestCheckpoint() async throws -> Published? {
        let row = try await database.read { db in
            try db.oneOrNil(
                "SELECT size, note FROM audit.checkpoint ORDER BY size DESC LIMIT 1",
                as: (Int64, [UInt8]).self)
        }
        let size = tree.withLock(\.range.size)
        if let known = state.withLock(\.published), let row, row.1 == known.note {
            return known
        }
        guard let (_, note) = row else {
            let known = max(size, pinned?.size ?? 0)
            if known > 0 {
                stop(.databaseOlder, "checkpoints are gone; \(known) entries are known")
            }
            return nil
        }
        let verdict = Checkpoint.open(note, origin: origin, logKeys: logKeys)
        guard let checkpoint = verdict.checkpoint?.checkpoint else {
            stop(
                .inconsistent, "the newest checkpoint is not signed by the log: \(verdict.reasons)")
            return nil
        }
        // The database gets a checkpoint before the pin does: an honest one is never behind.
        let known = max(size, pinned?.size ?? 0)
        guard checkpoint.size >= known else {
            stop(
                .databaseOlder, "the newest checkpoint is of \(checkpoint.size), known are \(known)"
            )
            return size == 0 ? Published(checkpoint: checkpoint, note: note) : nil
        }
        return Published(checkpoint: checkpoint, note: note)
    }

    /// Reads the next entries; nil when they are not all there.
    private func read(upTo size: Int64) async throws -> [Integrator.Placed]? {
        let start = tree.withLock(\.range.size)
        let end = min(size, start + Self.chunk)
        let rows = try await database.read { db in
            try db.all(
                """
                SELECT l.index, l.entry_id, e.bytes FROM audit.leaf l
                JOIN audit.entry e ON e.id = l.entry_id
                WHERE l.index >= \(start) AND l.index < \(end) ORDER BY l.index
                """, as: (Int64, Int64, [UInt8]).self)
        }
        guard rows.map(\.0) == Array(start..<end) else {
            stop(.inconsistent, "entries \(start)..<\(end) are not all there")
            return nil
        }
        return rows.map { Integrator.Placed(index: $0.0, entryID: $0.1, bytes: $0.2) }
    }

    /// Verifies and folds the next entries; nil when they are not whole.
    private func take(
        in rows: [Integrator.Placed]
    ) async throws -> [ReceiptDesk.Addition]? {
        var leaves: [SHA256Digest] = []
        var additions: [ReceiptDesk.Addition] = []
        var entries: [Entry] = []
        leaves.reserveCapacity(rows.count)
        for row in rows {
            let index = row.index
            let leaf = MerkleTree.leafHash(of: row.bytes)
            leaves.append(leaf)
            additions.append(.init(entryID: row.entryID, index: index, leaf: leaf))
            if let own = authenticator.takeOwn(leaf) {
                entries.append(own)
                continue
            }
            do {
                let signed = try SignedEntry(parsing: row.bytes)
                let entry = try Entry(parsing: signed.payload)
                entries.append(entry)
                // What the pin covers was checked before it was pinned.
                if index >= pinned?.size ?? 0, !authenticator.isAuthentic(signed, entry, leaf) {
                    stop(
                        .inconsistent,
                        "entry at index \(index) is not signed by a service of this log")
                    return nil
                }
            } catch {
                stop(.inconsistent, "entry at index \(index): \(error)")
                return nil
            }
        }
        grow(leaves)
        compareWithPin()
        let named = entries.compactMap(IdentityBook.document)
        let documents =
            named.isEmpty ? [:] : try await database.read { try Documents.load(named, $0) }
        let problem = state.withLock { state -> String? in
            for entry in entries {
                if let problem = state.record.apply(entry) { return problem }
                state.fold.apply(entry)
                state.latestTime = max(state.latestTime ?? entry.time, entry.time)
                state.identities.apply(
                    entry, document: IdentityBook.document(of: entry).flatMap { documents[$0] })
            }
            state.identities.settle()
            return nil
        }
        if let problem {
            stop(
                .inconsistent,
                "the entries up to \(tree.withLock(\.range.size)) do not follow from each other: "
                    + problem)
            return nil
        }
        return additions
    }

    private func grow(_ leaves: [SHA256Digest]) {
        tree.withLock { tree in
            var leaves = leaves[...]
            // Stop once where the pin is, to compare the roots there.
            if let pinned, tree.range.size < pinned.size,
                tree.range.size + Int64(leaves.count) > pinned.size
            {
                let before = Int(pinned.size - tree.range.size)
                tree.append(Array(leaves.prefix(before)))
                leaves = leaves.dropFirst(before)
                if tree.range.root != pinned.root { tree.forkedAtPin = true }
            }
            tree.append(Array(leaves))
            if let pinned, tree.range.size == pinned.size, tree.range.root != pinned.root {
                tree.forkedAtPin = true
            }
        }
    }

    private func compareWithPin() {
        guard tree.withLock(\.forkedAtPin), let pinned else { return }
        stop(.forked, "at size \(pinned.size) the log does not have the pinned root \(pinned.root)")
    }

    private func stop(_ code: HaltReason.Code, _ evidence: String) {
        halt.halt(HaltReason(code, evidence))
        logger.error(
            "log halted", metadata: ["reason": "\(code.rawValue)", "evidence": "\(evidence)"])
    }

    /// Makes the receipts that somebody waits for, from tiles in memory or in the database.
    private func handOut(
        _ added: [ReceiptDesk.Addition], _ published: Published, _ tiles: TileSet?
    ) async throws {
        let wanted = receipts.arrived(added)
        guard !wanted.isEmpty else { return }
        let note = try SignedNote(parsing: published.note)
        let size = published.checkpoint.size
        let set: TileSet
        if let tiles {
            set = tiles
        } else {
            var ids: Set<TileID> = []
            for addition in wanted {
                ids.formUnion(try InclusionProof.tiles(index: addition.index, treeSize: size))
            }
            let ordered = ids.sorted()
            set = try TileSet(
                ordered, try await database.read { try LogTiles.load(ordered, $0) })
        }
        var prover = InclusionProver(treeSize: size, tiles: set)
        for addition in wanted {
            let proof = try prover.proof(of: addition.index)
            guard try proof.root(from: addition.leaf) == published.checkpoint.root else {
                stop(.inconsistent, "the stored tiles do not prove entry \(addition.index)")
                return
            }
            receipts.deliver(
                try LogProof(index: addition.index, hashes: proof.hashes, checkpoint: note),
                to: addition.entryID)
        }
    }
}

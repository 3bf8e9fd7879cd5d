// Reads the log as it grows, verifies it, folds what restricts, and hands out receipts.
//
// It believes nothing but signed checkpoints: every entry's bytes are hashed, the tree is grown from
// those hashes, and its root must be the root that the log key signed. What does not agree halts
// the process. So the fold that the gate relies on is of the verified log (I6), and a receipt is
// checked before it leaves. What the sequencer of this same process has just published it hands over
// in memory (FreshBatch); the follower of every other process, and this one after a gap, reads the
// same from the database. Before a checkpoint is shown it is compared with the pin, which may have
// been moved by another process, and pinned (I5).

internal import Cryptography
package import Database
package import Governance
package import Logging
internal import ServiceLifecycle
internal import Synchronization
internal import TransparencyLog

/// Follows one log.
package final class Follower: Service {
    let database: Database
    let origin: String
    let roots: RootKeeper
    private let pin: Pin
    /// The pin as it was at the start: what it covers was checked before it was pinned.
    let pinnedSize: Int64
    /// The pinned note that was last compared with this log.
    private let pinned: Mutex<[UInt8]?>
    let authenticator: EntryAuthenticator
    let halt: Halt
    private let published: Wakeup
    let clock: Clock
    let logger: Logger
    let state: Mutex<State>
    let receipts = ReceiptDesk()
    private let fresh = Mutex<FreshBatch?>(nil)
    let counts = Mutex(EntryCounts())
    /// Touched by the one loop that catches up.
    let tree = Mutex(Tree())

    /// Since when the newest checkpoint known is missing from the database.
    private let missing = Mutex<ContinuousClock.Instant?>(nil)

    private static let pollInterval = Duration.milliseconds(25)
    /// How long a leader may take to connect again, to check and to store a checkpoint again.
    private static let storingAgain = Duration.seconds(5)

    package init(
        database: Database, roots: RootKeeper, pin: Pin, authenticator: EntryAuthenticator,
        halt: Halt, published: Wakeup, clock: @escaping Clock, logger: Logger
    ) {
        self.database = database
        let first = roots.history.roots[0]
        origin = first.origin
        state = Mutex(State(Snapshot(identities: IdentityBook(root: first))))
        self.roots = roots
        self.pin = pin
        let kept = try? pin.read(by: roots.openWithAny)
        pinnedSize = kept?.checkpoint?.size ?? 0
        pinned = Mutex(kept?.checkpoint == nil ? nil : kept?.note)
        self.authenticator = authenticator
        self.halt = halt
        self.published = published
        self.clock = clock
        self.logger = logger
        if let checkpoint = kept?.checkpoint { tree.withLock { $0.await(checkpoint) } }
    }

    /// What is known now.
    package var snapshot: Snapshot { state.withLock(\.snapshot) }

    /// Looks at what is known now.
    package func look<R>(_ body: (borrowing Snapshot) -> R) -> R {
        state.withLock { body($0.snapshot) }
    }

    /// Takes what the sequencer of this process has just published, until the next `catchUp`.
    func hand(over batch: FreshBatch) {
        fresh.withLock { fresh in
            // After a gap the database is read, and so it is by one that lags.
            let isLagging = fresh.map { $0.entries.count > FreshBatch.mostEntries } ?? false
            fresh = isLagging ? nil : fresh.flatMap { $0.followed(by: batch) } ?? batch
        }
    }

    /// Remembers what this process has committed, so that a restriction counts before the log shows it.
    func remember(_ recorded: Recorded) {
        guard recorded.entry.event.isRestrictive else { return }
        state.withLock { $0.remember(recorded.entryID, recorded.entry) }
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

    /// The reason to halt when the clock is behind the last entry by more than the skew (I10).
    package func clockReason(at now: Timestamp) -> HaltReason? {
        guard let latest = state.withLock(\.snapshot.latestTime),
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
        guard isSigned(newest) else { return }
        try await lookAfterStrays()
        guard try await pinAnew(newest) else { return }
        let now = clock()
        let isHeldBack = roots.witnessRules?.isClosed ?? false
        let edge = tree.withLock(\.range)
        state.withLock { state in
            state.snapshot.edge = edge
            state.snapshot.levelAt = now
            guard state.snapshot.pinned?.note != newest.note else { return }
            state.snapshot.pinned = newest
            if isHeldBack { return state.hold(added) }
            state.snapshot.published = newest
            state.snapshot.stated = counts.withLock(\.stated)
        }
        if !isHeldBack { try await handOut(added, newest, tiles) }
    }

    /// Takes over a checkpoint that enough witnesses have cosigned, and releases what waits for it.
    func release(_ cosigned: Published) async throws {
        let now = clock()
        let size = cosigned.checkpoint.size
        let released = state.withLock { state in
            state.snapshot.cosigned = cosigned
            state.snapshot.cosignedAt = now
            if state.snapshot.published?.checkpoint.size ?? 0 <= size {
                state.snapshot.published = cosigned
                let stated = counts.withLock(\.stated)
                if let index = stated.index, index < size { state.snapshot.stated = stated }
            }
            return state.releaseHeld(below: size)
        }
        if !released.isEmpty { try await handOut(released, cosigned, nil) }
    }

    /// How long a cosigned checkpoint is served before a newer one without cosignatures.
    private static let cosignedMilliseconds: Int64 = 60_000

    /// The checkpoint to serve: the newest one with enough cosignatures, as long as there are fresh ones.
    package var served: Published? {
        let now = clock()
        return look { snapshot in
            if let cosigned = snapshot.cosigned, let at = snapshot.cosignedAt,
                now.milliseconds(since: at) <= Self.cosignedMilliseconds
            {
                return cosigned
            }
            return snapshot.published
        }
    }

    /// Whether a key that counts for its size has signed a checkpoint; the log up to there is read.
    private func isSigned(_ newest: Published) -> Bool {
        if look({ $0.pinned?.note == newest.note }) { return true }
        let verdict = roots.history.open(newest.note)
        if verdict.checkpoint != nil { return true }
        stop(
            .inconsistent,
            "the newest checkpoint, of size \(newest.checkpoint.size), is not signed by a key that "
                + "counts there: \(verdict.reasons)")
        return false
    }

    /// Pins a checkpoint that was verified and is about to be shown; a halted log moves no pin. Answers
    /// whether it may be shown.
    private func pinAnew(_ newest: Published) async throws -> Bool {
        guard halt.reason == nil, newest.checkpoint.size > pinnedSize,
            look({ $0.pinned?.note != newest.note })
        else { return true }
        while true {
            let advance = try pin.advance(
                to: newest.note, newest.checkpoint, from: pinned.withLock(\.self),
                open: { self.roots.history.open($0).checkpoint?.checkpoint })
            switch advance {
            case .done:
                pinned.withLock { $0 = newest.note }
                return true
            case .isAhead(let checkpoint):
                // Another process has shown more: this log has to get there.
                tree.withLock { $0.await(checkpoint) }
                return true
            case .unknown(let checkpoint, let note):
                let root = try await storedRoot(at: checkpoint.size)
                guard root == checkpoint.root else {
                    stopForked(checkpoint.size, checkpoint.root)
                    return false
                }
                pinned.withLock { $0 = note }
            case .contradicts(let checkpoint):
                stopForked(checkpoint.size, checkpoint.root)
                return false
            case .missing:
                stop(.pinMissing, "the pin at \(pin.path) was taken away while the log was served")
                return false
            case .unreadable:
                stop(.pinUnreadable, "the pin at \(pin.path) is no checkpoint signed by this log")
                return false
            }
        }
    }

    /// The root of an earlier size, from the stored tiles.
    private func storedRoot(at size: Int64) async throws -> SHA256Digest? {
        let edge = try TileID.rightEdge(of: size)
        return try await database.read { db in
            try? CompactRange(size: size, from: TileSet(edge, LogTiles.load(edge, db))).root
        }
    }

    private func newestCheckpoint() async throws -> Published? {
        let row = try await database.read { db in
            try db.oneOrNil(
                "SELECT size, note FROM audit.checkpoint ORDER BY size DESC LIMIT 1",
                as: (Int64, [UInt8]).self)
        }
        let size = tree.withLock(\.range.size)
        if let known = state.withLock(\.snapshot.pinned), let row, row.1 == known.note {
            return known
        }
        guard let (_, note) = row else {
            let known = max(size, pinnedSize)
            if known > 0, try await !isToBeStoredAgain() {
                stop(.databaseOlder, "checkpoints are gone; \(known) entries are known")
            }
            return nil
        }
        // Which keys count for it only the log up to there can say: the signature comes last.
        guard let parsed = try? SignedNote(parsing: note),
            let checkpoint = try? Checkpoint(parsing: parsed.text), checkpoint.origin == origin
        else {
            stop(.inconsistent, "the newest checkpoint is none of this log")
            return nil
        }
        // The database gets a checkpoint before the pin does: an honest one is never behind for long.
        let known = max(size, pinnedSize)
        guard checkpoint.size >= known else {
            if try await isToBeStoredAgain() { return nil }
            stop(
                .databaseOlder, "the newest checkpoint is of \(checkpoint.size), known are \(known)"
            )
            return size == 0 ? Published(checkpoint: checkpoint, note: note) : nil
        }
        missing.withLock { $0 = nil }
        return Published(checkpoint: checkpoint, note: note)
    }

    /// Whether the leader may be about to store the newest checkpoint again (LostCheckpoint.swift).
    private func isToBeStoredAgain() async throws -> Bool {
        guard let lost = LostCheckpoint(try? pin.read(by: roots.openWithAny)) else { return false }
        let isExplained = try await database.read { db in try lost.isExplained(db) }
        guard isExplained else { return false }
        let now = ContinuousClock.now
        let first = missing.withLock { first in
            first = first ?? now
            return first ?? now
        }
        return now - first < Self.storingAgain
    }

    func stopForked(_ size: Int64, _ root: SHA256Digest) {
        stop(.forked, "at size \(size) the log does not have the pinned root \(root)")
    }

    func stop(_ code: HaltReason.Code, _ evidence: String) {
        halt.halt(HaltReason(code, evidence))
        logger.error(
            "log halted", metadata: ["reason": "\(code.rawValue)", "evidence": "\(evidence)"])
    }
}

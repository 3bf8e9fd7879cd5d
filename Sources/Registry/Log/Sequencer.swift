// Gives committed entries their place in the log: one process at a time, whoever it is.
//
// Whoever holds the advisory lock leads; taking the lead raises the epoch in the head row, and every
// batch checks the epoch under that row's lock. So the lock decides who works, and the epoch makes
// sure: a leader that lost its session without noticing finds itself deposed at its next batch.

internal import Cryptography
internal import Database
internal import Governance
internal import Logging
internal import Metrics
internal import ServiceLifecycle
internal import TransparencyLog

/// The service that moves the right edge of the log.
package struct Sequencer: Service {
    let connection: DedicatedConnection
    let publisher: Publisher
    let check: StartCheck
    let authenticator: EntryAuthenticator
    let roots: RootKeeper
    let halt: Halt
    /// A test database may have fsync off.
    let allowsUnsafeDatabase: Bool
    /// Rung when entries have been committed.
    let committed: Wakeup
    /// Rung when a checkpoint has been published.
    let published: Wakeup
    let follower: Follower
    /// Where somebody may ask for a batch whose snapshot it shares.
    let digests: DigestDesk
    let clock: Clock
    let logger: Logger

    /// How often the queue is looked at when nobody rings: another process may have filled it.
    private static let pollInterval = Duration.milliseconds(20)
    /// How long to wait before trying again to lead, or after the database went away.
    private static let retryInterval = Duration.milliseconds(200)
    /// Most entries of one transaction, and most of their bytes.
    private static let batchLimit: Int64 = 10_000
    private static let batchBytes: Int64 = 32 << 20
    /// Most entries of the queue that are left out; with more the log halts.
    private static let mostRefused = 10_000
    /// Entries examined at once: at most 64 KiB each.
    private static let examinedAtOnce: Int64 = 500
    /// How far the clock may be behind the last entry.
    package static let skewMilliseconds: Int64 = 60_000
    /// Any number, the same in every release: who holds it leads.
    private static let leaderLock: Int64 = 0x696D_7072_696D_6174

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled, halt.reason == nil {
                do {
                    try await connection.connect()
                    try await leadWhilePossible()
                } catch is CancellationError {
                    break
                } catch let error as SequencingError {
                    stop(for: error)
                } catch {
                    logger.warning("sequencer interrupted", metadata: ["error": "\(error)"])
                }
                await connection.close()
                try? await Task.sleep(for: Self.retryInterval)
            }
            // A halted process goes on serving proofs until it is told to stop.
            try? await gracefulShutdown()
        }
        await connection.close()
    }

    private func stop(for error: SequencingError) {
        switch error {
        case .deposed: logger.notice("another sequencer leads")
        case .tooOld(let evidence):
            halt.halt(HaltReason(.releaseTooOld, evidence))
            logger.error("log halted", metadata: ["evidence": "\(evidence)"])
        case .inconsistent(let evidence):
            halt.halt(HaltReason(.inconsistent, evidence))
            logger.error("log halted", metadata: ["evidence": "\(evidence)"])
        }
    }

    /// The settings of a role can be changed while the service runs: asked at each connection (I11).
    private func checkSafety() async throws -> Bool {
        let safety = try await connection.withConnection { db in try Safety.read(db) }
        guard !safety.isSafe, !allowsUnsafeDatabase else { return true }
        halt.halt(
            HaltReason(.unsafeDatabase, "the sequencer's commits may be lost: \(safety)"))
        logger.error("log halted", metadata: ["settings": "\(safety)"])
        return false
    }

    private func leadWhilePossible() async throws {
        guard try await checkSafety() else { return }
        while !Task.isCancelled {
            let isLeader = try await connection.withConnection { db in
                try db.one("SELECT pg_try_advisory_lock(\(Self.leaderLock))", as: Bool.self)
            }
            if isLeader { break }
            try await Task.sleep(for: Self.retryInterval)
        }
        let (epoch, start, reason) = try await connection.transaction { db in
            let epoch = try db.one(
                "UPDATE audit.head SET epoch = epoch + 1 RETURNING epoch", as: Int64.self)
            let reason = try check.run(db)
            if reason == nil { try check.restoreCheckpoint(db) }
            return (epoch, try LogHead.load(db), reason)
        }
        if let reason {
            halt.halt(reason)
            logger.error("log halted", metadata: ["reason": "\(reason.code.rawValue)"])
            return
        }
        guard let start else { throw SequencingError.inconsistent("audit.head has no row") }
        logger.notice("leading", metadata: ["epoch": "\(epoch)", "size": "\(start.range.size)"])
        try await examineUnpublished(upTo: start.range.size)
        try await lead(epoch, from: start.range)
    }

    /// What another leader integrated and nobody has published yet is signed only if it is authentic.
    private func examineUnpublished(upTo size: Int64) async throws {
        var index = try await connection.withConnection { db in
            try db.one("SELECT coalesce(max(size), 0) FROM audit.checkpoint", as: Int64.self)
        }
        while index < size {
            let rows = try await connection.withConnection { [index] db in
                try db.all(
                    """
                    SELECT e.bytes FROM audit.leaf l JOIN audit.entry e ON e.id = l.entry_id
                    WHERE l.index >= \(index) AND l.index < \(min(size, index + Self.examinedAtOnce))
                    ORDER BY l.index
                    """, as: [UInt8].self)
            }
            guard !rows.isEmpty else {
                throw SequencingError.inconsistent("the entry at index \(index) is missing")
            }
            for bytes in rows {
                guard authenticator.isAuthentic(bytes, MerkleTree.leafHash(of: bytes)) else {
                    throw SequencingError.inconsistent(
                        "the entry at index \(index) is not signed by a service of this log")
                }
                index += 1
            }
        }
    }

    private func lead(_ epoch: Int64, from start: CompactRange) async throws {
        let integrator = Integrator(
            epoch: epoch, batchLimit: Self.batchLimit, batchBytes: Self.batchBytes,
            isAuthentic: authenticator.isAuthentic, kindUnknown: authenticator.kindUnknown)
        var range = start
        var publishedSize: Int64 = -1
        var refused: [Int64] = []
        var root = roots.current.digest
        var batch: Integrator.Batch?
        var hasRung = false
        while !Task.isCancelled {
            if range.size > publishedSize, range.size > 0 {
                let shown = try await publisher.publish(range, through: connection)
                publishedSize = range.size
                if let batch { follower.hand(over: FreshBatch(batch, shown)) }
                published.ring()
            }
            batch = nil
            if roots.current.digest != root {
                // What an older root did not know, the new one may.
                root = roots.current.digest
                refused = []
            }
            // Only looking costs nothing on disk; locking the head row would write.
            if !hasRung, !digests.isWanted, try await !hasWork(skipping: refused) {
                hasRung = await committed.wait(timeout: Self.pollInterval)
                continue
            }
            hasRung = false
            try checkClock()
            if halt.reason != nil { return }
            let order = digests.take()
            let options = await Self.options(order)
            var shared: Int64?
            defer { order?.finish(shared) }
            do {
                let taken = try await connection.transaction(options) { [range, refused] db in
                    try integrator.integrate(expecting: range, skipping: refused, db)
                }
                if options.snapshot != nil { shared = taken.range.size }
                range = taken.range
                batch = taken
                Counter(label: "imprimatur_entries_integrated").increment(by: taken.entries.count)
            } catch let error as Integrator.Refused {
                refused += error.ids
                let some = error.ids.prefix(20).map(String.init).joined(separator: ", ")
                logger.error(
                    "entries without a valid signature of their own",
                    metadata: ["ids": "\(some)", "count": "\(error.ids.count)"])
                Counter(label: "imprimatur_entries_refused").increment(by: error.ids.count)
                guard refused.count <= Self.mostRefused else {
                    throw SequencingError.inconsistent(
                        "the queue holds more than \(Self.mostRefused) entries that no service of "
                            + "this log signed, the first \(refused.min() ?? 0)")
                }
            }
            Gauge(label: "imprimatur_queue_refused").record(refused.count)
        }
    }

    /// A batch as usual, or one in a snapshot that a reader lends.
    private static func options(_ order: DigestOrder?) async -> TransactionOptions {
        guard let order, let snapshot = await order.call() else { return .write }
        var options = TransactionOptions(isolation: .repeatableRead)
        options.snapshot = snapshot
        return options
    }

    private func hasWork(skipping refused: [Int64]) async throws -> Bool {
        try await connection.withConnection { db in
            try db.one(
                """
                SELECT EXISTS (SELECT FROM audit.pending WHERE entry_id <> ALL(\(refused)))
                """, as: Bool.self)
        }
    }

    private func checkClock() throws {
        guard let reason = follower.clockReason(at: clock()) else { return }
        halt.halt(reason)
        logger.error("log halted", metadata: ["reason": "clock-behind"])
    }
}

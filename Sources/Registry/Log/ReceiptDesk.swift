// Who waits for which receipt, and what came while nobody waited yet.

internal import Cryptography
internal import Governance
internal import Synchronization
internal import TransparencyLog

/// Brings receipts to those who wait for them.
final class ReceiptDesk: Sendable {
    /// An entry and its place in the log.
    struct Addition: Sendable, Hashable {
        let entryID: Int64
        let index: Int64
        let leaf: SHA256Digest
    }

    private struct Waiter {
        let continuation: CheckedContinuation<LogProof?, Never>
        /// What the entry must be: its row id may be another's after a crash of PostgreSQL.
        let leaf: SHA256Digest
        let deadline: ContinuousClock.Instant
    }

    private struct State {
        var waiters: [Int64: [Int: Waiter]] = [:]
        var nextID = 0
        /// Whether somebody looks after those who wait too long.
        var isSwept = false
        /// Entries that came lately, in two generations: whoever asks after them need not wait.
        var young: Set<Int64> = []
        var old: Set<Int64> = []

        mutating func note(_ additions: [Addition]) {
            if young.count >= 16_384 {
                old = young
                young = []
            }
            for addition in additions { young.insert(addition.entryID) }
        }
    }

    private let state = Mutex(State())

    /// How often those who wait too long are looked for: one timer for all of them.
    private static let sweepInterval = Duration.milliseconds(100)

    /// Waits for the receipt of an entry; nil after `timeout` (to a tenth of a second), when the task
    /// is cancelled, or when the entry came before anybody waited: its receipt can be made then.
    func wait(
        for entryID: Int64, _ leaf: SHA256Digest, timeout: Duration
    ) async -> LogProof? {
        let deadline = ContinuousClock.now + timeout
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (isPointless, mustSweep) = state.withLock { state in
                    guard !Task.isCancelled, !state.young.contains(entryID),
                        !state.old.contains(entryID)
                    else { return (true, false) }
                    state.waiters[entryID, default: [:]][id] = Waiter(
                        continuation: continuation, leaf: leaf, deadline: deadline)
                    defer { state.isSwept = true }
                    return (false, !state.isSwept)
                }
                if isPointless { continuation.resume(returning: nil) }
                if mustSweep { Task { await sweep() } }
            }
        } onCancel: {
            leave(entryID, id)
        }
    }

    /// Sends those away who have waited too long, as long as anybody waits.
    private func sweep() async {
        while true {
            try? await Task.sleep(for: Self.sweepInterval)
            let now = ContinuousClock.now
            let late: [Waiter]? = state.withLock { state in
                guard !state.waiters.isEmpty else {
                    state.isSwept = false
                    return nil
                }
                var late: [Waiter] = []
                for (entryID, waiters) in state.waiters {
                    for (id, waiter) in waiters where waiter.deadline <= now {
                        late.append(waiter)
                        state.waiters[entryID]?[id] = nil
                    }
                    if state.waiters[entryID]?.isEmpty == true { state.waiters[entryID] = nil }
                }
                return late
            }
            guard let late else { return }
            for waiter in late { waiter.continuation.resume(returning: nil) }
        }
    }

    /// Notes that these entries came; answers those that somebody waits for.
    func arrived(_ additions: [Addition]) -> [Addition] {
        state.withLock { state in
            state.note(additions)
            return additions.filter { state.waiters[$0.entryID] != nil }
        }
    }

    /// Hands a receipt to everyone who waits for it; none to those who wait for another entry of that id.
    func deliver(_ receipt: LogProof, to addition: Addition) {
        let waiters = state.withLock { $0.waiters.removeValue(forKey: addition.entryID) } ?? [:]
        for waiter in waiters.values {
            waiter.continuation.resume(returning: waiter.leaf == addition.leaf ? receipt : nil)
        }
    }

    private func leave(_ entryID: Int64, _ id: Int) {
        state.withLock { state in
            let waiter = state.waiters[entryID]?.removeValue(forKey: id)
            if state.waiters[entryID]?.isEmpty == true { state.waiters[entryID] = nil }
            return waiter
        }?.continuation.resume(returning: nil)
    }
}

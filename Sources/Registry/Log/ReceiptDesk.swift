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

    private typealias Waiter = CheckedContinuation<LogProof?, Never>

    private struct State {
        var waiters: [Int64: [Int: Waiter]] = [:]
        var nextID = 0
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

    /// Waits for the receipt of an entry; nil after `timeout`, when the task is cancelled, or when the
    /// entry came before anybody waited: its receipt can be made then.
    func wait(for entryID: Int64, timeout: Duration) async -> LogProof? {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let timer = Task {
            try? await Task.sleep(for: timeout)
            leave(entryID, id)
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let isPointless = state.withLock { state in
                    guard !Task.isCancelled, !state.young.contains(entryID),
                        !state.old.contains(entryID)
                    else { return true }
                    state.waiters[entryID, default: [:]][id] = waiter
                    return false
                }
                if isPointless { waiter.resume(returning: nil) }
            }
        } onCancel: {
            leave(entryID, id)
        }
    }

    /// Notes that these entries came; answers those that somebody waits for.
    func arrived(_ additions: [Addition]) -> [Addition] {
        state.withLock { state in
            state.note(additions)
            return additions.filter { state.waiters[$0.entryID] != nil }
        }
    }

    /// Hands a receipt to everyone who waits for it.
    func deliver(_ receipt: LogProof, to entryID: Int64) {
        let waiters = state.withLock { $0.waiters.removeValue(forKey: entryID) } ?? [:]
        for waiter in waiters.values { waiter.resume(returning: receipt) }
    }

    private func leave(_ entryID: Int64, _ id: Int) {
        state.withLock { state in
            let waiter = state.waiters[entryID]?.removeValue(forKey: id)
            if state.waiters[entryID]?.isEmpty == true { state.waiters[entryID] = nil }
            return waiter
        }?.resume(returning: nil)
    }
}

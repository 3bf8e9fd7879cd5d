// A doorbell: a ring is remembered until it is heard, and many rings are one.

internal import Synchronization

/// Wakes one waiting loop.
package final class Wakeup: Sendable {
    private let state = Mutex(State())

    private struct State {
        var rung = false
        var wait = 0
        var waiter: CheckedContinuation<Bool, Never>?
    }

    package init() {}

    /// Rings; never waits.
    package func ring() {
        state.withLock { state in
            defer { state.waiter = nil }
            if state.waiter == nil { state.rung = true }
            return state.waiter
        }?.resume(returning: true)
    }

    /// Returns at the next ring, after `timeout` at the latest, or when the task is cancelled; says
    /// whether it rang.
    @discardableResult
    package func wait(timeout: Duration) async -> Bool {
        let wait = state.withLock { state in
            state.wait += 1
            return state.wait
        }
        // What rang already needs no timer.
        if state.withLock({ state in
            defer { state.rung = false }
            return state.rung
        }) {
            return true
        }
        let timer = Task {
            try? await Task.sleep(for: timeout)
            end(wait)
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let mayGoOn = state.withLock { state in
                    guard !state.rung, state.wait == wait, !Task.isCancelled else {
                        state.rung = false
                        return true
                    }
                    state.waiter = waiter
                    return false
                }
                if mayGoOn { waiter.resume(returning: true) }
            }
        } onCancel: {
            ring()
        }
    }

    /// Ends one wait, not a later one.
    private func end(_ wait: Int) {
        state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard state.wait == wait else { return nil }
            state.wait += 1
            defer { state.waiter = nil }
            return state.waiter
        }?.resume(returning: false)
    }
}

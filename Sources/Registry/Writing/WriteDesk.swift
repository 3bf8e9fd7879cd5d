// Acts of different requests share transactions when they come faster than one transaction after the other.
//
// An act that comes while nothing is written goes at once. Meanwhile others gather, and the next
// transaction takes them all (Writer+Together.swift): the busier the service, the less each act costs. Who
// is put aside, because somebody else holds a row or the database refused something, goes alone and keeps
// nobody waiting.

internal import Database
internal import Synchronization

/// Brings the acts of many requests to the database.
final class WriteDesk: Sendable {
    private struct Waiting {
        let job: Writer.Job
        let continuation: CheckedContinuation<Recorded, any Error>
    }

    private struct State {
        var waiting: [Waiting] = []
        /// Whether a transaction is at work.
        var isAtWork = false

        /// What the next transaction takes.
        mutating func next() -> [Waiting] {
            let taken = Array(waiting.prefix(WriteDesk.mostActs))
            waiting.removeFirst(taken.count)
            return taken
        }
    }

    /// Most acts of one transaction.
    private static let mostActs = 32

    private let state = Mutex(State())
    private let writer: Writer

    init(_ writer: Writer) {
        self.writer = writer
    }

    /// Carries out an act, in whatever company. Its commit is not flushed yet.
    func write(_ job: Writer.Job) async throws -> Recorded {
        try await withCheckedThrowingContinuation { continuation in
            let mustStart = state.withLock { state in
                state.waiting.append(Waiting(job: job, continuation: continuation))
                defer { state.isAtWork = true }
                return !state.isAtWork
            }
            if mustStart { Task { await work() } }
        }
    }

    /// Writes what waits, until nothing does.
    private func work() async {
        while true {
            let taken = state.withLock { state in
                let taken = state.next()
                if taken.isEmpty { state.isAtWork = false }
                return taken
            }
            guard !taken.isEmpty else { return }
            let outcomes = await writer.together(taken.map(\.job))
            for (one, outcome) in zip(taken, outcomes) {
                if let outcome {
                    one.continuation.resume(with: outcome)
                } else {
                    // It may have to wait for a row: not in the way of the others.
                    Task {
                        let outcome = await writer.alone(one.job, .putAside)
                        one.continuation.resume(with: outcome)
                    }
                }
            }
        }
    }
}

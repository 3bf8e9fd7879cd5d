// Many commands of one request, written together.
//
// Each command runs as if it were alone, in a task of its own, until it wants something recorded; there
// it hands in its act and waits. When every command waits or has ended, the acts are written in one
// transaction, in the order of the commands (Writer+Together.swift), and the commands go on. One that
// records several acts waits again: then there is another round.

internal import Synchronization

/// Collects the acts of commands that run side by side.
final class BulkDesk: Sendable {
    /// Where a command of a bulk request hands in its acts.
    struct Place: Sendable {
        let desk: BulkDesk
        /// The command's place in its request.
        let position: Int
    }

    /// The place of the command that runs; nil outside bulk requests.
    @TaskLocal static var place: Place?

    private struct Waiting {
        let position: Int
        let job: Writer.Job
        let continuation: CheckedContinuation<Recorded, any Error>
    }

    private struct State {
        /// Commands that have neither ended nor wait.
        var running: Int
        var waiting: [Waiting] = []

        /// The next round, when nobody runs any more; its commands count as running again.
        mutating func round() -> [Waiting]? {
            guard running == 0, !waiting.isEmpty else { return nil }
            defer { waiting = [] }
            running = waiting.count
            return waiting.sorted { $0.position < $1.position }
        }
    }

    private let state: Mutex<State>
    private let write: @Sendable ([Writer.Job]) async -> [Result<Recorded, any Error>]

    init(
        count: Int,
        write: @escaping @Sendable ([Writer.Job]) async -> [Result<Recorded, any Error>]
    ) {
        state = Mutex(State(running: count))
        self.write = write
    }

    /// Hands in an act; what came of it, once the round is over.
    func hand(_ job: Writer.Job, at position: Int) async throws -> Recorded {
        try await withCheckedThrowingContinuation { continuation in
            begin(
                state.withLock { state in
                    state.waiting.append(
                        Waiting(position: position, job: job, continuation: continuation))
                    state.running -= 1
                    return state.round()
                })
        }
    }

    /// Says that a command has ended.
    func end() {
        begin(
            state.withLock { state in
                state.running -= 1
                return state.round()
            })
    }

    private func begin(_ round: [Waiting]?) {
        guard let round else { return }
        Task {
            let results = await write(round.map(\.job))
            for (one, result) in zip(round, results) { one.continuation.resume(with: result) }
        }
    }
}

extension Registry {
    /// Runs commands so that what they record is written together; their answers, in their order.
    ///
    /// The commands are independent: none sees what another of them does until that is written.
    /// Receipts are not waited for.
    package func bulk<Answer: Sendable>(
        _ commands: [@Sendable () async -> Answer]
    ) async -> [Answer] {
        let desk = BulkDesk(count: commands.count) { jobs in
            let results = await writer.write(jobs)
            for result in results {
                if case .success(let recorded) = result, !recorded.wasReplayed {
                    follower.remember(recorded)
                }
            }
            committed.ring()
            return results
        }
        return await withTaskGroup(of: (Int, Answer).self) { group in
            for (position, command) in commands.enumerated() {
                group.addTask {
                    await BulkDesk.$place.withValue(.init(desk: desk, position: position)) {
                        let answer = await command()
                        desk.end()
                        return (position, answer)
                    }
                }
            }
            var answers: [(Int, Answer)] = []
            for await answer in group { answers.append(answer) }
            return answers.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}

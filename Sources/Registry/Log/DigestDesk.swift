// How the sequencer's batch and a reader of the projections share one snapshot.
//
// An entry and its rows commit together, so the snapshot in which a batch takes every visible queue row
// shows the projections exactly as the log makes them at the size that the batch reaches. The reader
// opens the snapshot between two batches and lends it to the next one, which is REPEATABLE READ then;
// it reads at leisure while the sequencer goes on. Only the sequencer that leads can do this.

internal import Database
internal import Dispatch
internal import Synchronization

/// Where a reader asks the sequencer of its process for a snapshot that a batch shares.
final class DigestDesk: Sendable {
    private let order = Mutex<DigestOrder?>(nil)
    /// Rung when an order is placed.
    private let bell: Wakeup

    init(bell: Wakeup) { self.bell = bell }

    /// Asks the sequencer to call before one of its next batches.
    func place(_ new: DigestOrder) {
        order.withLock { $0 = new }
        bell.ring()
    }

    /// Takes the order back; false when the sequencer is at it.
    func withdraw(_ old: DigestOrder) -> Bool {
        order.withLock { order in
            guard order === old else { return false }
            order = nil
            return true
        }
    }

    /// Whether somebody waits for a batch.
    var isWanted: Bool { order.withLock { $0 != nil } }

    /// The order, for the sequencer to fulfil.
    func take() -> DigestOrder? {
        order.withLock { order in
            defer { order = nil }
            return order
        }
    }
}

/// One wish for a batch in a lent snapshot.
final class DigestOrder: Sendable {
    private let state = Mutex(State())
    private let called = Wakeup()
    private let answered = Wakeup()
    private let finished = DispatchSemaphore(value: 0)

    private struct State {
        var snapshot: SnapshotID?
        var size: Int64?
    }

    /// How long the log may stand still for a reader that does not answer.
    private static let patience = Duration.milliseconds(500)
    /// How long a reader keeps its snapshot for a batch that does not come.
    private static let lease = DispatchTimeInterval.seconds(30)

    // MARK: the sequencer's side

    /// Calls the reader; the snapshot that it lends, if it does.
    func call() async -> SnapshotID? {
        called.ring()
        await answered.wait(timeout: Self.patience)
        return state.withLock(\.snapshot)
    }

    /// The batch is over, and reached this size; nil when it failed.
    func finish(_ size: Int64?) {
        state.withLock { $0.size = size }
        finished.signal()
    }

    // MARK: the reader's side

    /// Waits until the sequencer is between two batches.
    func isCalled(within timeout: Duration) async -> Bool { await called.wait(timeout: timeout) }

    /// Lends a snapshot, or nothing.
    func lend(_ snapshot: SnapshotID?) {
        state.withLock { $0.snapshot = snapshot }
        answered.ring()
    }

    /// Blocks a thread of the database until the batch is over; the size that it reached.
    func reached() -> Int64? {
        guard finished.wait(timeout: .now() + Self.lease) == .success else { return nil }
        return state.withLock(\.size)
    }
}

// A connection's own thread: libpq blocks there and nowhere else.
internal import CLibPQ
internal import Dispatch

/// A serial executor over a dispatch queue; Linux has none ready-made.
final class LaneExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}

/// One connection and the queue it lives on. A link found broken or missing is made anew.
actor Lane {
    nonisolated let executor: LaneExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    nonisolated let canceller = Canceller()
    private let url: DatabaseURL
    private let settings: ConnectionSettings
    private var link: Link?

    init(_ url: DatabaseURL, _ settings: ConnectionSettings, label: String) {
        executor = LaneExecutor(label: label)
        self.url = url
        self.settings = settings
    }

    /// Runs the body in a transaction under this ticket.
    func transaction<R: Sendable>(
        _ ticket: UInt64, _ options: TransactionOptions,
        _ body: @Sendable (borrowing Connection) throws -> R
    ) throws -> R {
        canceller.begin(ticket)
        defer { canceller.end() }
        let link = try openLink()
        defer { dropUnlessIdle() }
        return try link.transaction(options, body)
    }

    /// Runs the body outside a transaction: each statement stands for itself.
    func use<R: Sendable>(
        _ ticket: UInt64, _ body: @Sendable (borrowing Connection) throws -> R
    ) throws -> R {
        canceller.begin(ticket)
        defer { canceller.end() }
        let link = try openLink()
        defer { dropUnlessIdle() }
        return try body(Connection(link: link))
    }

    /// Whether a link is open and usable.
    var isConnected: Bool { link?.isUsable ?? false }

    /// Opens the link if there is none.
    func connect() throws(DatabaseError) { _ = try openLink() }

    func close() { link = nil }

    private func openLink() throws(DatabaseError) -> Link {
        if Task.isCancelled {
            throw DatabaseError(.cancelled, "the task was cancelled before a connection was used")
        }
        if let link, link.isIdle { return link }
        link = nil
        let opened = try Link(url, settings, canceller)
        link = opened
        return opened
    }

    private func dropUnlessIdle() {
        if link?.isIdle == false { link = nil }
    }
}

// The pool: `read {}` and `write {}` on one of a few connections.
internal import Dispatch
internal import Synchronization

/// A bounded pool of connections to one database as one role.
///
/// A lock-protected state machine rather than an actor: taking and giving back a lane needs no
/// hop, and giving back happens before the caller goes on.
package final class Database: Sendable {
    /// Sizes and limits of the pool.
    package struct Settings: Sendable {
        /// At most this many connections, opened when first needed.
        package var maxConnections = 16
        /// At most this many callers wait; more are refused with `.busy`.
        package var maxWaiters = 512
        /// Longest wait for a connection; then `.busy`.
        package var waitTimeout: Duration = .seconds(10)
        /// How each connection behaves.
        package var connection = ConnectionSettings()

        package init(maxConnections: Int = 16, connection: ConnectionSettings = .init()) {
            self.maxConnections = maxConnections
            self.connection = connection
        }
    }

    private typealias Waiter = CheckedContinuation<Lane, any Error>

    /// Where and as whom; shows no password.
    package let url: DatabaseURL
    package let settings: Settings
    private let line: Mutex<WaitingLine<Lane, Waiter>>
    private let isSweeping = Mutex(false)

    /// Opens nothing yet: the first use connects.
    package init(_ url: DatabaseURL, settings: Settings = Settings()) {
        self.url = url
        self.settings = settings
        line = Mutex(
            WaitingLine(maxLanes: max(1, settings.maxConnections), maxWaiters: settings.maxWaiters))
    }

    /// Reads in a READ COMMITTED, read-only transaction. The body may run again.
    @discardableResult
    package func read<R: Sendable>(
        _ options: TransactionOptions = .read,
        _ body: @Sendable (borrowing Connection) throws -> R
    ) async throws -> R {
        try await transaction(options, body)
    }

    /// Writes in a READ COMMITTED transaction. The body may run again (40001, 40P01, or a link
    /// lost before COMMIT was sent), so it does nothing but SQL and pure code.
    @discardableResult
    package func write<R: Sendable>(
        _ options: TransactionOptions = .write,
        _ body: @Sendable (borrowing Connection) throws -> R
    ) async throws -> R {
        try await transaction(options, body)
    }

    /// Runs outside a transaction, each statement for itself: CREATE DATABASE, VACUUM.
    @discardableResult
    package func withConnection<R: Sendable>(
        _ body: @Sendable (borrowing Connection) throws -> R
    ) async throws -> R {
        let lane = try await acquire()
        defer { release(lane) }
        let ticket = Canceller.makeTicket()
        return try await withTaskCancellationHandler {
            try await lane.use(ticket, body)
        } onCancel: {
            lane.canceller.cancel(ticket)
        }
    }

    /// Closes connections that are not in use; later uses open new ones.
    package func closeIdle() async {
        for lane in line.withLock({ $0.takeIdle() }) { await lane.close() }
    }

    /// How many callers wait for a connection now.
    package var waiting: Int { line.withLock { $0.waiting } }

    private func transaction<R: Sendable>(
        _ options: TransactionOptions, _ body: @Sendable (borrowing Connection) throws -> R
    ) async throws -> R {
        let lane = try await acquire(isPreferred: options.isPreferred)
        defer { release(lane) }
        var attempt = 0
        var reconnected = false
        while true {
            let ticket = Canceller.makeTicket()
            do {
                return try await withTaskCancellationHandler {
                    try await lane.transaction(ticket, options, body)
                } onCancel: {
                    lane.canceller.cancel(ticket)
                }
            } catch let error as DatabaseError {
                guard !Task.isCancelled else { throw error }
                if Retry.isWorthwhile(error), attempt < options.retries {
                    attempt += 1
                    try await Task.sleep(for: Retry.pause(attempt))
                } else if error.kind == .connection, !reconnected, await !lane.isConnected {
                    // a server that restarted left us with dead links; nothing was committed
                    reconnected = true
                } else {
                    throw error
                }
            }
        }
    }

    // MARK: lanes

    private func acquire(isPreferred: Bool = false) async throws -> Lane {
        switch line.withLock({ $0.arrive() }) {
        case .use(let lane): return lane
        case .open(let number): return openLane(number)
        case .refuse: throw busy("too many callers wait for a database connection")
        case .wait: break
        }
        let id = Canceller.makeTicket()
        let deadline = ContinuousClock.now + settings.waitTimeout
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (waiter: Waiter) in
                // a lane may have come back, or the line filled, since we asked
                let lane: Lane?
                var refusal: DatabaseError?
                (lane, refusal) = line.withLock { line in
                    if Task.isCancelled { return (nil, Self.cancelled) }
                    switch line.arrive() {
                    case .use(let lane): return (lane, nil)
                    case .open(let number): return (openLane(number), nil)
                    case .refuse:
                        return (nil, busy("too many callers wait for a database connection"))
                    case .wait:
                        line.enqueue(id, waiter, deadline: deadline, isPreferred: isPreferred)
                        return (nil, nil)
                    }
                }
                if let lane { waiter.resume(returning: lane) }
                if let refusal { waiter.resume(throwing: refusal) }
                if lane == nil, refusal == nil { sweepLater() }
            }
        } onCancel: {
            line.withLock { $0.leave(id) }?.resume(throwing: Self.cancelled)
        }
    }

    private func release(_ lane: Lane) {
        line.withLock { $0.giveBack(lane) }?.resume(returning: lane)
    }

    private func openLane(_ number: Int) -> Lane {
        Lane(url, settings.connection, label: "database.lane.\(number)")
    }

    private static let cancelled = DatabaseError(
        .cancelled, "the task was cancelled while it waited for a connection")

    private func busy(_ message: String) -> DatabaseError { DatabaseError(.busy, message) }

    /// One timer serves all waiters: it looks a few times within the limit while anyone waits.
    private func sweepLater() {
        let mustStart = isSweeping.withLock { isSweeping in
            defer { isSweeping = true }
            return !isSweeping
        }
        guard mustStart else { return }
        let pause = max(10, settings.waitTimeout.milliseconds / 8)
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Int(pause))) {
            self.isSweeping.withLock { $0 = false }
            let (late, isEmpty) = self.line.withLock { line in
                (line.expire(at: .now), line.isEmpty)
            }
            for waiter in late {
                waiter.resume(throwing: self.busy("waited too long for a database connection"))
            }
            if !isEmpty { self.sweepLater() }
        }
    }
}

/// When a transaction is worth running again, and how long to wait before.
enum Retry {
    static func isWorthwhile(_ error: DatabaseError) -> Bool {
        switch error.state {
        case .serializationFailure, .deadlockDetected, .unknownStatement: true
        case .featureNotSupported: error.message.hasPrefix("cached plan")
        default: false
        }
    }

    /// 1 to 2 ms, doubling, at most 100 ms; random so that two rivals do not meet again.
    static func pause(_ attempt: Int) -> Duration {
        let ceiling = min(100_000, 1000 << min(attempt, 10))
        return .microseconds(Int.random(in: ceiling / 2...ceiling))
    }
}

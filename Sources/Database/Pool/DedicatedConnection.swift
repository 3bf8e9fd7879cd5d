// One connection with a memory: for work that holds session state, such as the sequencer's.
internal import Synchronization

/// A long-lived connection of one owner. A lost link is reported, never silently replaced: with it
/// went session locks and settings, and only the owner knows what that means.
package final class DedicatedConnection: Sendable {
    private let lane: Lane
    private let isOpen = Mutex(false)

    /// Opens nothing yet: call `connect()`.
    package init(
        _ url: DatabaseURL, settings: ConnectionSettings = ConnectionSettings(),
        label: String = "dedicated"
    ) {
        lane = Lane(url, settings, label: "database.\(label)")
    }

    /// Opens the link, or a new one after a loss.
    package func connect() async throws {
        try await lane.connect()
        isOpen.withLock { $0 = true }
    }

    /// Closes the link.
    package func close() async {
        isOpen.withLock { $0 = false }
        await lane.close()
    }

    /// Whether the link was up when last used.
    package var isConnected: Bool { isOpen.withLock { $0 } }

    /// Runs outside a transaction, each statement for itself. Throws `.connection` once the link is
    /// lost, until `connect()`.
    @discardableResult
    package func withConnection<R: Sendable>(
        _ body: @Sendable (borrowing Connection) throws -> R
    ) async throws -> R {
        try await guarded { lane, ticket in try await lane.use(ticket, body) }
    }

    /// Runs in one transaction, once: what to do on 40001 is the owner's decision.
    @discardableResult
    package func transaction<R: Sendable>(
        _ options: TransactionOptions = .write,
        _ body: @Sendable (borrowing Connection) throws -> R
    ) async throws -> R {
        try await guarded { lane, ticket in try await lane.transaction(ticket, options, body) }
    }

    private func guarded<R: Sendable>(
        _ work: (Lane, UInt64) async throws -> R
    ) async throws -> R {
        guard isConnected else {
            throw DatabaseError(.connection, "the dedicated connection is not open")
        }
        let ticket = Canceller.makeTicket()
        do {
            return try await withTaskCancellationHandler {
                try await work(lane, ticket)
            } onCancel: { [lane] in
                lane.canceller.cancel(ticket)
            }
        } catch {
            if await !lane.isConnected { isOpen.withLock { $0 = false } }
            throw error
        }
    }
}

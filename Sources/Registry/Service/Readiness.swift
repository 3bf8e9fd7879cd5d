// Whether an instance can serve now.

internal import Database
internal import Governance
internal import TransparencyLog

/// What stands between an instance and its callers.
package enum Readiness: Sendable, Hashable {
    case ready
    /// The log has not been read to its last checkpoint yet.
    case catchingUp
    /// The log is halted.
    case halted(HaltReason)
    /// The database does not answer.
    case databaseAway
}

extension Registry {
    /// Asks the database one question and looks at the log; cheap enough for every probe.
    package func readiness() async -> Readiness {
        if let reason = halt.reason { return .halted(reason) }
        let snapshot = follower.snapshot
        do {
            let size = try await database.read { db in
                try db.one("SELECT size FROM audit.head", as: Int64.self)
            }
            guard let pinned = snapshot.pinned, let levelAt = snapshot.levelAt else {
                return .catchingUp
            }
            // The head may be a batch ahead of what is published; more is a follower that hangs.
            let isNear =
                size - pinned.checkpoint.size <= Self.readyLagEntries
                && clock().milliseconds(since: levelAt) <= Self.foldBoundMilliseconds
            return isNear ? .ready : .catchingUp
        } catch {
            return .databaseAway
        }
    }

    /// Returns once the log has been read, or something else stands in the way; after ten seconds anyway.
    package func caughtUp() async {
        let deadline = ContinuousClock.now + .seconds(10)
        while await readiness() == .catchingUp, ContinuousClock.now < deadline {
            guard (try? await Task.sleep(for: .milliseconds(20))) != nil else { return }
        }
    }

    /// How many entries the follower may be behind while the instance counts as ready: one batch of the
    /// sequencer. It must also have been level with the newest checkpoint within the fold's bound.
    private static let readyLagEntries: Int64 = 10_000
}

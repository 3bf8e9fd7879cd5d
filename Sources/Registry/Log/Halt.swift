// The halted state: when database and pin do not tell the same story, nothing more is signed (I5).

internal import Synchronization

/// Why the service will neither write nor permit, with the evidence.
package struct HaltReason: Sendable, Hashable {
    /// Stable, for programs.
    package enum Code: String, Sendable, Hashable {
        /// A log exists, but nothing outside the database says how far it was.
        case pinMissing = "pin-missing"
        /// The pin cannot be read or is not signed by the log.
        case pinUnreadable = "pin-unreadable"
        /// The database holds less than was already published: restored, or a stale standby.
        case databaseOlder = "database-older"
        /// The database holds another history than was published.
        case forked
        /// Entries, leaves, tiles and head do not agree.
        case inconsistent
        /// The clock is behind the last entry by more than the skew allowed.
        case clockBehind = "clock-behind"
        /// The log holds kinds of entries that only a newer release knows.
        case releaseTooOld = "release-too-old"
        /// The database may lose what it has committed.
        case unsafeDatabase = "unsafe-database"
    }

    package let code: Code
    /// What was compared, with sizes and hashes.
    package let evidence: String

    package init(_ code: Code, _ evidence: String) {
        self.code = code
        self.evidence = evidence
    }

    /// The refusal of a request while halted.
    package var refusal: Refusal {
        Refusal(
            .halted, "log-halted", "The log is halted (\(code.rawValue)): \(evidence)",
            hint: "Run `imprimatur audit verify`; nothing is written until the cause is settled.")
    }
}

/// Whether this process has halted. It never un-halts: a restart checks everything again.
package final class Halt: Sendable {
    private let state = Mutex<HaltReason?>(nil)

    package init() {}

    /// The first reason, or nil while all is well.
    package var reason: HaltReason? { state.withLock { $0 } }

    /// Halts; the first reason stays.
    package func halt(_ reason: HaltReason) {
        state.withLock { $0 = $0 ?? reason }
    }

    /// Throws while halted.
    package func check() throws(Refusal) {
        if let reason { throw reason.refusal }
    }
}

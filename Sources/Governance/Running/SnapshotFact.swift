// What was last seen to run in an environment, as a part of facts.

package import CanonicalJSON

/// The latest snapshot of an environment, as far as it concerns a version.
package struct SnapshotFact: Sendable, Hashable {
    package var environment: EnvironmentName
    /// When it was taken; nil when its statement does not count, or cannot be had.
    package var takenAt: Timestamp?
    /// Whether it is older than the pack allows, or than what last came, went or may start there;
    /// or does not count.
    package var overdue: Bool
    /// Whether it shows the version to run.
    package var runs: Bool

    /// - Parameters:
    ///   - recordedAt: when the log took it: who looked did so before, whatever their clock said.
    ///   - changedAt: when the log last said that anything of the version came, went or may start
    ///     there; nil when it never did.
    ///   - maximumAgeHours: what the pack allows.
    package init(
        environment: EnvironmentName, takenAt: Timestamp?, recordedAt: Timestamp,
        changedAt: Timestamp?, runs: Bool, maximumAgeHours: Int64, now: Timestamp
    ) {
        self.environment = environment
        self.takenAt = takenAt
        self.runs = runs
        overdue =
            takenAt.map { takenAt in
                Self.isOld(takenAt, maximumAgeHours: maximumAgeHours, at: now)
                    || changedAt.map { min(takenAt, recordedAt) < $0 } ?? false
            } ?? true
    }

    /// Whether a snapshot is older than a pack allows, whatever happened since.
    package static func isOld(
        _ takenAt: Timestamp, maximumAgeHours: Int64, at now: Timestamp
    ) -> Bool {
        takenAt.adding(seconds: maximumAgeHours * 3_600) < now
    }

    /// As a part of the facts document.
    package var json: JSON {
        .facts([
            "environment": .text(environment), "takenAt": takenAt.map(JSON.text),
            "overdue": .bool(overdue), "runs": .bool(runs),
        ])
    }
}

// What was last seen to run in an environment, as a part of facts.

package import CanonicalJSON

/// The latest snapshot of an environment, as far as it concerns a version.
package struct SnapshotFact: Sendable, Hashable {
    package var environment: EnvironmentName
    /// When it was taken; nil when its statement does not count, or cannot be had.
    package var takenAt: Timestamp?
    /// Whether it is older than the pack allows, or does not count.
    package var overdue: Bool
    /// Whether it shows the version to run.
    package var runs: Bool

    /// - Parameter maximumAgeHours: what the pack allows.
    package init(
        environment: EnvironmentName, takenAt: Timestamp?, runs: Bool, maximumAgeHours: Int64,
        now: Timestamp
    ) {
        self.environment = environment
        self.takenAt = takenAt
        self.runs = runs
        overdue = takenAt.map { $0.adding(seconds: maximumAgeHours * 3_600) < now } ?? true
    }

    /// As a part of the facts document.
    package var json: JSON {
        .facts([
            "environment": .text(environment), "takenAt": takenAt.map(JSON.text),
            "overdue": .bool(overdue), "runs": .bool(runs),
        ])
    }
}

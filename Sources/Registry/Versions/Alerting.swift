// Takes alerts about versions: that one drifts, or did harm. They restrict, so one person or monitor is enough.

package import Governance
internal import Cryptography

extension Registry {
    /// Roles of which any one holder may raise an alert: monitors and whoever may suspend.
    static let alerterRoles: Set<Role> = suspenderRoles.union([.agent, .fairnessReviewer])
    /// Most alerts that a version can have, so that a gate's work is bounded.
    private static let mostAlerts = 1_000

    /// What a monitor or an officer says.
    package struct Alert: Sendable {
        package let cause: VersionAlerted.Cause
        /// The metric that drifted, or what the incident is called elsewhere.
        package let name: String
        /// Decimals; nil where nothing was measured.
        package let value: String?
        package let threshold: String?
        package let reason: String

        package init(
            cause: VersionAlerted.Cause, name: String, value: String?, threshold: String?,
            reason: String
        ) {
            self.cause = cause
            self.name = name
            self.value = value
            self.threshold = threshold
            self.reason = reason
        }
    }

    /// Records an alert: what was approved before it is to be looked at again, where the pack says so.
    package func raiseAlert(
        _ alert: Alert, about reference: VersionReference, _ request: Request
    ) async throws -> Outcome {
        let caller = try caller(of: request)
        try require(Self.alerterRoles, of: caller, in: reference.model.namespace)
        try Self.check(alert)
        let id = Self.makeID("a-")
        let subjects = Subjects(
            written: [Subjects.version(reference)], read: [Subjects.principal(caller.principal)])
        return try await record(request, subjects) { db, _ in
            // What restricts needs no more than a known caller, so what the follower has read will do.
            try require(Self.alerterRoles, of: caller, in: reference.model.namespace)
            let row = try VersionRow.require(reference, db)
            guard row.state != "retired" else {
                throw Refusal(.conflict, "version-closed", "\(reference) is retired.")
            }
            guard follower.snapshot.fold.alerts[reference].count < Self.mostAlerts else {
                throw Refusal(
                    .conflict, "alerts-too-many", "\(reference) has \(Self.mostAlerts) alerts.",
                    hint: "Suspend it: `imprimatur suspend`.")
            }
            return Act(
                .versionAlerted(
                    VersionAlerted(
                        version: reference, alert: id, cause: alert.cause, name: alert.name,
                        value: alert.value, threshold: alert.threshold, reason: alert.reason)))
        }
    }

    private static func check(_ alert: Alert) throws(Refusal) {
        guard (1...longestReason).contains(alert.reason.unicodeScalars.count) else {
            throw Refusal(
                .unprocessable, "reason-missing",
                "A reason of 1 to \(longestReason) characters is needed.")
        }
        guard (1...200).contains(alert.name.unicodeScalars.count) else {
            throw Refusal(
                .unprocessable, "alert-malformed",
                "A metric or an incident has a name of 1 to 200 characters.")
        }
        let isMeasured = alert.value != nil && alert.threshold != nil
        let isWithout = alert.value == nil && alert.threshold == nil
        guard alert.cause == .drift ? isMeasured : isWithout else {
            throw Refusal(
                .unprocessable, "alert-malformed",
                alert.cause == .drift
                    ? "Drift is stated with the value and the threshold that it has left."
                    : "An incident has neither value nor threshold.")
        }
        guard [alert.value, alert.threshold].compactMap(\.self).allSatisfy(isDecimal) else {
            throw Refusal(
                .unprocessable, "alert-malformed",
                "Value and threshold are decimals such as 0.31, of at most 30 digits.")
        }
    }

    /// Whether a text is a decimal like -0.31.
    private static func isDecimal(_ text: String) -> Bool {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        return (1...2).contains(parts.count) && digits.utf8.count <= 31
            && parts.allSatisfy { part in
                !part.isEmpty && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
            }
    }
}

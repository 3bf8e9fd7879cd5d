// What the gate's memory of the log is made of: restrictions, deployments, imports and sightings.

package import Cryptography

extension RestrictiveFold {
    /// What kind of restriction.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case suspension, rejection, withdrawal, retirement
        case changesRequested = "changes-requested"
    }

    /// One reason why a version may not be deployed.
    package struct Restriction: Sendable, Hashable {
        package let id: String
        package let kind: Kind
        package let reason: String

        package init(id: String, kind: Kind, reason: String) {
            self.id = id
            self.kind = kind
            self.reason = reason
        }

        /// The restriction that a rejection, a withdrawal or a wish for changes is; nil for an approval.
        package init?(_ event: ApprovalRecorded) {
            let id = event.statement.hex
            switch event.meaning {
            case .reject: self.init(id: id, kind: .rejection, reason: "rejected by \(event.role)")
            case .withdraw:
                self.init(id: id, kind: .withdrawal, reason: "withdrawn by \(event.role)")
            case .requestChanges:
                self.init(
                    id: id, kind: .changesRequested, reason: "changes requested by \(event.role)")
            case .approve: return nil
            }
        }

        /// Whether it says something of the version: not so when its owner withdraws what was submitted,
        /// which is the one withdrawal that is no signed statement.
        package var isJudgement: Bool { kind != .withdrawal || SHA256Digest(hex: id) != nil }
    }

    /// A statement that permits something; it counts only by what was signed.
    package struct Taken<Payload: EventPayload>: Sendable, Hashable {
        package let event: Payload
        /// When the log took it.
        package let at: Timestamp
    }

    /// A statement by which a suspension was lifted.
    package typealias Lift = Taken<VersionLifted>
    /// A statement by which a finding was closed.
    package typealias Closure = Taken<FindingClosed>

    /// Something that may run: permitted until a moment, confirmed and not yet said to have ended, or
    /// ended with a permit to start it again that still holds.
    package struct Deployment: Sendable, Hashable {
        package let id: String
        package let version: VersionReference
        package let environment: EnvironmentName
        package let target: String
        package let use: UseName?
        /// Payload digest of the permit that brought it in; nil when the log does not say.
        package let permit: SHA256Digest?
        /// The decision that permitted it; nil when the log does not say.
        package let decision: SHA256Digest?
        /// When the last permit ends; nil while it is confirmed to run.
        package internal(set) var until: Timestamp?
        /// When the last permit to start it again ends; nil when there was none.
        package internal(set) var runUntil: Timestamp?
        /// Whether it was said to have ended.
        package internal(set) var hasEnded = false

        /// Whether it was confirmed to run and not said to have ended.
        package var runs: Bool { until == nil && !hasEnded }
    }

    /// Bytes in a place that came in as legacy; they count only by what was signed.
    package struct Legacy: Sendable, Hashable {
        package let item: LegacyImport.Item
        package let statement: SHA256Digest
        package let document: SHA256Digest
        /// When the log took it.
        package let at: Timestamp
    }

    /// What an agent said last of an environment, and when the log took it.
    package struct Observation: Sendable, Hashable {
        package let event: EnvironmentObserved
        package let at: Timestamp
    }

    /// A snapshot of an environment; it counts only by what was signed.
    package struct Sighting: Sendable, Hashable {
        package let document: SHA256Digest
        /// When the log took it.
        package let at: Timestamp
    }

    /// A status list that was given out, and its place in the log.
    package struct StatusList: Sendable, Hashable {
        package let event: StatusListed
        package let index: Int64
        package let at: Timestamp
    }
}

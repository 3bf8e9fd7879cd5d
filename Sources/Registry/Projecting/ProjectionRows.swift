// Which rows each kind of event makes or changes.

internal import Database
internal import Governance

/// The rows of one entry, in one schema.
struct ProjectionRows {
    let schema: Projection.Schema
    /// The entry's time.
    let at: SQLTimestamp

    /// A subject that was read before anything was said of it has a row too: the one that was locked.
    /// Never an update: others hold it shared.
    func unspoken(_ subjects: [String: Entry.SubjectSequence]) -> [SQL] {
        let names = subjects.filter { !$0.value.wrote && $0.value.seq == 0 }.map(\.key).sorted()
        guard !names.isEmpty else { return [] }
        return [
            """
            INSERT INTO \(identifier: schema).subject (name, seq)
            SELECT name, 0 FROM unnest(\(names)) name ON CONFLICT DO NOTHING
            """
        ]
    }

    func statements(_ entry: Entry) -> [SQL] {
        switch entry.event {
        case .logOpened, .serviceStarted, .gateAsked, .gateDenied, .erasureRefused,
            .actorsCounted, .logHeartbeat, .accessRefused, .evidenceRead, .logRecovered,
            .projectionsDigested, .statusListed, .disposalRefused:
            []
        case .rootChanged(let event): [rootChanged(event)]
        case .policyActivated(let event): [policyActivated(event)]
        case .principalRegistered(let event): [principalRegistered(event)]
        case .keyAssigned(let event): [keyAssigned(event)]
        case .keyRevoked(let event): [keyRevoked(event)]
        case .roleAssigned(let event): [roleAssigned(event)]
        case .roleRevoked(let event): [roleRevoked(event)]
        case .delegationRecorded(let event): [delegationRecorded(event)]
        case .delegationRevoked(let event): [delegationRevoked(event)]
        case .tokenIssued(let event): [tokenIssued(event)]
        case .tokenRevoked(let event): [tokenRevoked(event)]
        case .versionSubmitted(let event): versionSubmitted(event) + [takeCarried(event)]
        case .restrictionCarried(let event): [restrictionCarried(event)]
        case .evaluationRecorded(let event): [evaluationRecorded(event)]
        case .approvalRecorded(let event): approvalRecorded(event, actor: entry.actor)
        case .versionSuspended(let event):
            [
                restriction(
                    event.restriction, event.version, "suspension", event.reason, entry.actor)
            ]
        case .versionWithdrawn(let event):
            [
                restriction(
                    event.restriction, event.version, "withdrawal", event.reason, entry.actor),
                state("withdrawn", of: event.version),
            ]
        case .versionLifted(let event): [versionLifted(event)]
        case .findingRaised(let event): [findingRaised(event)]
        case .findingClosed(let event): [findingClosed(event)]
        case .abstentionRecorded(let event): [abstentionRecorded(event)]
        case .provenanceRecorded(let event): [provenanceRecorded(event)]
        case .environmentObserved(let event): [environmentObserved(event)]
        case .legacyImported(let event): [legacyImported(event)]
        case .waiverRecorded(let event): [waiverRecorded(event)]
        case .breakGlassRecorded(let event): [breakGlassRecorded(event)]
        case .breakGlassReviewed(let event): [breakGlassReviewed(event)]
        case .versionAlerted(let event): [versionAlerted(event, entry.actor)]
        case .tierDetermined(let event): [tierDetermined(event)]
        case .deploymentDecided(let event): deploymentDecided(event, entry)
        case .deploymentConfirmed(let event): [deploymentConfirmed(event)]
        case .deploymentEnded(let event): [deploymentEnded(event)]
        case .runDecided(let event): runDecided(event.decided, entry)
        case .retirementDecided(let event): retirementDecided(event, entry)
        case .holdPlaced(let event): [holdPlaced(event, entry.actor)]
        case .holdReleased(let event): [holdReleased(event)]
        case .subjectErased(let event): [subjectErased(event)]
        case .documentsDisposed(let event): [documentsDisposed(event)]
        }
    }
}

// What can happen: every kind of fact that the log holds, as typed values.
//
// A kind's name and members are a format: once an entry of a kind is signed, its reader stays.

package import CanonicalJSON

/// The facts of one kind of event.
package protocol EventPayload: Sendable, Hashable {
    /// The kind's name in the log, such as `version.submitted`.
    static var kind: String { get }
    /// Reads the members; nil when one is missing or malformed (the reader knows which).
    init?(_ reader: inout EventReader)
    /// The members as JSON.
    var members: [String: JSON] { get }
}

/// One fact of any kind.
package enum Event: Sendable, Hashable {
    case logOpened(LogOpened)
    case serviceStarted(ServiceStarted)
    case rootChanged(RootChanged)
    case policyActivated(PolicyActivated)
    case principalRegistered(PrincipalRegistered)
    case keyAssigned(KeyAssigned)
    case keyRevoked(KeyRevoked)
    case roleAssigned(RoleAssigned)
    case roleRevoked(RoleRevoked)
    case delegationRecorded(DelegationRecorded)
    case delegationRevoked(DelegationRevoked)
    case tokenIssued(TokenIssued)
    case tokenRevoked(TokenRevoked)
    case versionSubmitted(VersionSubmitted)
    case evaluationRecorded(EvaluationRecorded)
    case approvalRecorded(ApprovalRecorded)
    case versionSuspended(VersionSuspended)
    case versionWithdrawn(VersionWithdrawn)
    case versionLifted(VersionLifted)
    case gateAsked(GateAsked)
    case gateDenied(GateDenied)
    case deploymentDecided(DeploymentDecided)
    case deploymentConfirmed(DeploymentConfirmed)
    case deploymentEnded(DeploymentEnded)
    case runDecided(RunDecided)
    case statusListed(StatusListed)
    case retirementDecided(RetirementDecided)
    case holdPlaced(HoldPlaced)
    case holdReleased(HoldReleased)
    case erasureRefused(ErasureRefused)
    case subjectErased(SubjectErased)
    case actorsCounted(ActorsCounted)
    case logHeartbeat(LogHeartbeat)
    case accessRefused(AccessRefused)
    case evidenceRead(EvidenceRead)
    case logRecovered(LogRecovered)
    case restrictionCarried(RestrictionCarried)
    case projectionsDigested(ProjectionsDigested)
    case disposalRefused(DisposalRefused)
    case documentsDisposed(DocumentsDisposed)
    case findingRaised(FindingRaised)
    case findingClosed(FindingClosed)
    case abstentionRecorded(AbstentionRecorded)
    case provenanceRecorded(ProvenanceRecorded)
    case environmentObserved(EnvironmentObserved)
    case legacyImported(LegacyImported)
    case waiverRecorded(WaiverRecorded)
    case breakGlassRecorded(BreakGlassRecorded)
    case breakGlassReviewed(BreakGlassReviewed)
    case versionAlerted(VersionAlerted)
    case tierDetermined(TierDetermined)

    /// The facts, whatever their kind.
    package var payload: any EventPayload {
        switch self {
        case .logOpened(let payload): payload
        case .serviceStarted(let payload): payload
        case .rootChanged(let payload): payload
        case .policyActivated(let payload): payload
        case .principalRegistered(let payload): payload
        case .keyAssigned(let payload): payload
        case .keyRevoked(let payload): payload
        case .roleAssigned(let payload): payload
        case .roleRevoked(let payload): payload
        case .delegationRecorded(let payload): payload
        case .delegationRevoked(let payload): payload
        case .tokenIssued(let payload): payload
        case .tokenRevoked(let payload): payload
        case .versionSubmitted(let payload): payload
        case .evaluationRecorded(let payload): payload
        case .approvalRecorded(let payload): payload
        case .versionSuspended(let payload): payload
        case .versionWithdrawn(let payload): payload
        case .versionLifted(let payload): payload
        case .gateAsked(let payload): payload
        case .gateDenied(let payload): payload
        case .deploymentDecided(let payload): payload
        case .deploymentConfirmed(let payload): payload
        case .deploymentEnded(let payload): payload
        case .runDecided(let payload): payload
        case .statusListed(let payload): payload
        case .retirementDecided(let payload): payload
        case .holdPlaced(let payload): payload
        case .holdReleased(let payload): payload
        case .erasureRefused(let payload): payload
        case .subjectErased(let payload): payload
        case .actorsCounted(let payload): payload
        case .logHeartbeat(let payload): payload
        case .accessRefused(let payload): payload
        case .evidenceRead(let payload): payload
        case .logRecovered(let payload): payload
        case .restrictionCarried(let payload): payload
        case .projectionsDigested(let payload): payload
        case .disposalRefused(let payload): payload
        case .documentsDisposed(let payload): payload
        case .findingRaised(let payload): payload
        case .findingClosed(let payload): payload
        case .abstentionRecorded(let payload): payload
        case .provenanceRecorded(let payload): payload
        case .environmentObserved(let payload): payload
        case .legacyImported(let payload): payload
        case .waiverRecorded(let payload): payload
        case .breakGlassRecorded(let payload): payload
        case .breakGlassReviewed(let payload): payload
        case .versionAlerted(let payload): payload
        case .tierDetermined(let payload): payload
        }
    }

    /// The kind's name in the log.
    package var kind: String { type(of: payload).kind }

    /// Reads an event of the named kind; throws when the kind is unknown or a member is wrong.
    package init(kind: String, members: JSON) throws(EntryError) {
        guard let read = Self.readers[kind] else { throw .unknownKind(kind) }
        var reader = EventReader(members)
        let event = read(&reader)
        if let problem = reader.finish() { throw .malformed("\(kind)\(problem)") }
        guard let event else { throw .malformed(kind) }
        self = event
    }

    /// Every kind this release can read.
    package static var kinds: [String] { readers.keys.sorted() }

    private typealias Read = @Sendable (inout EventReader) -> Event?

    private static let readers: [String: Read] = [
        LogOpened.kind: { LogOpened(&$0).map(Event.logOpened) },
        ServiceStarted.kind: { ServiceStarted(&$0).map(Event.serviceStarted) },
        RootChanged.kind: { RootChanged(&$0).map(Event.rootChanged) },
        PolicyActivated.kind: { PolicyActivated(&$0).map(Event.policyActivated) },
        PrincipalRegistered.kind: { PrincipalRegistered(&$0).map(Event.principalRegistered) },
        KeyAssigned.kind: { KeyAssigned(&$0).map(Event.keyAssigned) },
        KeyRevoked.kind: { KeyRevoked(&$0).map(Event.keyRevoked) },
        RoleAssigned.kind: { RoleAssigned(&$0).map(Event.roleAssigned) },
        RoleRevoked.kind: { RoleRevoked(&$0).map(Event.roleRevoked) },
        DelegationRecorded.kind: { DelegationRecorded(&$0).map(Event.delegationRecorded) },
        DelegationRevoked.kind: { DelegationRevoked(&$0).map(Event.delegationRevoked) },
        TokenIssued.kind: { TokenIssued(&$0).map(Event.tokenIssued) },
        TokenRevoked.kind: { TokenRevoked(&$0).map(Event.tokenRevoked) },
        VersionSubmitted.kind: { VersionSubmitted(&$0).map(Event.versionSubmitted) },
        EvaluationRecorded.kind: { EvaluationRecorded(&$0).map(Event.evaluationRecorded) },
        ApprovalRecorded.kind: { ApprovalRecorded(&$0).map(Event.approvalRecorded) },
        VersionSuspended.kind: { VersionSuspended(&$0).map(Event.versionSuspended) },
        VersionWithdrawn.kind: { VersionWithdrawn(&$0).map(Event.versionWithdrawn) },
        VersionLifted.kind: { VersionLifted(&$0).map(Event.versionLifted) },
        GateAsked.kind: { GateAsked(&$0).map(Event.gateAsked) },
        GateDenied.kind: { GateDenied(&$0).map(Event.gateDenied) },
        DeploymentDecided.kind: { DeploymentDecided(&$0).map(Event.deploymentDecided) },
        DeploymentConfirmed.kind: { DeploymentConfirmed(&$0).map(Event.deploymentConfirmed) },
        DeploymentEnded.kind: { DeploymentEnded(&$0).map(Event.deploymentEnded) },
        RunDecided.kind: { RunDecided(&$0).map(Event.runDecided) },
        StatusListed.kind: { StatusListed(&$0).map(Event.statusListed) },
        RetirementDecided.kind: { RetirementDecided(&$0).map(Event.retirementDecided) },
        HoldPlaced.kind: { HoldPlaced(&$0).map(Event.holdPlaced) },
        HoldReleased.kind: { HoldReleased(&$0).map(Event.holdReleased) },
        ErasureRefused.kind: { ErasureRefused(&$0).map(Event.erasureRefused) },
        SubjectErased.kind: { SubjectErased(&$0).map(Event.subjectErased) },
        ActorsCounted.kind: { ActorsCounted(&$0).map(Event.actorsCounted) },
        LogHeartbeat.kind: { LogHeartbeat(&$0).map(Event.logHeartbeat) },
        AccessRefused.kind: { AccessRefused(&$0).map(Event.accessRefused) },
        EvidenceRead.kind: { EvidenceRead(&$0).map(Event.evidenceRead) },
        LogRecovered.kind: { LogRecovered(&$0).map(Event.logRecovered) },
        RestrictionCarried.kind: { RestrictionCarried(&$0).map(Event.restrictionCarried) },
        ProjectionsDigested.kind: { ProjectionsDigested(&$0).map(Event.projectionsDigested) },
        DisposalRefused.kind: { DisposalRefused(&$0).map(Event.disposalRefused) },
        DocumentsDisposed.kind: { DocumentsDisposed(&$0).map(Event.documentsDisposed) },
        FindingRaised.kind: { FindingRaised(&$0).map(Event.findingRaised) },
        FindingClosed.kind: { FindingClosed(&$0).map(Event.findingClosed) },
        AbstentionRecorded.kind: { AbstentionRecorded(&$0).map(Event.abstentionRecorded) },
        ProvenanceRecorded.kind: { ProvenanceRecorded(&$0).map(Event.provenanceRecorded) },
        EnvironmentObserved.kind: { EnvironmentObserved(&$0).map(Event.environmentObserved) },
        LegacyImported.kind: { LegacyImported(&$0).map(Event.legacyImported) },
        WaiverRecorded.kind: { WaiverRecorded(&$0).map(Event.waiverRecorded) },
        BreakGlassRecorded.kind: { BreakGlassRecorded(&$0).map(Event.breakGlassRecorded) },
        BreakGlassReviewed.kind: { BreakGlassReviewed(&$0).map(Event.breakGlassReviewed) },
        VersionAlerted.kind: { VersionAlerted(&$0).map(Event.versionAlerted) },
        TierDetermined.kind: { TierDetermined(&$0).map(Event.tierDetermined) },
    ]
}

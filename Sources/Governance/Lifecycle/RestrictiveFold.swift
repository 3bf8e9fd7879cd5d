// The gate's own memory, folded from the log alone: no edited row can change it (I6).
//
// Restrictive facts need no signature, so a deleted row could hide one; the gate therefore takes the
// union of rows and this fold, and a restriction ends only when the fold itself has seen its lift.
// Permissive facts count only as signed statements; when the log took each is remembered too, because
// whether its signer was entitled is asked for that moment, and not for one that the signer claims.

package import Cryptography

/// What the log holds against versions, keys and roles; what it lets stand all the same (waivers, emergencies,
/// imports); and what runs.
package struct RestrictiveFold: Sendable {
    /// How many entries of the log are folded in.
    package private(set) var size: Int64 = 0
    /// The pack that was last activated.
    package private(set) var policy: SHA256Digest?
    private var restrictions = SharedLists<VersionReference, Restriction>()
    private var lifts = SharedLists<VersionReference, Lift>()
    private var raised = SharedLists<VersionReference, FindingRaised>()
    private var closures = SharedLists<VersionReference, Closure>()
    private var abstentions = SharedLists<VersionReference, AbstentionRecorded>()
    private var waivers = SharedLists<VersionReference, Taken<WaiverRecorded>>()
    private var brokenGlass = SharedLists<ModelName, Taken<BreakGlassRecorded>>()
    private var glassReviews = SharedLists<VersionReference, Taken<BreakGlassReviewed>>()
    /// What monitors and officers said that calls for another look, in the order of the log.
    package private(set) var alerts = SharedLists<VersionReference, Taken<VersionAlerted>>()
    /// In which tier validators put versions, in the order of the log.
    package private(set) var determinations = SharedLists<
        VersionReference, Taken<TierDetermined>
    >()
    /// Versions that somebody approved, or that were ever permitted.
    private var considered = SharedMap<VersionReference, Bool>()
    /// Keys that were revoked with effect from before, and when the log took that first.
    package private(set) var compromisedKeys = SharedMap<KeyID, Timestamp>()
    /// The packs in force, in the order of the log, each with the moment since when.
    package private(set) var packs: [(digest: SHA256Digest, since: Timestamp)] = []
    /// What the former log held against artifacts.
    private var carried = SharedLists<SHA256Digest, RestrictionCarried>()
    private var deployments = SharedMap<VersionReference, [String: Deployment]>()
    /// Environments in which a version was ever permitted, and when the log last said that anything
    /// came, went or may start there.
    private var places = SharedMap<VersionReference, [EnvironmentName: Timestamp]>()
    /// The last snapshot of each environment.
    private var observations = SharedMap<Namespace, [EnvironmentName: Observation]>()
    /// When the log took each snapshot of an environment, by payload digest.
    private var sightings = SharedMap<SHA256Digest, Sighting>()
    /// What was imported as legacy.
    private var imported = SharedLists<ModelName, Legacy>()
    private var statements = SharedMap<SHA256Digest, Timestamp>()
    /// Keys that do not count for signatures after a moment.
    package private(set) var revokedKeys = SharedMap<KeyID, Timestamp>()
    /// Role assignments and delegations that do not count after a moment, by payload digest.
    package private(set) var revokedAssignments = SharedMap<SHA256Digest, Timestamp>()
    private var revokedTokens = SharedMap<String, Bool>()
    /// The last status list.
    package private(set) var statusList: StatusList?
    /// Holds, retention and erasures.
    package private(set) var personal = PersonalFold()

    package init() {}

    /// Takes in the next entry of the log, in the order of the log.
    package mutating func apply(_ entry: Entry) {
        personal.apply(entry, index: size)
        size += 1
        note(entry)
        switch entry.event {
        case .logOpened(let event):
            policy = event.policy
            packs.append((event.policy, entry.time))
        case .policyActivated(let event):
            policy = event.digest
            if packs.last?.digest != event.digest { packs.append((event.digest, entry.time)) }
        case .keyRevoked(let event):
            revokedKeys[event.key] = min(
                event.effectiveFrom, revokedKeys[event.key] ?? event.effectiveFrom)
            if event.effectiveFrom < entry.time, compromisedKeys[event.key] == nil {
                compromisedKeys[event.key] = entry.time
            }
        case .roleRevoked(let event):
            revokedAssignments[event.assignment] = min(
                event.effectiveFrom, revokedAssignments[event.assignment] ?? event.effectiveFrom)
        case .delegationRevoked(let event):
            revokedAssignments[event.delegation] = min(
                event.effectiveFrom, revokedAssignments[event.delegation] ?? event.effectiveFrom)
        case .tokenRevoked(let event): revokedTokens[event.token] = true
        case .approvalRecorded(let event):
            if let restriction = Restriction(event) { add(restriction, to: event.version) }
            if event.meaning == .approve { considered[event.version] = true }
        case .versionSuspended(let event):
            add(
                Restriction(id: event.restriction, kind: .suspension, reason: event.reason),
                to: event.version)
        case .versionWithdrawn(let event):
            add(
                Restriction(id: event.restriction, kind: .withdrawal, reason: event.reason),
                to: event.version)
        case .restrictionCarried(let event): carried.append(event, to: event.artifact)
        case .versionSubmitted(let event):
            for former in carried[event.artifact] {
                add(
                    Restriction(
                        id: former.id(for: event.version), kind: .suspension,
                        reason: former.reasonHere),
                    to: event.version)
            }
        case .versionLifted(let event):
            lifts.append(Lift(event: event, at: entry.time), to: event.version)
        case .findingRaised(let event): raised.append(event, to: event.version)
        case .findingClosed(let event):
            closures.append(Closure(event: event, at: entry.time), to: event.version)
        case .abstentionRecorded(let event): abstentions.append(event, to: event.version)
        case .waiverRecorded(let event):
            waivers.append(Taken(event: event, at: entry.time), to: event.version)
        case .breakGlassRecorded(let event):
            brokenGlass.append(Taken(event: event, at: entry.time), to: event.version.model)
        case .breakGlassReviewed(let event):
            glassReviews.append(Taken(event: event, at: entry.time), to: event.version)
        case .versionAlerted(let event):
            alerts.append(Taken(event: event, at: entry.time), to: event.version)
        case .tierDetermined(let event):
            determinations.append(Taken(event: event, at: entry.time), to: event.version)
        case .deploymentConfirmed(let event):
            var deployment =
                deployments[event.version]?[event.deployment]
                ?? Deployment(
                    id: event.deployment, version: event.version, environment: event.environment,
                    target: "", use: nil, permit: nil, decision: nil)
            deployment.until = nil
            note(deployment, at: entry.time)
        case .deploymentDecided(let event):
            guard let notAfter = event.notAfter else { break }
            considered[event.version] = true
            note(
                Deployment(
                    id: event.deployment, version: event.version, environment: event.environment,
                    target: event.target, use: event.use, permit: event.permit,
                    decision: event.decision, until: notAfter), at: entry.time)
        case .runDecided(let event):
            guard let notAfter = event.decided.notAfter else { break }
            let id = event.decided.deployment
            guard var deployment = deployments[event.decided.version]?[id] else { break }
            deployment.runUntil = max(notAfter, deployment.runUntil ?? notAfter)
            if deployment.hasEnded { deployment.until = deployment.runUntil }
            note(deployment, at: entry.time)
        case .deploymentEnded(let event):
            guard var deployment = deployments[event.version]?[event.deployment],
                let runUntil = deployment.runUntil
            else {
                deployments[event.version]?[event.deployment] = nil
                noteChange(of: event.version, in: event.environment, at: entry.time)
                break
            }
            deployment.hasEnded = true
            deployment.until = runUntil
            note(deployment, at: entry.time)
        case .legacyImported(let event):
            for item in event.items {
                imported.append(
                    Legacy(
                        item: item, statement: event.statement, document: event.document,
                        at: entry.time),
                    to: item.model)
            }
        case .environmentObserved(let event):
            observations[event.namespace, default: [:]][event.environment] = Observation(
                event: event, at: entry.time)
        case .statusListed(let event):
            statusList = StatusList(event: event, index: size - 1, at: entry.time)
        case .retirementDecided(let event):
            if let certificate = event.certificate {
                add(
                    Restriction(id: certificate.hex, kind: .retirement, reason: event.reason),
                    to: event.version)
            }
        case .serviceStarted, .rootChanged, .principalRegistered, .keyAssigned, .roleAssigned,
            .delegationRecorded, .tokenIssued,
            .evaluationRecorded, .gateAsked, .gateDenied, .holdPlaced,
            .holdReleased, .erasureRefused, .subjectErased,
            .actorsCounted, .logHeartbeat, .accessRefused, .evidenceRead,
            .logRecovered, .projectionsDigested, .disposalRefused, .documentsDisposed,
            .provenanceRecorded:
            break
        }
    }

    private mutating func note(_ deployment: Deployment, at time: Timestamp) {
        noteChange(of: deployment.version, in: deployment.environment, at: time)
        deployments[deployment.version, default: [:]][deployment.id] = deployment
    }

    private mutating func noteChange(
        of version: VersionReference, in environment: EnvironmentName, at time: Timestamp
    ) {
        // A gate that reads ahead may meet entries in another order.
        let last = places[version]?[environment] ?? time
        places[version, default: [:]][environment] = max(last, time)
    }

    private mutating func note(_ entry: Entry) {
        switch entry.event {
        case .versionSubmitted(let event): statements[event.card] = entry.time
        case .evaluationRecorded(let event): statements[event.statement] = entry.time
        case .approvalRecorded(let event): statements[event.statement] = entry.time
        case .environmentObserved(let event):
            let sighting = Sighting(document: event.document, at: entry.time)
            // The first counts: a statement is not taken anew when it is written again.
            if let known = sightings[event.statement], known.at <= sighting.at { break }
            sightings[event.statement] = sighting
        default: break
        }
    }

    /// Whether a token, by its public id, no longer authenticates.
    package func isRevoked(token: String) -> Bool { revokedTokens[token] == true }

    /// When the log took a card, an evaluation or an approval; nil when it never did.
    package func recordedAt(_ statement: SHA256Digest) -> Timestamp? { statements[statement] }

    private mutating func add(_ restriction: Restriction, to version: VersionReference) {
        restrictions.append(restriction, to: version)
    }

    /// Everything that restricted a version, lifted or not.
    package func restrictions(of version: VersionReference) -> [Restriction] {
        restrictions[version]
    }

    /// Every version that anything was ever held against, in order.
    package var restrictedVersions: [VersionReference] {
        restrictions.keys.sorted { $0.description < $1.description }
    }

    /// Every version of which something runs or may be started, in order.
    package func deployedVersions(at now: Timestamp) -> [VersionReference] {
        deployments.keys.filter { !activeDeployments(of: $0, at: now).isEmpty }
            .sorted { $0.description < $1.description }
    }

    /// The lifts of a version's suspensions, in the order of the log.
    package func lifts(of version: VersionReference) -> [Lift] { lifts[version] }

    /// Everything that reviewers found about a version, closed or not, in the order of the log.
    package func findings(of version: VersionReference) -> [FindingRaised] {
        raised[version]
    }

    /// The closures of a version's findings, in the order of the log.
    package func closures(of version: VersionReference) -> [Closure] { closures[version] }

    /// Who abstained or is not to judge a version, in the order of the log.
    package func abstentions(of version: VersionReference) -> [AbstentionRecorded] {
        abstentions[version]
    }

    /// The rules that were set aside for a version, in the order of the log.
    package func waivers(of version: VersionReference) -> [Taken<WaiverRecorded>] {
        waivers[version]
    }

    /// The emergencies of all versions of a model, in the order of the log.
    package func brokenGlass(of model: ModelName) -> [Taken<BreakGlassRecorded>] {
        brokenGlass[model]
    }

    /// The reviews of a version's emergencies, in the order of the log.
    package func glassReviews(of version: VersionReference) -> [Taken<BreakGlassReviewed>] {
        glassReviews[version]
    }

    /// The last version before one of the same model that somebody approved or that was permitted.
    package func predecessor(of version: VersionReference) -> VersionReference? {
        stride(from: version.number - 1, to: 0, by: -1).lazy
            .compactMap { VersionReference(model: version.model, number: $0) }
            .first { considered[$0] == true }
    }

    /// Every version of which something was ever found, in order.
    package var examinedVersions: [VersionReference] {
        raised.keys.sorted { $0.description < $1.description }
    }

    /// What of a model came in as legacy, in the order of the log.
    package func legacy(of model: ModelName) -> [Legacy] { imported[model] }

    /// The same, of certain bytes.
    package func legacy(of model: ModelName, with artifact: SHA256Digest) -> [Legacy] {
        imported[model].filter { $0.item.artifact == artifact }
    }

    /// The snapshot with a statement, ever; nil when the log has none.
    package func sighting(_ statement: SHA256Digest) -> Sighting? { sightings[statement] }

    /// The last snapshot of an environment, as far as it is about a namespace.
    package func observation(
        of environment: EnvironmentName, in namespace: Namespace
    ) -> Observation? {
        observations[namespace]?[environment]
    }

    /// The last snapshots that concern a version: of environments in which it was ever permitted, and
    /// those that show it; in order of the environments.
    package func observations(about version: VersionReference) -> [Observation] {
        let places = places[version] ?? [:]
        return (observations[version.model.namespace] ?? [:])
            .filter { places[$0.key] != nil || $0.value.event.running.contains(version) }
            .values.sorted { $0.event.environment < $1.event.environment }
    }

    /// When the log last said that anything of a version came, went or may start in an environment;
    /// nil when it never did. What was seen there before says nothing of it.
    package func lastChange(
        of version: VersionReference, in environment: EnvironmentName
    ) -> Timestamp? {
        places[version]?[environment]
    }

    /// In how many environments agents looked for what runs of a namespace.
    package func observedEnvironments(of namespace: Namespace) -> Int {
        observations[namespace]?.count ?? 0
    }

    /// What of any version of a namespace runs or may be started in an environment, in order of ids.
    package func activeDeployments(
        in environment: EnvironmentName, of namespace: Namespace, at now: Timestamp
    ) -> [Deployment] {
        deployments.keys.filter { $0.model.namespace == namespace }
            .flatMap { activeDeployments(of: $0, at: now) }
            .filter { $0.environment == environment }.sorted { $0.id < $1.id }
    }

    /// What of a version runs or may be started, by the log.
    package func activeDeployments(
        of version: VersionReference, at now: Timestamp
    ) -> [Deployment] {
        (deployments[version] ?? [:]).values.filter { $0.until.map { now < $0 } ?? true }
            .sorted { $0.id < $1.id }
    }
}

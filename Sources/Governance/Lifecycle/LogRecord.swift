// What the verified log itself says of versions, evidence, tokens and people: rows are only an index to it (I6).
//
// It also checks that the log follows from itself: per subject the numbers of the entries that wrote it
// are 1, 2, 3 …, and what an entry saw of a subject is what the log says of it there. So an entry that is
// put in twice, left out or moved shows, however good its signature.

package import Cryptography

/// The record that gates read from.
package struct LogRecord: Sendable {
    /// A submission and when the log took it.
    package struct Submission: Sendable, Hashable {
        package let event: VersionSubmitted
        package let at: Timestamp
    }

    /// The trust root that the log last named.
    package struct NamedRoot: Sendable, Hashable {
        package let digest: SHA256Digest
        package let version: Int64
    }

    /// Tokens by the hash of their secret.
    package private(set) var tokens = SharedMap<SHA256Digest, TokenIssued>()
    package private(set) var principals = SharedMap<PrincipalID, PrincipalRegistered>()
    package private(set) var trustRoot: NamedRoot?
    private var submissions = SharedMap<VersionReference, Submission>()
    private var evaluations = SharedLists<VersionReference, EvaluationRecorded>()
    private var provenance = SharedLists<VersionReference, ProvenanceRecorded>()
    private var sequences = SharedMap<String, Int64>()
    /// The size of the last digest of the projections, and when it was written; of the empty log, when
    /// it was opened.
    package private(set) var digested: (size: Int64, at: Timestamp)?
    private var isOpened = false
    /// The pack in force: what the log was opened under, then what was activated.
    private var pack: (digest: SHA256Digest, version: Int64)?

    package init() {}

    /// What a version was submitted as.
    package func submission(of version: VersionReference) -> Submission? { submissions[version] }

    /// The versions of a namespace that were submitted with one of these artifacts, by artifact.
    package func versions(
        of namespace: Namespace, with artifacts: Set<SHA256Digest>
    ) -> [SHA256Digest: [VersionReference]] {
        guard !artifacts.isEmpty else { return [:] }
        var versions: [SHA256Digest: [VersionReference]] = [:]
        for version in submissions.keys where version.model.namespace == namespace {
            guard let artifact = submissions[version]?.event.artifact, artifacts.contains(artifact)
            else { continue }
            versions[artifact, default: []].append(version)
        }
        return versions.mapValues { $0.sorted { $0.description < $1.description } }
    }

    /// Every evaluation of a version, in the order of the log.
    package func evaluations(of version: VersionReference) -> [EvaluationRecorded] {
        evaluations[version]
    }

    /// What builders said of a version, in the order of the log.
    package func provenance(of version: VersionReference) -> [ProvenanceRecorded] {
        provenance[version]
    }

    /// Takes in an evaluation that is committed and has no place in the log yet.
    package mutating func readAhead(_ event: EvaluationRecorded) {
        evaluations.append(event, to: event.version)
    }

    /// Takes in a builder's statement that is committed and has no place in the log yet.
    package mutating func readAhead(_ event: ProvenanceRecorded) {
        provenance.append(event, to: event.version)
    }

    /// Takes in the next entry; answers what does not follow from those before it, nil when all does.
    package mutating func apply(_ entry: Entry) -> String? {
        for (name, subject) in entry.subjects {
            let last = sequences[name] ?? 0
            guard subject.seq == (subject.wrote ? last + 1 : last) else {
                return
                    "\(entry.event.kind) has number \(subject.seq) of \(name), the log is at \(last)"
            }
            if subject.wrote { sequences[name] = subject.seq }
        }
        switch entry.event {
        case .logOpened(let event):
            if isOpened { return "the log is opened twice" }
            isOpened = true
            pack = (event.policy, 0)
            digested = (0, entry.time)
            trustRoot = NamedRoot(digest: event.trustRoot, version: event.trustRootVersion)
        case .serviceStarted(let event):
            // An instance that has not heard of a later root yet sets nothing back.
            guard event.trustRootVersion >= trustRoot?.version ?? 0 else { break }
            trustRoot = NamedRoot(digest: event.trustRoot, version: event.trustRootVersion)
        case .rootChanged(let event):
            trustRoot = NamedRoot(digest: event.digest, version: event.version)
        case .logRecovered:
            guard pack?.version == 0 else { return "a log is recovered only where it begins" }
        case .projectionsDigested(let event): digested = (event.size, entry.time)
        case .principalRegistered(let event): principals[event.principal] = event
        case .tokenIssued(let event): tokens[event.hash] = event
        case .versionSubmitted(let event):
            submissions[event.version] = Submission(event: event, at: entry.time)
        case .evaluationRecorded(let event): evaluations.append(event, to: event.version)
        case .provenanceRecorded(let event): provenance.append(event, to: event.version)
        case .policyActivated(let event): return follow(event)
        case .keyAssigned, .keyRevoked, .roleAssigned, .roleRevoked,
            .delegationRecorded, .delegationRevoked,
            .tokenRevoked,
            .approvalRecorded, .versionSuspended, .versionWithdrawn, .versionLifted, .gateAsked,
            .gateDenied, .deploymentDecided, .deploymentConfirmed, .deploymentEnded,
            .runDecided, .statusListed,
            .retirementDecided, .holdPlaced, .holdReleased, .erasureRefused, .subjectErased,
            .actorsCounted, .logHeartbeat, .accessRefused, .evidenceRead,
            .restrictionCarried, .disposalRefused, .documentsDisposed, .findingRaised,
            .findingClosed, .abstentionRecorded, .environmentObserved,
            .legacyImported, .waiverRecorded, .breakGlassRecorded, .breakGlassReviewed,
            .versionAlerted, .tierDetermined:
            break
        }
        return nil
    }

    /// A pack comes after the one it names, with a higher version; the first is what the log was opened
    /// under.
    private mutating func follow(_ event: PolicyActivated) -> String? {
        let version = Int64(event.version) ?? 0
        guard let pack else { return "a policy pack comes before the log is opened" }
        let follows =
            pack.version == 0
            ? event.digest == pack.digest && event.predecessor == nil && version > 0
            : event.predecessor == pack.digest && version > pack.version
        guard follows else {
            return "the policy pack \(event.digest) does not follow \(pack.digest)"
        }
        self.pack = (event.digest, version)
        return nil
    }
}

// What an auditing witness makes of a log: every entry from the first on, judged by the rules of the gate.
//
// It believes the trust root that its operator pinned and those that follow from it, the bytes of the log, and documents that hash to
// the names that entries give them; no row of any table, and not what the service says it decided.
// A violation is
//
//     an entry that cannot be read, is for another log, or is signed by no service key of the root
//     that is in force at its place
//     an entry that does not follow from those before it (LogRecord)
//     an allowed deployment that the same gate, asked again with what the log holds there, denies,
//     or permits for less long
//     a deployment said to run that no permit of the log covers then
//     an emergency that may be reviewed later than the pack in force says
//
// Asked again means: facts from the entries before this one and their documents, the pack that the log
// says is in force, the time of the entry. Three facts cannot be had from outside, and are taken as given: that
// the gate had read the log to its end, and what the caller's verifier found beside the bytes (`uncovered`)
// and in their headers (`contradictions`), which is in the facts that the gate recorded.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import Schema
internal import TransparencyLog

/// A log as read so far.
struct LogAudit: Sendable {
    /// Something that must not be in a log.
    struct Violation: Sendable, Hashable {
        let index: Int64
        let reason: String
    }

    /// The tree of the entries.
    private(set) var tree = CompactRange()
    /// In the order of the log.
    private(set) var violations: [Violation] = []
    /// Of deployments whose documents were not to be had: they stand until an entry disposes of those.
    private var unheard: [VersionReference: [(violation: Violation, missing: Set<SHA256Digest>)]] =
        [:]
    /// Deployments that nobody can judge any more.
    private(set) var unjudged = 0
    /// The pinned root and those that the log put in force after it.
    private(set) var history: RootHistory
    private let schema: JSONSchema
    private let documentCache = DocumentCache()
    private var fold = RestrictiveFold()
    private var record = LogRecord()
    private var identities: IdentityBook
    private var packs: [SHA256Digest: SignedPack] = [:]
    /// The last pack that could be read, which says how many sign the one after it; nil before the first.
    /// One that nobody can read takes nothing back of what the one before it asks for.
    private var inForce: PolicyPack?
    private var approvals: [VersionReference: [SHA256Digest]] = [:]

    /// Most violations that are remembered: one is enough to stop.
    private static let mostViolations = 1_000

    init(root: TrustRoot, schema: JSONSchema) {
        history = RootHistory(root)
        self.schema = schema
        identities = IdentityBook(root: root)
    }

    /// The documents that have to be at hand to take in the next entry.
    func documents(for entry: Entry) -> [SHA256Digest] {
        switch entry.event {
        case .rootChanged(let event): [event.document]
        case .policyActivated(let event): [event.document, event.files]
        case .documentsDisposed(let event): [event.document, event.list]
        case .keyAssigned, .roleAssigned, .delegationRecorded:
            IdentityBook.document(of: entry).map { [$0] } ?? []
        case .deploymentDecided(let event) where event.verdict == .allow:
            documents(toJudge: event, at: entry.time)
        case .runDecided(let event) where event.decided.verdict == .allow:
            documents(toJudge: event.decided, at: entry.time)
        default: []
        }
    }

    private func documents(
        toJudge event: DeploymentDecided, at time: Timestamp
    ) -> [SHA256Digest] {
        let version = event.version
        return [event.facts] + observations(for: event).map(\.event.document)
            + holds(on: version).flatMap { $0.releases.map(\.event.document) }
            + (row(of: version).map {
                DossierSources.documents(
                    of: $0, approvals: approvals[version] ?? [], in: snapshot, at: time)
            } ?? [])
    }

    /// What an agent said last of the environment that a decision is about.
    private func observations(for event: DeploymentDecided) -> [RestrictiveFold.Observation] {
        fold.observation(of: event.environment, in: event.version.model.namespace)
            .map { [$0] } ?? []
    }

    /// Takes in the next entry.
    mutating func append(
        _ examined: ExaminedEntry, documents: [SHA256Digest: [UInt8]]
    ) {
        let index = tree.size
        tree.append(examined.leafHash)
        for fault in examined.faults { note(index, fault.message) }
        guard let entry = examined.entry else { return }
        if case .logOpened(let event) = entry.event, !history.opened(under: event.trustRoot) {
            note(index, "the log began under another trust root, \(event.trustRoot)")
        }
        let root = history.root(at: index)
        if let key = examined.serviceKey, root.serviceKey(key, at: entry.time) == nil {
            note(index, "the service key \(key) does not count there")
        }
        if let problem = record.apply(entry) { note(index, problem) }
        let missing = missing(for: entry, in: documents)
        for reason in objections(to: entry, documents, under: root) {
            if let (version, missing) = missing, !missing.isEmpty {
                unheard[version, default: []].append(
                    (Violation(index: index, reason: reason), missing))
            } else {
                note(index, reason)
            }
        }
        fold.apply(entry)
        identities.apply(
            entry, document: IdentityBook.document(of: entry).flatMap { documents[$0] })
        switch entry.event {
        case .rootChanged(let event):
            if let problem = history.changed(event, documents[event.document], at: index) {
                note(index, problem)
            }
            identities.rotate(to: history.root(at: index + 1))
        case .approvalRecorded(let event):
            approvals[event.version, default: []].append(event.document)
        case .documentsDisposed(let event):
            if let reason = excuse(event, entry, documents) { note(index, reason) }
        case .policyActivated(let event):
            follow(event, documents, under: root, at: index)
        default: break
        }
    }

    private mutating func follow(
        _ event: PolicyActivated, _ documents: [SHA256Digest: [UInt8]], under root: TrustRoot,
        at index: Int64
    ) {
        guard let envelope = documents[event.document].flatMap({ try? Envelope(parsing: $0) }),
            let files = documents[event.files],
            let pack = try? PackStore(root: root).verify(envelope, files: files),
            pack.pack.digest == event.digest
        else { return }
        packs[event.digest] = pack
        let former = inForce
        inForce = pack.pack
        let problem = former?.problem(
            withActivationBy: envelope.verify(with: root.custodians).count,
            threshold: root.threshold, development: root.development)
        if let problem { note(index, "the pack in force before asks for more: \(problem)") }
    }

    /// Everything that must not be in the log, in its order; what could not be judged is among it until
    /// the log says that its documents were disposed of.
    var standing: [Violation] {
        (violations + unheard.values.flatMap { $0.map(\.violation) }).sorted { $0.index < $1.index }
    }

    /// What an allowed deployment rests on and nobody has.
    private func missing(
        for entry: Entry, in documents: [SHA256Digest: [UInt8]]
    ) -> (VersionReference, Set<SHA256Digest>)? {
        let decided: DeploymentDecided
        switch entry.event {
        case .deploymentDecided(let event): decided = event
        case .runDecided(let event): decided = event.decided
        default: return nil
        }
        guard decided.verdict == .allow else { return nil }
        let wanted = self.documents(for: entry).filter { documents[$0] == nil }
        return (decided.version, Set(wanted))
    }

    /// Drops what could not be judged because of documents that were disposed of; answers why the
    /// disposal itself does not count.
    private mutating func excuse(
        _ event: DocumentsDisposed, _ entry: Entry, _ documents: [SHA256Digest: [UInt8]]
    ) -> String? {
        let submission = record.submission(of: event.version)?.event
        let problem = event.problem(
            list: documents[event.list], request: documents[event.document], identities,
            submitters: Set([submission?.submitter, submission?.person].compactMap(\.self)),
            in: entry)
        if let problem { return "\(event.version): the disposal does not count: \(problem)" }
        let gone = Set(documents[event.list].flatMap(DisposalList.init(parsing:))?.documents ?? [])
        let waiting = unheard[event.version] ?? []
        let left = waiting.filter { !$0.missing.isSubset(of: gone) }
        unjudged +=
            Set(waiting.map(\.violation.index)).subtracting(left.map(\.violation.index)).count
        unheard[event.version] = left.isEmpty ? nil : left
        return nil
    }

    private mutating func note(_ index: Int64, _ reason: String) {
        guard violations.count < Self.mostViolations else { return }
        violations.append(Violation(index: index, reason: reason))
    }

    /// What the log says so far.
    private var snapshot: Follower.Snapshot {
        Follower.Snapshot(fold: fold, record: record, identities: identities)
    }

    /// The version as the log has it.
    private func row(of version: VersionReference) -> VersionRow? {
        record.submission(of: version).flatMap { VersionRow($0, state: "open") }
    }

    private mutating func objections(
        to entry: Entry, _ documents: [SHA256Digest: [UInt8]], under root: TrustRoot
    ) -> [String] {
        switch entry.event {
        case .deploymentDecided(let event) where event.verdict == .allow:
            return objections(to: event, entry, documents, under: root).map {
                "\(event.version) was allowed in \(event.environment): \($0)"
            }
        case .runDecided(let event) where event.decided.verdict == .allow:
            let decided = event.decided
            let about = "\(decided.version) may be started again in \(decided.environment): "
            let runs = fold.activeDeployments(of: decided.version, at: entry.time).contains {
                $0.id == decided.deployment && $0.environment == decided.environment
                    && $0.target == decided.target && $0.use == decided.use && $0.runs
            }
            return (runs ? [] : [about + "no such deployment runs (\(decided.deployment))"])
                + objections(to: decided, entry, documents, under: root).map { about + $0 }
        case .deploymentConfirmed(let event):
            // A permit may be confirmed up to its last millisecond.
            let isCovered = fold.activeDeployments(
                of: event.version, at: entry.time.adding(milliseconds: -1)
            ).contains {
                $0.id == event.deployment && $0.environment == event.environment && !$0.hasEnded
            }
            return isCovered
                ? []
                : [
                    "\(event.version) is said to run in \(event.environment) without a permit"
                        + " (\(event.deployment))"
                ]
        case .breakGlassRecorded(let event):
            let problem = fold.policy.flatMap { packs[$0] }.flatMap {
                event.reviewProblem(under: $0.pack)
            }
            return problem.map { ["the glass was broken for \(event.version), but \($0)"] } ?? []
        default: return []
        }
    }

    /// Why the gate should not have allowed this.
    private func objections(
        to event: DeploymentDecided, _ entry: Entry, _ documents: [SHA256Digest: [UInt8]],
        under root: TrustRoot
    ) -> [String] {
        guard let row = row(of: event.version) else { return ["the log has no such version"] }
        guard let active = fold.policy.flatMap({ packs[$0] }) else {
            return ["the log shows no policy pack in force"]
        }
        guard let actor = entry.actor else { return ["nobody asked for it"] }
        let requestPack = packs[row.policy]
        let snapshot = snapshot
        let dossier = Dossier(
            DossierSources(
                root: root, schema: schema, cache: documentCache, row: row, snapshot: snapshot,
                chain: identities.chain, pack: active, requestPack: requestPack,
                approvals: approvals[event.version] ?? [], documents: documents,
                restrictions: [], findings: [], recused: [],
                holds: standingHolds(on: event.version, snapshot, documents, under: root),
                deployments: fold.activeDeployments(of: event.version, at: entry.time).map {
                    DeploymentFact(id: $0.id, environment: $0.environment)
                },
                observations: observations(for: event),
                packs: active.pack.comparesPacks
                    ? fold.packs.map { Registry.inForce($0.digest, $0.since, packs[$0.digest]) }
                    : [],
                now: entry.time))
        let told = CallersWord(facts: documents[event.facts])
        let facts = dossier.deployFacts(
            presented: event.artifact, environment: event.environment,
            target: event.target, use: event.use,
            requester: requester(actor, in: event.version.model.namespace, at: entry.time),
            fold: FoldFact(healthy: true, lagEntries: 0), uncovered: told.uncovered,
            contradictions: told.contradictions)
        let decision = active.pack.decide(
            gate: .deploy, subject: .version(event.version), facts: facts.json, now: entry.time)
        var objections = decision.denials.map { "\($0.id) \($0.reason ?? $0.title)" }
        if let late = entry.event.permitProblem(decision, tier: row.tier, under: active.pack) {
            objections.append(late)
        }
        if let tier = tier(of: documents[row.cardDocument], under: requestPack), tier != row.tier {
            objections.append("its tier is \(tier), not \(row.tier)")
        }
        return objections
    }

    private func holds(on version: VersionReference) -> [PersonalFold.Hold] {
        fold.personal.holds.values.filter { $0.placed.scope == .version(version) }
    }

    /// Holds that nobody entitled has released.
    private func standingHolds(
        on version: VersionReference, _ snapshot: Follower.Snapshot,
        _ documents: [SHA256Digest: [UInt8]], under root: TrustRoot
    ) -> [RestrictionFact] {
        holds(on: version).filter {
            Registry.inForce($0, snapshot, root: root, documents: documents)
        }.map {
            RestrictionFact(
                kind: .hold, id: $0.placed.hold, source: .log, reason: $0.placed.reason)
        }
    }

    private func requester(
        _ actor: PrincipalID, in namespace: Namespace, at time: Timestamp
    ) -> HolderFact {
        let chain = identities.chain
        return HolderFact(
            principal: actor, person: chain.person(of: record.principals[actor]?.person ?? actor),
            roles: Set(chain.roles(of: actor, in: namespace, at: time).map(\.role)).sorted())
    }

    /// The tier that follows from the card; nil when card or pack cannot be read.
    private func tier(of document: [UInt8]?, under pack: SignedPack?) -> Tier? {
        guard let pack, let document, let envelope = try? Envelope(parsing: document),
            let statement = try? Statement(parsing: envelope.payload),
            let card = try? CardStatement(reading: statement, schema: schema)
        else { return nil }
        return pack.pack.tier(of: card.card.json).tier
    }
}

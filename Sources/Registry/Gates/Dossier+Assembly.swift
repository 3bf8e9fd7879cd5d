// A dossier from what was read, wherever it was read: the gate reads rows and log under locks, a witness
// that audits reads the log alone. Both judge with this.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import Schema

/// What a dossier is made of.
struct DossierSources {
    /// Whom to believe.
    let root: TrustRoot
    /// The card's schema.
    let schema: JSONSchema
    let cache: DocumentCache
    /// The version as the log has it.
    let row: VersionRow
    /// What the log says at this moment.
    let snapshot: Follower.Snapshot
    /// Keys and roles, perhaps with revocations that somebody else has seen.
    let chain: TrustChain
    let pack: SignedPack
    /// The pack that the version was submitted under.
    let requestPack: SignedPack?
    /// The documents that hold statements on the version, by digest of the document.
    let approvals: [SHA256Digest]
    /// All documents that could be read.
    let documents: [SHA256Digest: [UInt8]]
    /// What rows alone hold against the version; nothing when the log alone is asked.
    let restrictions: [RestrictionRow]
    /// Findings that are open by rows alone.
    let findings: [FindingRow]
    /// Who is not to judge the version, by rows alone.
    let recused: [PrincipalID]
    /// Holds that nobody entitled has released.
    let holds: [RestrictionFact]
    let deployments: [DeploymentFact]
    /// The last snapshots of environments to learn about.
    let observations: [RestrictiveFold.Observation]
    /// The packs that were in force so far, where the present one asks.
    let packs: [ReviewHistory.PackInForce]
    let now: Timestamp
    /// What was over by then is left out; nil for now.
    var since: Timestamp?

    /// The documents that a dossier needs, without those of the pack.
    ///
    /// - Parameter time: what was over by then is left out.
    static func documents(
        of row: VersionRow, approvals: [SHA256Digest], in snapshot: Follower.Snapshot,
        at time: Timestamp
    ) -> [SHA256Digest] {
        approvals + snapshot.record.evaluations(of: row.reference).map(\.document)
            + snapshot.fold.lifts(of: row.reference).map(\.event.document)
            + snapshot.fold.closures(of: row.reference).map(\.event.document)
            + snapshot.fold.legacy(of: row.reference.model, with: row.artifact).map(\.document)
            + snapshot.fold.determinations[row.reference].map(\.event.document)
            + waivers(of: row.reference, at: time, in: snapshot.fold).map(\.event.document)
            + emergencies(of: row.reference, in: snapshot.fold)
            + [row.cardDocument, row.manifestDocument, row.signatureDocument]
    }
}

extension Dossier {
    /// Examines the sources; `stored` is the version's row, when there is one beside the log.
    init(_ sources: DossierSources, stored: VersionRow? = nil) {
        let (row, documents) = (sources.row, sources.documents)
        let evaluations = sources.snapshot.record.evaluations(of: row.reference).map(\.document)
        var examiner = Examiner(
            root: sources.root, identities: sources.snapshot.identities,
            cache: sources.cache, chain: sources.chain, schema: sources.schema,
            pack: sources.pack.pack, fold: sources.snapshot.fold, now: sources.now,
            delegation: sources.requestPack?.pack.delegation)
        func document(_ digest: SHA256Digest) -> StoredDocument? {
            documents[digest].map { StoredDocument($0, digest: digest) }
        }
        let manifest = document(row.manifestDocument).flatMap {
            examiner.manifest($0, digest: row.artifact)
        }
        let signature = examiner.signature(documents[row.signatureDocument], manifest, row)
        let authors = Dossier.authors(row, sources.chain, signature.signer)
        let findings = sources.openFindings(authors)
        let recused = sources.recusedPeople
        let tiers = sources.tiers(authors, without: recused)
        examiner.determined = tiers.determined
        let card = examiner.card(document(row.cardDocument), row)
        let approvals = sources.approvals.compactMap(document)
            .compactMap { examiner.approval($0, row) }
        let alarms = Self.alarms(
            stored ?? row, row, card, missing: evaluations.filter { documents[$0] == nil })
        self.init(
            row: row, snapshot: sources.snapshot, chain: sources.chain, pack: sources.pack,
            requestPack: sources.requestPack, card: card, manifest: manifest,
            signature: signature,
            approvals: approvals.map { Self.counting($0.fact, without: recused) },
            approvalKeys: Dictionary(
                approvals.map { ($0.fact.digest, $0.keys) }, uniquingKeysWith: { $0.union($1) }),
            reviews: ReviewHistory(
                of: row.reference, in: sources.snapshot.fold, packs: sources.packs,
                at: sources.now),
            tiers: tiers,
            evaluations: evaluations.compactMap(document)
                .compactMap { examiner.recordedEvaluation($0, row, by: authors) },
            restrictions: Self.union(sources.restrictions, sources.standing(authors, tiers))
                + sources.holds + findings.compactMap { $0.restriction(at: sources.now) } + alarms,
            findings: findings.map(\.fact), recused: recused,
            waivers: sources.waivers(authors, without: recused),
            emergencies: sources.emergencies(authors, without: recused),
            deployments: sources.deployments, seen: sources.seen, legacy: sources.legacy(authors),
            now: sources.now)
    }

    /// What the rows or documents say otherwise than the log: each denies until it is settled.
    private static func alarms(
        _ stored: VersionRow, _ row: VersionRow, _ card: CardFact?, missing: [SHA256Digest]
    ) -> [RestrictionFact] {
        func alarm(_ id: String, _ reason: String) -> RestrictionFact {
            RestrictionFact(kind: .alarm, id: id, source: .log, reason: reason)
        }
        var alarms: [RestrictionFact] = []
        if stored != row {
            alarms.append(alarm("row-altered", "registry.version is not what the log says"))
        }
        for finding in card?.findings ?? [] {
            alarms.append(alarm("card-\(finding)", "the card does not count: \(finding)"))
        }
        for document in missing {
            alarms.append(alarm("document-missing", "the evaluation \(document) is missing"))
        }
        return alarms
    }

    private static func union(
        _ rows: [RestrictionRow], _ fold: [RestrictiveFold.Restriction]
    ) -> [RestrictionFact] {
        var facts: [String: RestrictionFact] = [:]
        for row in rows {
            facts[row.id] = RestrictionFact(
                kind: RestrictionFact.Kind(rawValue: row.kind) ?? .hold, id: row.id, source: .rows,
                reason: row.reason)
        }
        for restriction in fold {
            let kind = RestrictionFact.Kind(rawValue: restriction.kind.rawValue) ?? .hold
            facts[restriction.id] = RestrictionFact(
                kind: kind, id: restriction.id,
                source: facts[restriction.id] == nil ? .log : .both, reason: restriction.reason)
        }
        return facts.values.sorted { $0.id < $1.id }
    }
}

// Tells the whole history of a model, with a proof for every line to one published checkpoint.
//
// The log is read twice, each time by one scan with a coarse filter in the database (an entry's bytes
// contain the subject's name in quotes); what belongs into the report is then decided on the entries
// themselves. Rows of projections are not asked: a report is of the log.

package import CanonicalJSON
internal import Cryptography
internal import Database
package import Governance
internal import TransparencyLog

extension Registry {
    /// Most entries of one report.
    static let mostReportLines = 20_000
    /// Most identity entries that are read to find who holds which key.
    static let mostIdentityEntries = 200_000

    /// Roles that may see the printed names of people, in their namespaces.
    static let nameReaders: Set<Role> = [
        .auditor, .complianceOfficer, .riskOfficer, .administrator,
    ]

    /// The history of a model up to the checkpoint that is published now.
    package func report(model: ModelName, for caller: Caller) async throws -> ModelReport {
        let held = roles(of: caller, in: model.namespace, at: clock())
        let withholdsNames = held.isDisjoint(with: Self.nameReaders)
        let snapshot = follower.snapshot
        guard let published = snapshot.published else {
            throw Refusal(.busy, "log-not-published", "The log has no checkpoint yet.")
        }
        let size = published.checkpoint.size
        let source = try await database.read { db -> ModelReport.Source in
            let (chosen, documents) = try ReportReader(
                model: model, size: size, counted: snapshot.stated.index
            ).read(db)
            guard chosen.contains(where: { Self.brings($0.entry, model) }) else {
                throw Refusal(.notFound, "model-unknown", "The log has no version of \(model).")
            }
            return ModelReport.Source(
                model: model, asOf: clock(), checkpoint: published.checkpoint, note: published.note,
                trustRoot: .init(root), lines: try Self.lines(chosen, published, db),
                names: withholdsNames ? [:] : try names(in: chosen.map(\.entry), db),
                withholdsNames: withholdsNames, documents: documents,
                completeness: Self.completeness(snapshot.stated, model, chosen, documents))
        }
        return ModelReport(source)
    }

    /// What the last count says of the subjects and people of a report.
    private static func completeness(
        _ stated: EntryCounts.Stated, _ model: ModelName, _ chosen: [FoundEntry],
        _ documents: [SHA256Digest: [UInt8]]
    ) -> ReportCompleteness? {
        // Whom it concerns is asked of the lines alone, as a checker will.
        var scope = ReportScope(model: model, identities: chosen.map(\.entry))
        for entry in chosen.map(\.entry) {
            _ = scope.meet(entry, documents: entry.documents.compactMap { documents[$0] })
        }
        let subjects = chosen.flatMap { $0.entry.subjects.filter(\.value.wrote).keys }
            .filter(scope.isComplete)
        return ReportCompleteness(stated, subjects: Set(subjects), people: scope.people)
    }

    /// Whether an entry makes the model known.
    private static func brings(_ entry: Entry, _ model: ModelName) -> Bool {
        switch entry.event {
        case .versionSubmitted(let event): event.version.model == model
        case .legacyImported(let event): event.items.contains { $0.model == model }
        default: false
        }
    }

    /// The entries with their proofs; one that is not in the published tree is an error.
    private static func lines(
        _ chosen: [FoundEntry], _ published: Published, _ db: borrowing Connection
    ) throws -> [ReportLine] {
        let size = published.checkpoint.size
        var ids: Set<TileID> = []
        for found in chosen {
            ids.formUnion(try InclusionProof.tiles(index: found.index, treeSize: size))
        }
        let ordered = ids.sorted()
        let tiles = try TileSet(ordered, LogTiles.load(ordered, db))
        return try chosen.map { found in
            let proof = try InclusionProof(index: found.index, treeSize: size, from: tiles)
            let line = try ReportLine(index: found.index, bytes: found.bytes, proof: proof.hashes)
            let verdict = proof.check(leafHash: line.leafHash, root: published.checkpoint.root)
            guard verdict.holds else {
                throw Refusal(
                    .halted, "log-inconsistent",
                    "The entry at index \(found.index) is not the one that the log has signed.")
            }
            return line
        }
    }

    /// Printed names of those registered, as far as they are not erased.
    private func names(
        in entries: [Entry], _ db: borrowing Connection
    ) throws -> [PrincipalID: ModelReport.PrintedName] {
        var commitments: [PrincipalID: SHA256Digest] = [:]
        for case .principalRegistered(let event) in entries.map(\.event) {
            commitments[event.principal] = event.name
        }
        // Whatever rows somebody brought back: what the log says is erased is not shown.
        for case .subjectErased(let event) in entries.map(\.event) {
            if case .principal(let principal) = event.subject { commitments[principal] = nil }
        }
        let values = try vault.reveal(commitments.values.sorted(), db)
        return commitments.compactMapValues { commitment in
            guard let opened = values[commitment], let name = opened.value.string else {
                return nil
            }
            return ModelReport.PrintedName(value: name, salt: opened.salt)
        }
    }
}

/// An entry with its place, as read for a report.
struct FoundEntry: Sendable {
    let index: Int64
    let bytes: [UInt8]
    let entry: Entry
}

/// Finds the entries of a report in the log.
private struct ReportReader {
    let model: ModelName
    let size: Int64
    /// Index of the last count of entries.
    let counted: Int64?

    private static let identityKinds = [
        PrincipalRegistered.kind, KeyAssigned.kind, RoleAssigned.kind, DelegationRecorded.kind,
    ]
    private static let foundationKinds = [
        LogOpened.kind, RootChanged.kind, PolicyActivated.kind, ServiceStarted.kind,
    ]

    /// The entries in log order, and the documents that they name.
    func read(
        _ db: borrowing Connection
    ) throws -> (chosen: [FoundEntry], documents: [SHA256Digest: [UInt8]]) {
        let kinds = Self.foundationKinds + Self.identityKinds
        let first = try find(
            ["\"model/\(model)\"", "\"version/\(model)@"] + kinds.map { "\"kind\":\"\($0)\"" },
            limit: Registry.mostIdentityEntries, db)
        let identities = first.filter { Self.identityKinds.contains($0.entry.event.kind) }
        var scope = ReportScope(model: model, identities: identities.map(\.entry))
        var chosen = first.filter { scope.isAboutModel($0.entry) }
        var documents = try load(chosen, db)
        for found in chosen { meet(found, documents, &scope) }
        // Each round adds those who signed for somebody that the round before added.
        var waiting = identities
        while true {
            let concerned = waiting.filter { scope.isAboutPeople($0.entry) }
            guard !concerned.isEmpty else { break }
            waiting.removeAll { scope.isAboutPeople($0.entry) }
            documents.merge(try load(concerned, db)) { known, _ in known }
            for found in concerned { meet(found, documents, &scope) }
        }
        let aboutPeople = try find(
            scope.people.sorted().map { "\"principal/\($0)\":{" }, limit: Registry.mostReportLines,
            db
        ).filter { scope.isAboutPeople($0.entry) }
        documents.merge(try load(aboutPeople, db)) { known, _ in known }
        chosen += aboutPeople
        chosen += Self.starts(first, naming: Set(chosen.compactMap(\.entry.configuration)))
        if let counted { chosen.append(try load(at: counted, db)) }
        var byIndex: [Int64: FoundEntry] = [:]
        for found in chosen { byIndex[found.index] = found }
        guard byIndex.count <= Registry.mostReportLines else {
            throw Refusal(
                .tooLarge, "report-too-large",
                "The history of \(model) has more than \(Registry.mostReportLines) entries.")
        }
        let ordered = byIndex.values.sorted { $0.index < $1.index }
        documents.merge(try load(ordered, db)) { known, _ in known }
        return (ordered, documents)
    }

    private func load(at index: Int64, _ db: borrowing Connection) throws -> FoundEntry {
        let bytes = try db.one(
            """
            SELECT e.bytes FROM audit.leaf l JOIN audit.entry e ON e.id = l.entry_id
            WHERE l.index = \(index)
            """, as: [UInt8].self)
        return FoundEntry(
            index: index, bytes: bytes,
            entry: try Entry(parsing: SignedEntry(parsing: bytes).payload))
    }

    private func meet(
        _ found: FoundEntry, _ documents: [SHA256Digest: [UInt8]], _ scope: inout ReportScope
    ) {
        _ = scope.meet(found.entry, documents: found.entry.documents.compactMap { documents[$0] })
    }

    /// The first start of a service under each configuration.
    private static func starts(
        _ found: [FoundEntry], naming configurations: Set<SHA256Digest>
    ) -> [FoundEntry] {
        var seen: Set<SHA256Digest> = []
        return found.filter { found in
            guard case .serviceStarted(let event) = found.entry.event else { return false }
            return configurations.contains(event.configuration)
                && seen.insert(event.configuration).inserted
        }
    }

    private func load(
        _ found: [FoundEntry], _ db: borrowing Connection
    ) throws -> [SHA256Digest: [UInt8]] {
        try Documents.load(Set(found.flatMap(\.entry.documents)).sorted(), db)
    }

    /// The entries below the report's size whose bytes contain one of the texts.
    private func find(
        _ texts: [String], limit: Int, _ db: borrowing Connection
    ) throws -> [FoundEntry] {
        let rows = try db.all(
            """
            SELECT l.index, e.bytes FROM audit.leaf l
            JOIN audit.entry e ON e.id = l.entry_id
            WHERE l.index < \(size)
                AND EXISTS (SELECT FROM unnest(\(texts.map { Array($0.utf8) })) AS needle
                            WHERE position(needle IN e.bytes) > 0)
            ORDER BY l.index LIMIT \(Int64(limit) + 1)
            """, as: (Int64, [UInt8]).self)
        guard rows.count <= limit else {
            throw Refusal(
                .tooLarge, "report-too-large", "More than \(limit) entries would have to be read.")
        }
        return try rows.map { index, bytes in
            FoundEntry(
                index: index, bytes: bytes,
                entry: try Entry(parsing: SignedEntry(parsing: bytes).payload))
        }
    }
}

extension ReportCheck {
    /// Checks a report whose policy packs are read as the service reads them.
    package static func check(
        _ report: JSON, root: TrustRoot, acceptingDevelopment: Bool = false
    ) -> ReportVerdict {
        check(report, root: root, acceptingDevelopment: acceptingDevelopment) { document in
            try? PolicyPack.parse(PackFiles.read(document))
        }
    }
}

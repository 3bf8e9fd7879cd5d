// Brings in models that ran before anybody asked for approval.
//
// An import permits, as far as the pack says and until its date: so it counts only as a statement of two
// officers, read again at each gate (I6). Rows are an index to it.

package import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance

extension Registry {
    /// Records what two officers say runs already.
    package func importLegacy(_ envelope: Envelope, _ request: Request) async throws -> Outcome {
        let caller = try caller(of: request)
        let imported = try read(
            envelope, "import-malformed", "The statement is no import of legacy."
        ) { (statement: Statement) throws(JSONFindings) in
            try LegacyImport(reading: statement)
        }
        let keys = try verified(envelope, by: 2, "import-not-entitled")
        let document = envelope.canonicalBytes
        let subjects = Subjects(
            written: Set(imported.items.map { Subjects.model($0.model) }),
            read: [
                Subjects.principal(caller.principal),
                Subjects.principal(imported.complianceOfficer.principal),
                Subjects.principal(imported.secondOfficer.principal),
            ])
        return try await record(request, subjects, alone: true) { db, now in
            let (snapshot, chain) = try identities(db)
            let problems = imported.problems(
                signers: keys, chain: chain, origin: root.origin, at: now)
            guard problems.isEmpty else {
                throw Refusal(
                    .unprocessable, "import-not-entitled",
                    "The statement does not count: "
                        + problems.map(\.message).joined(separator: " "),
                    findings: problems,
                    hint: "A compliance officer and a risk officer or validator sign an import.",
                    offence: .statementInvalid)
            }
            for item in imported.items {
                let earlier = snapshot.fold.legacy(of: item.model).filter {
                    $0.item.isSamePlace(as: item)
                }
                guard let dueAt = earlier.map(\.item.dueAt).min() else { continue }
                // One that does not count, for a signer's key was stolen or a signer made these bytes'
                // version, is in nobody's way.
                let documents = try documentCache.load(earlier.map(\.document), db)
                let authors = item.authors(snapshot, chain)
                let known = earlier.contains {
                    $0.counts(
                        in: documents, snapshot, chain, origin: root.origin, documentCache,
                        authors: authors)
                }
                guard !known else {
                    throw Refusal(
                        .conflict, "legacy-known",
                        "\(item.model) with these bytes is imported in \(item.environment) already.",
                        hint: "Its date stays: approve it, or end it.")
                }
                guard item.dueAt <= dueAt else {
                    throw Refusal(
                        .conflict, "legacy-later",
                        "\(item.model) with these bytes was due in \(item.environment) by \(dueAt), "
                            + "by an import that no longer counts.",
                        hint: "Nobody moves a date: state this one, or an earlier.")
                }
            }
            return Act(
                .legacyImported(
                    LegacyImported(
                        imported, statement: envelope.payloadDigest,
                        document: SHA256.hash(document))),
                documents: [document])
        }
    }
}

extension DossierSources {
    /// Where the version's bytes came in as legacy, by statements that count.
    func legacy(_ authors: Set<PrincipalID>) -> [RestrictiveFold.Legacy] {
        snapshot.fold.legacy(of: row.reference.model, with: row.artifact)
            .filter {
                $0.counts(
                    in: documents, snapshot, chain, origin: root.origin, cache, authors: authors)
            }
    }
}

extension LegacyImport.Item {
    /// Who submitted versions of the model with these bytes, with all who are the same person.
    fileprivate func authors(
        _ snapshot: Follower.Snapshot, _ chain: TrustChain
    ) -> Set<PrincipalID> {
        let named = snapshot.record.versions(of: model.namespace, with: [artifact])[artifact] ?? []
        let submissions = named.filter { $0.model == model }
            .compactMap { snapshot.record.submission(of: $0)?.event }
        return Set(
            submissions.flatMap { [$0.submitter, $0.person] }.flatMap { chain.linked(to: $0) })
    }
}

extension RestrictiveFold.Legacy {
    /// Whether the statement that it is by counts; `authors` made the version that is asked about.
    fileprivate func counts(
        in documents: [SHA256Digest: [UInt8]], _ snapshot: Follower.Snapshot, _ chain: TrustChain,
        origin: String, _ cache: DocumentCache, authors: Set<PrincipalID> = []
    ) -> Bool {
        guard let bytes = documents[document],
            let reading = cache.legacyImport(StoredDocument(bytes, digest: document)),
            reading.digest == statement, reading.imported.items.contains(item)
        else { return false }
        return reading.imported.problems(
            signers: cache.signers(of: reading.envelope, document: document, snapshot.identities),
            chain: chain, origin: origin, at: at, authors: authors
        ).isEmpty
    }
}

extension Dossier {
    /// What the deploy gate is told of an import.
    func legacyFact(_ presented: SHA256Digest, in environment: EnvironmentName) -> LegacyFact? {
        let found = legacy.first {
            $0.item.environment == environment && $0.item.artifact == presented
        }
        guard let found, !isJudgedUnderAnotherName else { return nil }
        return LegacyFact(
            statement: found.statement.hex, environment: environment, dueAt: found.item.dueAt)
    }

    /// Whether a version of the model with the same bytes was ever suspended, rejected or retired.
    ///
    /// Who submits these bytes anew must not get rid of that alone. A lift brings back that version, and
    /// no other: this one needs its approvals.
    private var isJudgedUnderAnotherName: Bool {
        let model = row.reference.model
        let named = snapshot.record.versions(of: model.namespace, with: [row.artifact])
        return (named[row.artifact] ?? []).contains { version in
            version.model == model && version != row.reference
                && snapshot.fold.restrictions(of: version).contains(where: \.isJudgement)
        }
    }

    /// The imports in the status document of a version.
    var legacyStatus: [JSON] { legacy.map { $0.status(at: now) } }
}

extension RestrictiveFold.Legacy {
    /// As readers see it.
    func status(at now: Timestamp) -> JSON {
        [
            "statement": .digest(statement), "artifact": .digest(item.artifact),
            "environment": .text(item.environment), "importedAt": .text(at),
            "dueAt": .text(item.dueAt), "overdue": .bool(item.dueAt <= now),
        ]
    }
}

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
                signers: snapshot.identities.signers(of: envelope), chain: chain,
                origin: root.origin, at: now)
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
                let known = snapshot.fold.legacy(of: item.model).contains {
                    $0.item.isSamePlace(as: item)
                }
                guard !known else {
                    throw Refusal(
                        .conflict, "legacy-known",
                        "\(item.model) with these bytes is imported in \(item.environment) already.",
                        hint: "Its date stays: approve it, or end it.")
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
    var legacy: [RestrictiveFold.Legacy] {
        snapshot.fold.legacy(of: row.reference.model, with: row.artifact).filter(counts)
    }

    private func counts(_ legacy: RestrictiveFold.Legacy) -> Bool {
        guard let bytes = documents[legacy.document],
            let envelope = try? Envelope(parsing: bytes),
            envelope.payloadType == Statement.payloadType,
            envelope.payloadDigest == legacy.statement,
            let statement = try? Statement(parsing: envelope.payload),
            let signed = try? LegacyImport(reading: statement), signed.items.contains(legacy.item)
        else { return false }
        return signed.problems(
            signers: snapshot.identities.signers(of: envelope), chain: chain, origin: root.origin,
            at: legacy.at
        ).isEmpty
    }
}

extension Dossier {
    /// What the deploy gate is told of an import.
    func legacyFact(_ presented: SHA256Digest, in environment: EnvironmentName) -> LegacyFact? {
        legacy.first { $0.item.environment == environment && $0.item.artifact == presented }.map {
            LegacyFact(
                statement: $0.statement.hex, environment: environment, dueAt: $0.item.dueAt)
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

// Records what builders say of how a version was built: lineage with a signature under it.
//
// The builder is a principal whose key is registered here, and so under the trust root; who hands the
// statement in needs a role, and is not believed about anything. A gate decides nothing by it.

package import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Database
package import Governance

extension Registry {
    /// Most statements on one version.
    private static let mostProvenance: Int64 = 200

    /// Records a builder's statement on a version.
    package func attest(
        _ envelope: Envelope, of reference: VersionReference, _ request: Request
    ) async throws -> Outcome {
        let caller = try caller(of: request)
        try require([.owner, .validator], of: caller, in: reference.model.namespace)
        let evidence: ProvenanceEvidence
        do {
            evidence = try ProvenanceEvidence(reading: envelope)
        } catch {
            throw Refusal(
                .unprocessable, "provenance-malformed", "The statement is no provenance.",
                findings: error.findings.map { JSONFinding(.root, $0.code.rawValue, $0.message) },
                offence: .statementInvalid)
        }
        let document = envelope.canonicalBytes
        let subjects = Subjects(
            written: [Subjects.version(reference)],
            read: [Subjects.principal(caller.principal)])
        return try await record(request, subjects, alone: true) { db, now in
            let dossier = try dossier(of: reference, db, now: now)
            guard dossier.row.state != "retired" else {
                throw Refusal(.conflict, "version-closed", "\(reference) is retired.")
            }
            let signers = dossier.snapshot.identities.signers(of: envelope).sorted()
            guard
                let (key, holder) = signers.lazy.compactMap({ key in
                    dossier.chain.holder(of: key, at: now).map { (key, $0) }
                }).first
            else {
                throw Refusal(
                    .unprocessable, "provenance-not-entitled",
                    "Nobody who is registered here has signed the statement.",
                    hint: "Register the builder: `imprimatur principal add --kind service`.",
                    offence: .statementInvalid)
            }
            guard
                let subject = evidence.subject(
                    artifact: dossier.row.artifact, files: dossier.manifest?.files ?? [])
            else {
                throw Refusal(
                    .unprocessable, "provenance-of-other-artifact",
                    "No subject of the statement is the artifact \(dossier.row.artifact) or one of "
                        + "its files.")
            }
            let name = reference.description
            let (known, count) = try db.one(
                """
                SELECT count(*) FILTER (WHERE statement = \(envelope.payloadDigest.bytes)), count(*)
                FROM registry.provenance WHERE version = \(name)
                """, as: (Int64, Int64).self)
            guard known == 0 else {
                throw Refusal(
                    .conflict, "provenance-known", "This statement is on record already.")
            }
            guard count < Self.mostProvenance else {
                throw Refusal(
                    .conflict, "provenance-too-much",
                    "\(reference) has \(Self.mostProvenance) such statements: no more are taken.")
            }
            return Act(
                .provenanceRecorded(
                    evidence.event(
                        of: reference, document: SHA256.hash(document), subject: subject.digest,
                        file: subject.file, signer: key, principal: holder.principal)),
                documents: [document])
        }
    }

    /// What builders have said of a version, in the order of the log's times.
    static func provenance(
        of reference: VersionReference, _ db: borrowing Connection
    ) throws -> [JSON] {
        try db.all(
            """
            SELECT encode(statement, 'hex'), predicate_type, file, principal, builder, build_type,
                   materials, lineage
            FROM registry.provenance WHERE version = \(reference.description) ORDER BY at, id
            """, as: ProvenanceRow.self
        ).map(\.json)
    }
}

private struct ProvenanceRow: RowDecodable, Sendable {
    let json: JSON

    init(row: inout Row) throws(DatabaseError) {
        var members: [String: JSON] = [:]
        for name in ["statement", "predicateType", "file", "principal", "builder", "buildType"] {
            members[name] = .string(try row.next())
        }
        members["materials"] = .integer(try row.next())
        let lineage: String = try row.next()
        members["lineage"] = (try? JSON(parsing: Array(lineage.utf8))) ?? .null
        json = .object(members)
    }
}

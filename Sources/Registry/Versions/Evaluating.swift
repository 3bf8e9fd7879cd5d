// Records a signed fairness evaluation, after computing every rate again from its counts.

package import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Fairness
package import Governance

extension Registry {
    /// Records an evaluation of a version; its signer must be entitled to evaluate.
    package func recordEvaluation(
        _ envelope: Envelope, of reference: VersionReference, _ request: Request
    ) async throws -> Outcome {
        let caller = try caller(of: request)
        let predicate = try readEvaluation(envelope)
        let document = envelope.canonicalBytes
        let subjects = Subjects(
            written: [Subjects.version(reference)],
            read: [Subjects.principal(caller.principal), Subjects.policy])
        return try await record(request, subjects) { db, now in
            let row = try VersionRow.require(reference, db)
            guard row.state == "open" else {
                throw Refusal(.conflict, "version-closed", "\(reference) is \(row.state).")
            }
            guard let pack = try packs.active(db) else {
                throw Refusal(.conflict, "policy-missing", "No policy pack is in force.")
            }
            let (snapshot, chain) = try identities(db)
            let examiner = Examiner(
                root: root, identities: snapshot.identities, cache: documentCache,
                chain: chain, schema: schema, pack: pack.pack, fold: snapshot.fold, now: now)
            guard
                let fact = examiner.evaluation(
                    StoredDocument(document), row, recordedAt: nil,
                    authors: Dossier.authors(row, chain, nil)),
                fact.artifactDigest == row.artifact
            else {
                throw Refusal(
                    .unprocessable, "evaluation-of-other-artifact",
                    "The evaluation is not of this version's artifact, \(row.artifact).")
            }
            let signers = snapshot.identities.signers(of: envelope)
            guard fact.problems.isEmpty, let signer = signers.sorted().first else {
                throw Refusal(
                    .unprocessable, "evaluation-not-entitled", "The evaluation does not count.",
                    findings: fact.problems.map { JSONFinding(.root, $0, "\($0)") },
                    hint: "It must be signed by a fairness-reviewer or validator of the namespace.",
                    offence: .statementInvalid)
            }
            let exists = try db.one(
                """
                SELECT EXISTS (SELECT FROM registry.evaluation
                               WHERE statement = \(envelope.payloadDigest.bytes))
                """, as: Bool.self)
            guard !exists else {
                throw Refusal(
                    .conflict, "evaluation-exists", "This evaluation is recorded already.")
            }
            return Act(
                .evaluationRecorded(
                    EvaluationRecorded(
                        version: reference, evaluation: "fairness",
                        statement: envelope.payloadDigest, document: SHA256.hash(document),
                        signer: signer, evaluatedAt: predicate.evaluatedAt)),
                documents: [document], policy: pack.pack.digest)
        }
    }

    private func readEvaluation(_ envelope: Envelope) throws(Refusal) -> FairnessPredicate {
        let findings: [JSONFinding]
        do {
            let statement = try Statement(parsing: envelope.payload)
            guard statement.predicateType == FairnessPredicate.type else {
                throw Refusal(
                    .unprocessable, "not-an-evaluation",
                    "The envelope holds no fairness evaluation.")
            }
            return try FairnessPredicate(recomputing: statement.predicate)
        } catch let error as JSONFindings {
            findings = error.findings
        } catch let error as AttestationError {
            findings = error.findings.map { JSONFinding(.root, $0.code.rawValue, $0.message) }
        } catch let error as Refusal {
            throw error
        } catch {
            findings = []
        }
        throw Refusal(
            .unprocessable, "evaluation-malformed",
            "The evaluation does not follow from its counts, or is malformed.", findings: findings)
    }
}

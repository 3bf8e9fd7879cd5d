// Retires a version: verifies its signature again, refuses while it runs, certifies the end.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
package import Governance

extension Registry {
    /// Decides whether a version may be retired, and retires it if so.
    package func retire(
        _ reference: VersionReference, reason: String, successor: VersionReference?,
        _ request: Request
    ) async throws -> GateAnswer {
        let caller = try caller(of: request)
        guard reason.unicodeScalars.count <= Self.longestReason else {
            throw Refusal(
                .unprocessable, "reason-too-long",
                "A reason has at most \(Self.longestReason) characters.")
        }
        let subjects = Subjects(
            written: [Subjects.version(reference)],
            read: [Subjects.principal(caller.principal), Subjects.policy])
        let outcome = try await record(request, subjects, alone: true) { db, now in
            if let successor { _ = try VersionRow.require(successor, db) }
            let dossier = try dossier(of: reference, db, now: now) {
                $0.observations(about: reference)
            }
            let facts = dossier.retireFacts(
                requester: holder(caller, in: reference.model.namespace, dossier.chain, at: now),
                reason: reason, fold: foldFact(dossier.snapshot, now: now)
            ).json
            let decision = dossier.pack.pack.decide(
                gate: .retire, subject: .version(reference), facts: facts, now: now)
            let record = decision.document.canonicalBytes
            var documents = [record, facts.canonicalBytes]
            var certificate: Envelope?
            if decision.verdict == .allow {
                let envelope = try self.certificate(dossier, reason, successor, record, now)
                documents.append(envelope.canonicalBytes)
                certificate = envelope
            }
            return Act(
                .retirementDecided(
                    RetirementDecided(
                        version: reference, verdict: decision.verdict,
                        decision: SHA256.hash(record),
                        facts: SHA256.hash(documents[1]), trustRoot: root.digest,
                        trustRootVersion: root.version, reason: reason,
                        successor: successor?.description ?? "",
                        certificate: certificate?.payloadDigest,
                        certificateDocument: certificate.map { SHA256.hash($0.canonicalBytes) })),
                documents: documents, policy: decision.policyDigest)
        }
        return try await answer(outcome)
    }

    private func certificate(
        _ dossier: Dossier, _ reason: String, _ successor: VersionReference?, _ decision: [UInt8],
        _ now: Timestamp
    ) throws -> Envelope {
        let row = dossier.row
        return try RetirementCertificate(
            origin: root.origin, version: row.reference, artifact: row.artifact, card: row.card,
            decision: SHA256.hash(decision), reason: reason, successor: successor,
            root: .init(version: root.version, digest: root.digest), retiredAt: now,
            development: root.development
        ).statement.sign(with: [permitKey])
    }
}

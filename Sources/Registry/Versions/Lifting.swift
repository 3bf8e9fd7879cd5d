// Lifts a suspension: what one person may impose, the approvers of the version end together (I6).
//
// The log's word that a suspension was lifted is an index, like a row: at each gate the statement is read
// again, and counts only if everybody who signed it was entitled when the log took it. Where it does not
// count, or where rows do not show the lift, the suspension stands.

package import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Governance

extension Registry {
    /// Ends a suspension by a statement that the version's whole quorum has signed.
    package func lift(_ envelope: Envelope, _ request: Request) async throws -> Outcome {
        let caller = try caller(of: request)
        let lift = try readLift(envelope)
        let document = envelope.canonicalBytes
        let reference = lift.version
        let subjects = Subjects(
            written: [Subjects.version(reference)],
            read: Set(lift.signers.map { Subjects.principal($0.principal) })
                .union([Subjects.principal(caller.principal), Subjects.policy]))
        return try await record(request, subjects, alone: true) { db, now in
            let dossier = try dossier(of: reference, db, now: now)
            guard
                dossier.restrictions.contains(where: {
                    $0.kind == .suspension && $0.id == lift.restriction
                })
            else {
                throw Refusal(
                    .conflict, "suspension-unknown",
                    "\(reference) is not suspended by \(lift.restriction).")
            }
            guard !lift.signers.contains(where: { dossier.isRecused($0.principal) }) else {
                throw Refusal(
                    .unprocessable, "signer-recused",
                    "One of the signers is not to judge the version.")
            }
            let problems = lift.problems(
                of: reference, restriction: lift.restriction,
                keys: dossier.snapshot.identities.signers(of: envelope), chain: dossier.chain,
                .init(
                    root.origin, dossier.row, dossier.chain, dossier.requestPack,
                    dossier.signature.signer,
                    dossier.digests), at: now)
            guard problems.isEmpty else {
                throw Refusal(
                    .unprocessable, "lift-not-entitled",
                    "The statement does not lift the suspension: "
                        + problems.map(\.message).joined(separator: " "),
                    findings: problems,
                    hint: "Every role of the tier's approvals signs one and the same statement.")
            }
            return Act(
                .versionLifted(
                    VersionLifted(
                        version: reference, restriction: lift.restriction,
                        statement: envelope.payloadDigest, document: SHA256.hash(document),
                        reason: lift.reason)),
                documents: [document], policy: dossier.requestPack?.pack.digest)
        }
    }

    private func readLift(_ envelope: Envelope) throws(Refusal) -> SuspensionLift {
        let findings: [JSONFinding]
        do {
            return try SuspensionLift(reading: Statement(parsing: envelope.payload))
        } catch let error as JSONFindings {
            findings = error.findings
        } catch let error as AttestationError {
            findings = error.findings.map { JSONFinding(.root, $0.code.rawValue, $0.message) }
        } catch {
            findings = []
        }
        throw Refusal(
            .unprocessable, "lift-malformed", "The statement lifts no suspension.",
            findings: findings)
    }
}

extension SuspensionLift.Case {
    /// The case of a version under the pack that it was submitted under.
    fileprivate init(
        _ origin: String, _ row: VersionRow, _ chain: TrustChain, _ pack: SignedPack?,
        _ artifactSigner: PrincipalID?, _ digests: SignedDigests
    ) {
        self.init(
            origin: origin, digests: digests,
            authors: Dossier.authors(row, chain, artifactSigner),
            places: pack?.pack.approvals[row.tier]?.places ?? [])
    }
}

extension DossierSources {
    /// What the log knows against the version, without the suspensions whose lift counts.
    func standing(_ artifactSigner: PrincipalID?) -> [RestrictiveFold.Restriction] {
        let counting = snapshot.fold.lifts(of: row.reference).filter { lift in
            guard let bytes = documents[lift.event.document],
                let envelope = try? Envelope(parsing: bytes),
                envelope.payloadType == Statement.payloadType,
                envelope.payloadDigest == lift.event.statement,
                let statement = try? Statement(parsing: envelope.payload),
                let signed = try? SuspensionLift(reading: statement)
            else { return false }
            // Evidence that came later voids approvals, but brings no suspension back.
            let digests = SignedDigests(
                card: row.card, artifact: row.artifact, evidence: signed.digests.evidence,
                policy: row.policy)
            return signed.problems(
                of: row.reference, restriction: lift.event.restriction,
                keys: snapshot.identities.signers(of: envelope), chain: chain,
                .init(root.origin, row, chain, requestPack, artifactSigner, digests), at: lift.at
            ).isEmpty
        }
        let lifted = Set(counting.map(\.event.restriction))
        return snapshot.fold.restrictions(of: row.reference).filter {
            $0.kind != .suspension || !lifted.contains($0.id)
        }
    }
}

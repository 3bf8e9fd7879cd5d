// Records what approvers have signed: approvals, rejections, withdrawals.

package import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance

extension Registry {
    /// Records a signed statement on a version's approval request.
    package func recordApproval(_ envelope: Envelope, _ request: Request) async throws -> Outcome {
        let caller = try caller(of: request)
        let approval = try readApproval(envelope)
        let document = envelope.canonicalBytes
        let reference = approval.version
        let subjects = Subjects(
            written: [Subjects.version(reference)],
            read: [
                Subjects.principal(caller.principal), Subjects.principal(approval.signer.principal),
                Subjects.policy,
            ])
        return try await record(request, subjects) { db, now in
            let dossier = try dossier(of: reference, db, now: now)
            guard let pack = dossier.requestPack else {
                throw Refusal(
                    .conflict, "policy-missing", "The pack of this request cannot be read.")
            }
            let examiner = Examiner(
                root: root, identities: dossier.snapshot.identities, signatures: signatures,
                chain: dossier.chain,
                schema: schema, pack: pack.pack, fold: dossier.snapshot.fold, now: now)
            let (problems, person) = examiner.entitlement(of: approval, in: envelope, at: now)
            // What restricts is taken from anybody entitled, whatever else has changed since.
            if approval.meaning == .approve {
                try decide(approval, problems, person, dossier, pack.pack, now)
            } else {
                try acceptObjection(approval, problems, dossier)
            }
            let signers = dossier.snapshot.identities.signers(of: envelope)
            guard let key = signers.sorted().first else {
                throw Refusal(
                    .unprocessable, "not-signed", "Nobody known has signed the statement.")
            }
            return Act(
                .approvalRecorded(
                    ApprovalRecorded(
                        version: reference, request: approval.request.id,
                        statement: envelope.payloadDigest, document: SHA256.hash(document),
                        principal: approval.signer.principal, person: person,
                        role: approval.signer.role, meaning: approval.meaning, key: key,
                        signedAt: approval.signedAt, expiresAt: approval.expiresAt)),
                documents: [document])
        }
    }

    private func decide(
        _ approval: ApprovalStatement, _ problems: [String], _ person: PrincipalID,
        _ dossier: Dossier, _ pack: PolicyPack, _ now: Timestamp
    ) throws(Refusal) {
        let fact = StatementFact(
            verified: problems.isEmpty, problems: problems, person: person, statement: approval)
        let decision = pack.decide(
            gate: .approve, subject: .version(approval.version),
            facts: dossier.approveFacts(fact).json, now: now)
        guard decision.verdict == .allow else { throw Refusal(decision) }
    }

    private func acceptObjection(
        _ objection: ApprovalStatement, _ problems: [String], _ dossier: Dossier
    ) throws(Refusal) {
        guard problems.isEmpty else {
            throw Refusal(
                .unprocessable, "objection-not-entitled",
                "The statement does not count: \(problems.joined(separator: ", ")).",
                findings: problems.map { JSONFinding(.root, $0, $0) })
        }
        guard objection.request == dossier.row.request else {
            throw Refusal(
                .conflict, "request-other",
                "The statement answers another request than the present.")
        }
    }

    private func readApproval(_ envelope: Envelope) throws(Refusal) -> ApprovalStatement {
        let findings: [JSONFinding]
        do {
            return try ApprovalStatement(reading: Statement(parsing: envelope.payload))
        } catch let error as JSONFindings {
            findings = error.findings
        } catch let error as AttestationError {
            findings = error.findings.map { JSONFinding(.root, $0.code.rawValue, $0.message) }
        } catch {
            findings = []
        }
        throw Refusal(
            .unprocessable, "approval-malformed", "The approval statement is not acceptable.",
            findings: findings)
    }
}

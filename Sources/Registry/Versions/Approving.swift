// Records what approvers have signed: approvals, rejections, withdrawals, wishes for changes.

package import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance

extension Registry {
    /// Records a signed statement on a version's approval request.
    package func recordApproval(_ envelope: Envelope, _ request: Request) async throws -> Outcome {
        let caller = try caller(of: request)
        let approval = try readApproval(envelope)
        try requireNoMoreSignatures(envelope, than: 1, "approval-malformed")
        let document = envelope.canonicalBytes
        let reference = approval.version
        let subjects = Subjects(
            written: [Subjects.version(reference)],
            read: [
                Subjects.principal(caller.principal), Subjects.principal(approval.signer.principal),
                Subjects.policy,
            ])
        let outcome = try await record(request, subjects, alone: true) { db, now in
            let dossier = try dossier(of: reference, db, now: now)
            guard let pack = dossier.requestPack else {
                throw Refusal(
                    .conflict, "policy-missing", "The pack of this request cannot be read.")
            }
            let examiner = Examiner(
                root: root, identities: dossier.snapshot.identities, cache: documentCache,
                chain: dossier.chain,
                schema: schema, pack: pack.pack, fold: dossier.snapshot.fold, now: now,
                delegation: pack.pack.delegation)
            var (problems, person) = examiner.entitlement(
                of: approval, in: dossier.row.tier,
                signers: dossier.snapshot.identities.signers(of: envelope), at: now)
            let delegation = dossier.chain.delegation(of: approval)
            // Who is not to judge may still object.
            if approval.meaning == .approve {
                let people = [approval.signer.principal] + (delegation.map { [$0.delegator] } ?? [])
                if people.contains(where: dossier.isRecused) {
                    problems.append(Dossier.recusedProblem)
                }
                problems +=
                    delegation?.conflicts(
                        authors: dossier.authors, priors: dossier.priorStatements) ?? []
            }
            // Signing again with more is cheaper now than when somebody wants to deploy.
            if approval.meaning == .approve,
                let lesser = pack.pack.approvals[dossier.row.tier]?.problem(with: approval.factor)
            {
                problems.append(lesser)
            }
            if !problems.isEmpty {
                problems += dossier.snapshot.identities.passkeyProblems(in: envelope)
                    .map(\.rawValue)
            }
            // What restricts is taken from anybody entitled, whatever else has changed since.
            var records: [[UInt8]] = []
            if approval.meaning == .approve {
                let facts = dossier.approveFacts(
                    StatementFact(
                        verified: problems.isEmpty, problems: problems, person: person,
                        statement: approval, delegation: delegation)
                ).json
                let decision = pack.pack.decide(
                    gate: .approve, subject: .version(reference), facts: facts, now: now)
                records = [decision.document.canonicalBytes, facts.canonicalBytes]
                guard decision.verdict == .allow else {
                    return Act(
                        .gateDenied(
                            GateDenied(
                                gate: .approve, subject: .version(reference),
                                statement: envelope.payloadDigest,
                                decision: SHA256.hash(records[0]), facts: SHA256.hash(records[1]))),
                        documents: records, policy: pack.pack.digest)
                }
            } else {
                try acceptObjection(approval, problems, dossier)
            }
            let signers = dossier.snapshot.identities.signers(of: envelope)
            guard let key = signers.sorted().first else {
                throw Refusal(
                    .unprocessable, "not-signed", "Nobody known has signed the statement.",
                    offence: .statementInvalid)
            }
            return Act(
                .approvalRecorded(
                    ApprovalRecorded(
                        version: reference, request: approval.request.id,
                        statement: envelope.payloadDigest, document: SHA256.hash(document),
                        principal: approval.signer.principal, person: person,
                        role: approval.signer.role, meaning: approval.meaning, key: key,
                        signedAt: approval.signedAt, expiresAt: approval.expiresAt,
                        decision: records.first.map { SHA256.hash($0) },
                        facts: records.last.map { SHA256.hash($0) })),
                documents: [document] + records,
                policy: records.isEmpty ? nil : pack.pack.digest)
        }
        return try await requireAllowed(outcome)
    }

    private func acceptObjection(
        _ objection: ApprovalStatement, _ problems: [String], _ dossier: Dossier
    ) throws(Refusal) {
        guard problems.isEmpty else {
            throw Refusal(
                .unprocessable, "objection-not-entitled",
                "The statement does not count: \(problems.joined(separator: ", ")).",
                findings: problems.map { JSONFinding(.root, $0, $0) }, offence: .statementInvalid)
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

// Records who abstains from judging a version, and who is not to judge it.
//
// A recusal takes away: it counts for whatever the log or a row shows, whatever becomes of its signer's keys
// and roles afterwards, and cannot be taken back.

package import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance

extension Registry {
    /// Records an abstention or a recusal.
    package func abstain(_ envelope: Envelope, _ request: Request) async throws -> Outcome {
        try await recordStatement(
            Abstention.self, envelope, request,
            named: ("abstention", "The statement is no abstention.")
        ) { asked in
            let (abstention, dossier) = (asked.statement, asked.dossier)
            guard dossier.isOpen else {
                throw Refusal(
                    .conflict, "request-closed",
                    "The request on \(abstention.version) is closed.")
            }
            let known = dossier.snapshot.fold.abstentions(of: abstention.version)
            guard
                !known.contains(where: {
                    $0.principal == abstention.signer.principal
                        && ($0.meaning == abstention.meaning || $0.meaning == .recuse)
                })
            else {
                throw Refusal(
                    .conflict, "abstention-known",
                    "\(abstention.signer.principal) has said so already.")
            }
            try asked.require(
                abstention.problems(answering: dossier.row.request, in: asked.scene),
                or: "abstention-not-entitled", "The statement does not count")
            return Act(
                .abstentionRecorded(
                    AbstentionRecorded(
                        abstention, statement: asked.id, document: asked.documentDigest)),
                documents: [asked.document])
        }
    }
}

extension Dossier {
    /// The code of an approval by somebody who is not to judge the version.
    static let recusedProblem = "recused"

    /// Whether this principal, or anybody who is the same person, is not to judge the version.
    func isRecused(_ principal: PrincipalID) -> Bool {
        !recused.isDisjoint(with: chain.linked(to: principal))
    }

    /// An approval, which does not count when its signer, or whom it is given for, is not to
    /// judge the version.
    static func counting(
        _ approval: ApprovalFact, without recused: Set<PrincipalID>
    ) -> ApprovalFact {
        let people = [
            approval.principal, approval.person, approval.delegation?.delegator,
            approval.delegation?.person,
        ].compactMap(\.self)
        guard approval.meaning == .approve, !recused.isDisjoint(with: people) else {
            return approval
        }
        var approval = approval
        approval.valid = false
        approval.problems.append(recusedProblem)
        return approval
    }
}

extension DossierSources {
    /// Who is not to judge the version by rows or log, with all who are the same person.
    var recusedPeople: Set<PrincipalID> {
        let logged = snapshot.fold.abstentions(of: row.reference)
            .filter { $0.meaning == .recuse }.map(\.principal)
        return Set((recused + logged).flatMap { chain.linked(to: $0) })
    }
}

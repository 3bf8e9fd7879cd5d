// Which approvals do not count any more because of what has happened since they were given.

internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Governance

extension Dossier {
    /// Why an approval does not count any more in an environment, as far as the pack in force heeds it.
    func due(_ approval: ApprovalFact, in environment: EnvironmentName) -> [ReviewDue] {
        guard !pack.pack.reviewTriggers.isEmpty else { return [] }
        let taken = snapshot.fold.recordedAt(approval.digest) ?? approval.signedAt
        return pack.pack.heeded(
            reviews.due(
                given: min(approval.signedAt, taken), by: approvalKeys[approval.digest] ?? [],
                in: environment))
    }

    /// The approvals, as the gate is told of them in an environment.
    func approvals(in environment: EnvironmentName) -> [ApprovalFact] {
        outdating { due($0, in: environment) }
    }

    /// The same, wherever they are for.
    var approvalsAnywhere: [ApprovalFact] {
        outdating { approval in
            var seen: Set<ReviewTrigger> = []
            return approval.environments.flatMap { due(approval, in: $0) }
                .filter { seen.insert($0.trigger).inserted }
        }
    }

    private func outdating(_ reasons: (ApprovalFact) -> [ReviewDue]) -> [ApprovalFact] {
        guard !pack.pack.reviewTriggers.isEmpty else { return approvals }
        return approvals.map { approval in
            var approval = approval
            approval.outdated = approval.meaning == .approve ? reasons(approval) : []
            return approval
        }
    }
}

extension Registry {
    /// The packs that were in force so far, where the present one asks what they said.
    func history(
        of packs: [(digest: SHA256Digest, since: Timestamp)], for present: PolicyPack,
        _ db: borrowing Connection
    ) throws -> [ReviewHistory.PackInForce] {
        guard present.comparesPacks else { return [] }
        var history: [ReviewHistory.PackInForce] = []
        for (digest, since) in packs {
            let pack = try self.packs.pack(digest, db)
            history.append(Self.inForce(digest, since, pack))
        }
        return history
    }

    /// A pack that was in force; what nobody entitled has signed says nothing.
    static func inForce(
        _ digest: SHA256Digest, _ since: Timestamp, _ pack: SignedPack?
    ) -> ReviewHistory.PackInForce {
        ReviewHistory.PackInForce(
            digest: digest, since: since, pack: pack?.isSigned == true ? pack?.pack : nil)
    }
}

extension PolicyPack {
    /// Whether former packs have a part in what makes approvals stop counting.
    var comparesPacks: Bool { !reviewTriggers.isDisjoint(with: [.jurisdiction, .framework]) }
}

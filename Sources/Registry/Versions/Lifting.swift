// Lifts a suspension: what one person may impose, the approvers of the version end together (I6).
//
// The log's word that a suspension was lifted is an index, like a row: at each gate the statement is read
// again, and counts only if everybody who signed it was entitled when the log took it. Where it does not
// count, or where rows do not show the lift, the suspension stands.

package import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance

extension Registry {
    /// Ends a suspension by a statement that the version's whole quorum has signed.
    package func lift(_ envelope: Envelope, _ request: Request) async throws -> Outcome {
        try await recordStatement(
            SuspensionLift.self, envelope, request,
            named: ("lift", "The statement lifts no suspension."), underPolicy: true
        ) { asked in
            let (lift, dossier) = (asked.statement, asked.dossier)
            guard
                dossier.restrictions.contains(where: {
                    $0.kind == .suspension && $0.id == lift.restriction
                })
            else {
                throw Refusal(
                    .conflict, "suspension-unknown",
                    "\(lift.version) is not suspended by \(lift.restriction).")
            }
            try asked.requireNobodyRecused()
            try asked.require(
                lift.problems(
                    of: lift.version, restriction: lift.restriction,
                    .init(
                        dossier.tier, dossier.requestPack, dossier.authors, dossier.digests),
                    in: asked.scene),
                or: "lift-not-entitled", "The statement does not lift the suspension",
                hint: "Every role of the tier's approvals signs one and the same statement.")
            return Act(
                .versionLifted(
                    VersionLifted(
                        version: lift.version, restriction: lift.restriction, statement: asked.id,
                        document: asked.documentDigest, reason: lift.reason)),
                documents: [asked.document], policy: dossier.requestPack?.pack.digest)
        }
    }
}

extension SuspensionLift.Case {
    /// The case of a version under the pack that it was submitted under.
    fileprivate init(
        _ tier: Tier, _ pack: SignedPack?, _ authors: Set<PrincipalID>,
        _ digests: SignedDigests
    ) {
        self.init(
            digests: digests, authors: authors, places: pack?.pack.approvals[tier]?.places ?? [])
    }
}

extension DossierSources {
    /// What the log knows against the version, without the suspensions whose lift counts.
    ///
    /// Who had to agree to a lift follows from the tier that held then.
    func standing(
        _ authors: Set<PrincipalID>, _ tiers: DeterminedTiers
    ) -> [RestrictiveFold.Restriction] {
        let counting = snapshot.fold.lifts(of: row.reference).filter { lift in
            guard
                let (signed, scene) = signed(
                    SuspensionLift.self, lift.event.statement, in: lift.event.document, at: lift.at)
            else { return false }
            return signed.problems(
                of: row.reference, restriction: lift.event.restriction,
                .init(
                    tiers.tier(at: lift.at), requestPack, authors,
                    digests(asIn: signed.digests)), in: scene
            ).isEmpty
        }
        let lifted = Set(counting.map(\.event.restriction))
        return snapshot.fold.restrictions(of: row.reference).filter {
            $0.kind != .suspension || !lifted.contains($0.id)
        }
    }
}

// Sets a rule of the pack aside for a version, by a statement of somebody whom the pack lets do so.
//
// A waiver permits: at each gate its statement is read again (I6), and counts only if its signer was entitled
// when the log took it and may waive that rule under the pack that decides. No row is asked.

package import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance

extension Registry {
    /// Most waivers that a version can have at a time, so that a gate's work is bounded.
    private static let mostWaivers = 200

    /// Records a waiver.
    package func waive(_ envelope: Envelope, _ request: Request) async throws -> Outcome {
        try await recordStatement(
            Waiver.self, envelope, request, named: ("waiver", "The statement waives no rule."),
            underPolicy: true
        ) { asked in
            let (waiver, dossier) = (asked.statement, asked.dossier)
            guard dossier.row.state != "retired" else {
                throw Refusal(.conflict, "version-closed", "\(waiver.version) is retired.")
            }
            let known = dossier.snapshot.fold.waivers(of: waiver.version)
            guard !known.contains(where: { $0.event.statement == asked.id }) else {
                throw Refusal(.conflict, "waiver-known", "The waiver is on record already.")
            }
            let standing = known.count { dossier.now < $0.event.expiresAt }
            guard standing < Self.mostWaivers else {
                throw Refusal(
                    .conflict, "waivers-too-many",
                    "\(waiver.version) has \(Self.mostWaivers) waivers: no more can be recorded.",
                    hint: "Each makes room when it ends.")
            }
            try asked.requireNobodyRecused()
            let pack = dossier.pack.pack
            try asked.require(
                waiver.problems(
                    under: pack, authors: dossier.authors, in: asked.scene),
                or: "waiver-not-entitled", "The statement waives nothing",
                hint: "A rule's `waivable_by` in the pack names the roles that may waive it.")
            return Act(
                .waiverRecorded(
                    WaiverRecorded(waiver, statement: asked.id, document: asked.documentDigest)),
                documents: [asked.document], policy: pack.digest)
        }
    }
}

extension DossierSources {
    /// The waivers that are not over: what has ended is in the log, and no gate's work.
    static func waivers(
        of version: VersionReference, at time: Timestamp, in fold: RestrictiveFold
    ) -> [RestrictiveFold.Taken<WaiverRecorded>] {
        fold.waivers(of: version).filter { time < $0.event.expiresAt }
    }

    /// What the log knows of them, each with what it is worth.
    func waivers(_ authors: Set<PrincipalID>, without recused: Set<PrincipalID>) -> [WaiverFact] {
        let standing = Self.waivers(of: row.reference, at: since ?? now, in: snapshot.fold)
        return standing.compactMap { taken in
            let event = taken.event
            guard
                let (waiver, scene) = signed(
                    Waiver.self, event.statement, in: event.document, at: taken.at)
            else { return nil }
            var problems = waiver.problems(under: pack.pack, authors: authors, in: scene).map(
                \.code)
            if !recused.isDisjoint(with: chain.linked(to: waiver.signer.principal)) {
                problems.append(Dossier.recusedProblem)
            }
            return WaiverFact(
                digest: event.statement, waiver: waiver,
                person: chain.person(of: waiver.signer.principal), problems: problems)
        }
    }
}

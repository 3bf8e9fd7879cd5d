// Puts a version into a tier by a validator's statement, and tells the gates which tier holds.
//
// A stricter tier restricts: the log's word for it is enough, whatever has become of the document. A lower
// one permits: its statement is read again at each gate (I6), and counts only if those who signed it
// were entitled when the log took it, and were all who have to agree to less. No row is asked.

package import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance

extension Registry {
    /// Most determinations that a version can have, so that a gate's work is bounded.
    private static let mostDeterminations = 50

    /// Records in which tier a version is.
    package func determineTier(
        _ envelope: Envelope, _ request: Request
    ) async throws -> Outcome {
        try await recordStatement(
            TierDetermination.self, envelope, request,
            named: ("tier", "The statement puts nothing into a tier.")
        ) { asked in
            let (determination, dossier) = (asked.statement, asked.dossier)
            let version = determination.version
            guard dossier.row.state != "retired" else {
                throw Refusal(.conflict, "version-closed", "\(version) is retired.")
            }
            let known = dossier.snapshot.fold.determinations[version]
            guard !known.contains(where: { $0.event.statement == asked.id }) else {
                throw Refusal(.conflict, "tier-known", "The statement is on record already.")
            }
            guard known.count < Self.mostDeterminations else {
                throw Refusal(
                    .conflict, "tiers-too-many",
                    "\(version) has \(Self.mostDeterminations) statements on its tier.")
            }
            try asked.requireNobodyRecused()
            try asked.require(
                determination.problems(
                    of: .init(
                        card: dossier.row.card, pack: dossier.requestPack?.pack,
                        derived: dossier.row.tier, authors: dossier.authors,
                        former: dossier.tiers.next(of: version)),
                    in: asked.scene),
                or: "tier-not-entitled", "The statement does not put the version into the tier",
                hint: "One validator who did not make it signs, for less than before the stricter "
                    + "tier's whole quorum.")
            return Act(
                .tierDetermined(
                    TierDetermined(
                        determination, statement: asked.id, document: asked.documentDigest)),
                documents: [asked.document], policy: dossier.requestPack?.pack.digest)
        }
    }
}

/// What the log says of a version's tier, each statement with what it is worth.
struct DeterminedTiers {
    /// What follows from the card.
    let derived: Tier
    /// In the order of the log.
    let statements: [Statement]
    /// The tier that the version before was in, by all that the log says of it.
    let predecessor: FormerTier?

    /// One statement.
    struct Statement {
        let event: TierDetermined
        let at: Timestamp
        /// What it could not leave downwards by one person.
        let former: FormerTier?
        /// Codes of everything that stands against it.
        let problems: [String]
    }

    /// The tier that held at a time; nil for now.
    func tier(at time: Timestamp? = nil) -> Tier {
        TierFact.tier(
            derived: derived,
            after: statements.filter { statement in time.map { statement.at <= $0 } ?? true }
                .map { (tier: $0.event.tier, counts: $0.problems.isEmpty) })
    }

    /// The tier that holds, where anybody has signed for one.
    var determined: Tier? { statements.isEmpty ? nil : tier() }

    /// What the next statement cannot leave downwards by one person.
    func next(of version: VersionReference) -> FormerTier? {
        Self.former(predecessor, version, statements.map(\.event))
    }

    /// The strictest of what the version before and this one were in.
    static func former(
        _ predecessor: FormerTier?, _ version: VersionReference, _ events: [TierDetermined]
    ) -> FormerTier? {
        let own = events.map(\.tier).max().map { FormerTier(version: version, tier: $0) }
        return [predecessor, own].compactMap(\.self).max { $0.tier < $1.tier }
    }

    /// As gates are told.
    var fact: TierFact {
        TierFact(
            derived: derived, former: statements.last.map(\.former) ?? predecessor,
            determination: statements.last.map(Self.fact))
    }

    /// One statement, as gates are told.
    private static func fact(_ statement: Statement) -> TierFact.Determination {
        TierFact.Determination(
            digest: statement.event.statement, tier: statement.event.tier,
            reason: statement.event.reason, signers: statement.event.signers,
            problems: statement.problems)
    }

    /// What stands now against a statement that was believed once; whoever had to agree by then is not
    /// asked again.
    func lasting(_ digest: String) -> [String] {
        let found = statements.first { $0.event.statement.hex == digest }
        return found?.problems.filter { $0 != "quorum" } ?? ["document-missing"]
    }
}

extension DossierSources {
    /// What the log knows of the version's tier.
    func tiers(_ authors: Set<PrincipalID>, without recused: Set<PrincipalID>) -> DeterminedTiers {
        let fold = snapshot.fold
        let predecessor = fold.predecessor(of: row.reference).flatMap { version in
            let submitted = snapshot.record.submission(of: version)
                .flatMap { Int64($0.event.tier) }.flatMap { Tier(rawValue: $0) }
            return (fold.determinations[version].map(\.event.tier) + [submitted].compactMap(\.self))
                .max().map { FormerTier(version: version, tier: $0) }
        }
        let taken = fold.determinations[row.reference]
        let statements = taken.indices.map { index -> DeterminedTiers.Statement in
            let (event, at) = (taken[index].event, taken[index].at)
            let former = DeterminedTiers.former(
                predecessor, row.reference, taken[..<index].map(\.event))
            return DeterminedTiers.Statement(
                event: event, at: at, former: former,
                problems: problems(with: event, at: at, former, authors, recused))
        }
        return DeterminedTiers(derived: row.tier, statements: statements, predecessor: predecessor)
    }

    private func problems(
        with event: TierDetermined, at: Timestamp, _ former: FormerTier?,
        _ authors: Set<PrincipalID>, _ recused: Set<PrincipalID>
    ) -> [String] {
        guard
            let (determination, scene) = signed(
                TierDetermination.self, event.statement, in: event.document, at: at)
        else { return ["document-missing"] }
        var problems = determination.problems(
            of: .init(
                card: row.card, pack: requestPack?.pack, derived: row.tier, authors: authors,
                former: former),
            in: scene
        ).map(\.code)
        if determination.version != row.reference || determination.tier != event.tier {
            problems.append("another-statement")
        }
        let isRecused = determination.signers.contains {
            !recused.isDisjoint(with: chain.linked(to: $0.principal))
        }
        if isRecused { problems.append(Dossier.recusedProblem) }
        return problems
    }
}

extension Dossier {
    /// The tier that holds: what follows from the card, or stricter.
    var tier: Tier { tiers.tier() }

    /// What a gate is told of how the tier came about, where its pack asks or somebody has signed.
    func tierFact(for pack: PolicyPack, at gate: Gate) -> TierFact? {
        pack.makes("tier-determined", at: gate) || !tiers.statements.isEmpty ? tiers.fact : nil
    }
}

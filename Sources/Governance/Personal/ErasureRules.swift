// Whether personal data may be erased now: holds, open incidents, unexpired retention.

package import Cryptography

/// What an erasure is judged by, besides who asks for it.
package struct ErasureFacts: Sendable {
    package var subject: PersonalSubject
    /// The versions whose evidence the data belongs to.
    package var versions: [VersionReference]
    /// Everybody who is the same person as the subject.
    package var people: Set<PrincipalID>
    /// Every hold that is in force.
    package var holds: [HoldPlaced]
    /// The fold of the log, entries included that are not published yet.
    package var fold: RestrictiveFold
    /// The packs that could be read, by digest.
    package var packs: [SHA256Digest: PolicyPack]
    package var now: Timestamp

    package init(
        subject: PersonalSubject, versions: [VersionReference], people: Set<PrincipalID>,
        holds: [HoldPlaced], fold: RestrictiveFold, packs: [SHA256Digest: PolicyPack],
        now: Timestamp
    ) {
        self.subject = subject
        self.versions = versions
        self.people = people
        self.holds = holds
        self.fold = fold
        self.packs = packs
        self.now = now
    }

    /// Every reason why the data has to stay; empty when it may go.
    package var grounds: [ErasureGround] {
        heldBy + versions.flatMap { incidents($0) + retention($0) }
    }

    private var heldBy: [ErasureGround] {
        let scopes = Set(
            versions.map(HoldScope.version) + people.map(HoldScope.principal) + [subject.scope])
        return holds.filter { scopes.contains($0.scope) }.sorted { $0.hold < $1.hold }.map {
            ErasureGround(.legalHold, "Hold \($0.hold) on \($0.scope) is in force.")
        }
    }

    /// A suspension stands for something that is still being looked into, until the version is retired;
    /// what is to be kept beyond that needs a hold.
    private func incidents(_ version: VersionReference) -> [ErasureGround] {
        let restrictions = fold.restrictions(of: version)
        guard !restrictions.contains(where: { $0.kind == .retirement }) else { return [] }
        let lifted = Set(fold.lifts(of: version).map(\.event.restriction))
        return restrictions.filter { $0.kind == .suspension && !lifted.contains($0.id) }.map {
            ErasureGround(.openIncident, "\(version) is suspended (\($0.id)).")
        }
    }

    private func retention(_ version: VersionReference) -> [ErasureGround] {
        let wanted = fold.personal.packs(for: version)
        let found = wanted.compactMap { packs[$0] }
        guard let recorded = fold.personal.recorded(version), found.count == wanted.count,
            let term = RetentionTerm(recorded, packs: found)
        else {
            return [
                ErasureGround(
                    .retentionUnknown, "How long \(version) has to be kept cannot be told.")
            ]
        }
        guard now < term.personalUntil else { return [] }
        let classes = term.classes.joined(separator: ", ")
        return [
            ErasureGround(
                .retention,
                "The personal data of \(version) is kept until \(term.personalUntil) (\(classes)).",
                until: term.personalUntil)
        ]
    }
}

// Whether documents of a version may be disposed of now: retired, not running, nothing open, period over.

package import Cryptography

/// What a disposal is judged by, besides who asks for it.
package struct DisposalFacts: Sendable {
    package var version: VersionReference
    /// Every hold that is in force.
    package var holds: [HoldPlaced]
    /// The ids of suspensions that nobody entitled has lifted.
    package var suspensions: [String]
    /// What of the version runs or may be started.
    package var deployments: [String]
    /// The fold of the log, entries included that are not published yet.
    package var fold: RestrictiveFold
    /// The packs that could be read, by digest.
    package var packs: [SHA256Digest: PolicyPack]
    /// Everybody who is the same person as a principal.
    package var linked: @Sendable (PrincipalID) -> [PrincipalID]
    package var now: Timestamp

    package init(
        version: VersionReference, holds: [HoldPlaced], suspensions: [String],
        deployments: [String], fold: RestrictiveFold, packs: [SHA256Digest: PolicyPack],
        linked: @escaping @Sendable (PrincipalID) -> [PrincipalID], now: Timestamp
    ) {
        self.version = version
        self.holds = holds
        self.suspensions = suspensions
        self.deployments = deployments
        self.fold = fold
        self.packs = packs
        self.linked = linked
        self.now = now
    }

    /// Every reason why the documents have to stay; empty when they may go.
    package var grounds: [DisposalGround] {
        heldBy + incidents + running + retirement + retention
    }

    /// Until when everything about the version is kept; nil when that cannot be told.
    package var term: RetentionTerm? {
        let wanted = fold.personal.packs(for: version)
        let found = wanted.compactMap { packs[$0] }
        guard let recorded = fold.personal.recorded(version), found.count == wanted.count else {
            return nil
        }
        return RetentionTerm(recorded, packs: found)
    }

    /// A hold on a person keeps every version that the person took part in.
    private var heldBy: [DisposalGround] {
        holds.filter { hold in
            switch hold.scope {
            case .version(let version): version == self.version
            case .principal(let principal):
                fold.personal.versions(of: .principal(principal), linked: linked)
                    .contains(version)
            }
        }.sorted { $0.hold < $1.hold }.map {
            DisposalGround(.legalHold, "Hold \($0.hold) on \($0.scope) is in force.")
        }
    }

    /// Here a suspension stands although the version is retired: somebody may still need the record.
    private var incidents: [DisposalGround] {
        suspensions.sorted().map {
            DisposalGround(
                .openIncident, "\(version) is suspended (\($0)), and that is not lifted.")
        }
    }

    private var running: [DisposalGround] {
        deployments.sorted().map {
            DisposalGround(.deployed, "Deployment \($0) of \(version) runs or may be started.")
        }
    }

    private var retirement: [DisposalGround] {
        let isRetired = fold.restrictions(of: version).contains { $0.kind == .retirement }
        return isRetired ? [] : [DisposalGround(.notRetired, "\(version) is not retired.")]
    }

    private var retention: [DisposalGround] {
        guard let term else {
            return [
                DisposalGround(
                    .retentionUnknown, "How long \(version) has to be kept cannot be told.")
            ]
        }
        guard now < term.recordUntil else { return [] }
        let classes = term.classes.joined(separator: ", ")
        return [
            DisposalGround(
                .retention, "\(version) is kept until \(term.recordUntil) (\(classes)).",
                until: term.recordUntil)
        ]
    }
}

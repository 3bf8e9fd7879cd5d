// What the log says about keeping and erasing personal data: holds, who took part in which version, when
// each version was recorded, which packs have been in force since, and what is erased.
//
// All of it restricts, so it is folded from the verified log and no edited row can change it (I6). A hold
// that a `hold.released` names is remembered with that release: whether the release counts is for those
// who can read its signed statement to say.

package import Cryptography

/// The part of the fold that erasures and disposal are judged by.
package struct PersonalFold: Sendable {
    /// A hold with what the log says of its end.
    package struct Hold: Sendable, Hashable {
        package let placed: HoldPlaced
        package let at: Timestamp
        /// Who placed it.
        package let actor: PrincipalID?
        /// What claims to end it, with the time of each; the first that counts does.
        package var releases: [Release] = []
    }

    /// An entry that says that a hold is released.
    package struct Release: Sendable, Hashable {
        package let event: HoldReleased
        package let at: Timestamp
    }

    /// What counts for a version's retention.
    package struct Recorded: Sendable, Hashable {
        package let at: Timestamp
        /// The tier by the log; nil when it names none that exists.
        package let tier: Tier?
        package let policy: SHA256Digest

        package init(at: Timestamp, tier: Tier?, policy: SHA256Digest) {
            self.at = at
            self.tier = tier
            self.policy = policy
        }
    }

    /// A pack that came into force.
    package struct Activation: Sendable, Hashable {
        package let event: PolicyActivated
        package let at: Timestamp
    }

    /// Holds by id.
    package private(set) var holds: [String: Hold] = [:]
    /// The index of the entry by which each subject was erased.
    package private(set) var erased: [PersonalSubject: Int64] = [:]
    /// Every pack that came into force, in the order of the log.
    package private(set) var activations: [Activation] = []
    private var recorded = SharedMap<VersionReference, Recorded>()
    private var involvement = SharedMap<PrincipalID, Set<VersionReference>>()

    package init() {}

    /// Takes in the entry at an index.
    package mutating func apply(_ entry: Entry, index: Int64) {
        switch entry.event {
        case .policyActivated(let event):
            activations.append(Activation(event: event, at: entry.time))
        case .versionSubmitted(let event):
            let tier = Int64(event.tier).flatMap { Tier(rawValue: $0) }
            recorded[event.version] = Recorded(at: entry.time, tier: tier, policy: event.policy)
            for id in [event.submitter, event.person] { involve(id, event.version) }
        case .approvalRecorded(let event):
            for id in [event.principal, event.person] { involve(id, event.version) }
        case .holdPlaced(let event):
            holds[event.hold] = Hold(placed: event, at: entry.time, actor: entry.actor)
        case .holdReleased(let event):
            holds[event.hold]?.releases.append(Release(event: event, at: entry.time))
        case .subjectErased(let event): erased[event.subject] = index
        default: break
        }
        guard let actor = entry.actor else { return }
        for (name, subject) in entry.subjects where subject.wrote {
            if case .version(let version)? = HoldScope(name) { involve(actor, version) }
        }
    }

    private mutating func involve(_ principal: PrincipalID, _ version: VersionReference) {
        // A robot deploys one version many times: what is known already copies nothing.
        guard involvement[principal]?.contains(version) != true else { return }
        involvement[principal, default: []].insert(version)
    }

    /// When and in which tier a version was recorded; nil when the log has none.
    package func recorded(_ version: VersionReference) -> Recorded? { recorded[version] }

    /// The versions whose evidence a subject's personal data belongs to, in order: its own card's, or
    /// all that a principal submitted, evaluated, approved, suspended or deployed.
    ///
    /// - Parameter linked: everybody who is the same person as a principal.
    package func versions(
        of subject: PersonalSubject, linked: (PrincipalID) -> [PrincipalID]
    ) -> [VersionReference] {
        switch subject {
        case .card(let version): return recorded[version] == nil ? [] : [version]
        case .principal(let principal):
            let people = Set(linked(principal) + [principal])
            return Set(people.flatMap { involvement[$0] ?? [] }).sorted()
        }
    }

    /// The digests of the packs whose periods count for a version: the one it was recorded under, and
    /// every later one, because a later pack may lengthen a period and never shorten it.
    package func packs(for version: VersionReference) -> Set<SHA256Digest> {
        guard let recorded = recorded[version] else { return [] }
        let later = activations.filter { $0.at >= recorded.at }.map(\.event.digest)
        return Set(later + [recorded.policy])
    }
}

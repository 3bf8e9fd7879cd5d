// What makes approvals stop counting before their time: something has happened since they were given.
//
// The pack lists which of these things do so in approvals.yaml,
//
//     review_triggers: [drift, incident, revoked-signer, jurisdiction, framework]
//     jurisdictions:
//       - { environment: production, in: [eu, us-ny] }
//
// and everything is judged from the log and the packs that it names. An approval was given when it was
// signed or when the log took it, whichever is earlier: one that is given after the event counts.
//
//     drift           a monitor or an officer has raised such an alert about the version
//     incident        the same about harm that it did; an emergency that it is to end is none of its own
//     revoked-signer  a key that signed the approval was revoked with effect from before: that is said of
//                     keys that were in other hands, and not of people who leave
//     jurisdiction    where the environment lies is another thing by the pack in force now than by the one
//                     in force then
//     framework       a framework that was in effect then has a later version by the pack in force now, or
//                     one that took its place is in effect now and was not then

package import CanonicalJSON
package import Cryptography

/// A kind of event that calls for another look.
package enum ReviewTrigger: String, Sendable, Hashable, CaseIterable {
    case drift
    case incident
    case revokedSigner = "revoked-signer"
    case jurisdiction
    case framework
}

/// Why, and since when, an approval does not count any more.
package struct ReviewDue: Sendable, Hashable {
    package let trigger: ReviewTrigger
    package let since: Timestamp
    package let reason: String

    package init(trigger: ReviewTrigger, since: Timestamp, reason: String) {
        self.trigger = trigger
        self.since = since
        self.reason = reason
    }

    /// As a part of the facts document.
    package var json: JSON {
        [
            "trigger": .string(trigger.rawValue), "since": .text(since),
            "reason": .string(reason),
        ]
    }
}

/// Everything that may call for another look at the approvals of one version.
package struct ReviewHistory: Sendable {
    /// A pack, and since when it is in force.
    package struct PackInForce: Sendable {
        package let digest: SHA256Digest
        package let since: Timestamp
        /// Nil when it cannot be read.
        package let pack: PolicyPack?

        package init(digest: SHA256Digest, since: Timestamp, pack: PolicyPack?) {
            self.digest = digest
            self.since = since
            self.pack = pack
        }
    }

    private let alerts: [RestrictiveFold.Taken<VersionAlerted>]
    private let compromised: SharedMap<KeyID, Timestamp>
    /// In the order of their activation.
    private let packs: [PackInForce]
    private let now: Timestamp

    /// - Parameter packs: the packs that were in force since the first of the approvals, in order.
    package init(
        of version: VersionReference, in fold: RestrictiveFold, packs: [PackInForce],
        at now: Timestamp
    ) {
        alerts = fold.alerts[version]
        compromised = fold.compromisedKeys
        self.packs = packs
        self.now = now
    }

    /// Why an approval does not count any more in an environment: of each kind the first reason.
    ///
    /// - Parameters:
    ///   - given: when it was signed, or when the log took it, whichever is earlier.
    ///   - keys: the keys that signed it.
    package func due(
        given: Timestamp, by keys: Set<KeyID>, in environment: EnvironmentName
    ) -> [ReviewDue] {
        var found = VersionAlerted.Cause.allCases.compactMap { alert($0, since: given) }
        found += keys.sorted().compactMap { key in
            compromised[key].flatMap { at in
                at >= given
                    ? ReviewDue(
                        trigger: .revokedSigner, since: at,
                        reason: "the key \(key) that signed it was revoked with effect from before")
                    : nil
            }
        }.prefix(1)
        return found + packsDue(given, environment)
    }

    private func alert(_ cause: VersionAlerted.Cause, since given: Timestamp) -> ReviewDue? {
        alerts.first { $0.event.cause == cause && $0.at >= given }.map {
            ReviewDue(
                trigger: cause == .drift ? .drift : .incident, since: $0.at,
                reason: $0.event.words)
        }
    }

    // MARK: packs

    private func packsDue(_ given: Timestamp, _ environment: EnvironmentName) -> [ReviewDue] {
        // What was in force at the very moment is not known to have been seen: the one before is.
        guard let then = packs.last(where: { $0.since < given }) ?? packs.first,
            let current = packs.last
        else { return [] }
        let later = packs.filter { $0.since >= given && $0.since > then.since }
        guard let old = then.pack, let new = current.pack else {
            let unread = then.pack == nil ? then : current
            return [ReviewTrigger.jurisdiction, .framework].map {
                ReviewDue(
                    trigger: $0, since: unread.since,
                    reason: "the pack \(unread.digest) cannot be read")
            }
        }
        func since(_ differs: (PolicyPack) -> Bool) -> Timestamp {
            later.first { $0.pack.map(differs) ?? true }?.since ?? current.since
        }
        var due: [ReviewDue] = []
        let (was, lies) = (old.jurisdictions[environment], new.jurisdictions[environment])
        if was != lies {
            due.append(
                ReviewDue(
                    trigger: .jurisdiction,
                    since: since { $0.jurisdictions[environment] != was },
                    reason: "\(environment) lies in \(Self.words(lies)), and lay in "
                        + Self.words(was)))
        }
        for framework in old.frameworks where framework.validity.contains(Day(given)) {
            if let reason = Self.successor(of: framework, old, new, given, now, since) {
                due.append(reason)
                break
            }
        }
        return due
    }

    /// What took the place of a framework since an approval was given; nil for nothing.
    private static func successor(
        of framework: Framework, _ old: PolicyPack, _ new: PolicyPack, _ given: Timestamp,
        _ now: Timestamp, _ since: ((PolicyPack) -> Bool) -> Timestamp
    ) -> ReviewDue? {
        guard let present = new.frameworks.first(where: { $0.id == framework.id }) else {
            return nil
        }
        func version(of id: String, in pack: PolicyPack) -> Int64 {
            pack.frameworks.first { $0.id == id }?.version ?? 0
        }
        if present.version > framework.version {
            return ReviewDue(
                trigger: .framework,
                since: since { version(of: framework.id, in: $0) > framework.version },
                reason: "\(framework.id) has version \(present.version) now, and had version "
                    + "\(framework.version)")
        }
        guard let id = present.supersededBy,
            let next = new.frameworks.first(where: { $0.id == id }),
            next.validity.contains(Day(now))
        else { return nil }
        let known = old.frameworks.first { $0.id == id }
        guard known?.validity.contains(Day(given)) != true else { return nil }
        let begins = next.validity.from.flatMap { Timestamp("\($0)T00:00:00.000Z") }
        let named = known == nil ? since { version(of: id, in: $0) > 0 } : given
        return ReviewDue(
            trigger: .framework, since: max(begins ?? named, named),
            reason: "\(id) is in effect in the place of \(framework.id)")
    }

    private static func words(_ places: Set<String>?) -> String {
        let list = (places ?? []).sorted(by: bytesPrecede)
        return list.isEmpty ? "no stated jurisdiction" : list.joined(separator: ", ")
    }
}

extension PolicyPack {
    /// The reasons that this pack heeds, of all there are.
    package func heeded(_ due: [ReviewDue]) -> [ReviewDue] {
        due.filter { reviewTriggers.contains($0.trigger) }
    }
}

/// What approvals.yaml says of re-review, and of where environments lie.
struct ReviewRules: Sendable {
    let triggers: Set<ReviewTrigger>
    let jurisdictions: [EnvironmentName: Set<String>]

    static func read(_ reader: JSONReader) -> ReviewRules {
        let triggers = reader.optional("review_triggers") { list in
            list.array(count: 1...ReviewTrigger.allCases.count) {
                $0.choice(of: ReviewTrigger.self)
            }
        }
        if let triggers, Set(triggers).count != triggers.count {
            reader.refuse("review_triggers", JSONFinding.Code.duplicate, "A trigger is here twice.")
        }
        let places =
            reader.optional("jurisdictions") { list in
                list.array(count: 1...100) { item -> (EnvironmentName, [String])? in
                    item.object { entry in
                        let environment = entry.parsed("environment", as: "an environment's name") {
                            EnvironmentName($0)
                        }
                        let places = entry.array("in", count: 1...100) {
                            $0.parsed(as: "a name in small letters") {
                                NameSegment.isValid($0) ? $0 : nil
                            }
                        }
                        return environment.map { ($0, places) }
                    }
                }
            } ?? []
        if Set(places.map(\.0)).count != places.count {
            reader.refuse(
                "jurisdictions", JSONFinding.Code.duplicate, "An environment is here twice.")
        }
        return ReviewRules(
            triggers: Set(triggers ?? []),
            jurisdictions: Dictionary(places.map { ($0.0, Set($0.1)) }) { first, _ in first })
    }
}

// "Can so many people, acting together, bring a model to production?", asked of a policy pack by looking at
// everything that they can do.
//
// The people start with every office that honest people may have given them: all roles in every
// namespace, and custodian keys; for each of them it is also tried with the role of an administrator, who
// then approves nothing until the office is laid down. From there every sequence of the steps in
// `CollusionStep` is explored, breadth first, so that the first way found is a shortest one. Whether a
// step is possible is not said here: keys and roles are judged by `TrustChain`, everything at a gate by
// `PolicyPack.decide` over facts as the service makes them, another pack by the rules for reading and
// activating packs. Nobody else helps, and nobody else objects.
//
// What cannot be seen from here, and is assumed: one account and one key belong to one person, or are known to
// be linked; custodians hold their keys themselves; the card tells the truth about what raises the tier;
// what was evaluated is fair. More offices forbid nothing, but for administration, so starting from all of
// them loses no way; which of them a way needs is found afterwards by taking them away one by one.

package import CanonicalJSON

/// A question about a pack.
package struct CollusionQuestion: Sendable, Hashable {
    /// How many persons act together, 1 to 4.
    package var persons: Int
    /// What the model truly is.
    package var tier: Tier
    /// How many custodians there are, and how many of them make a root or sign a pack.
    package var custodians: Int
    package var threshold: Int

    package init(persons: Int, tier: Tier, custodians: Int = 3, threshold: Int = 2) {
        self.persons = persons
        self.tier = tier
        self.custodians = custodians
        self.threshold = threshold
    }

    /// How many persons can be asked about.
    package static let persons = 1...4

    /// What is believed without being explored, a sentence each.
    package static let assumptions = [
        "one account and one key belong to one person, or are known to be linked",
        "the card tells the truth about what raises the tier, and the evaluation about the model",
        "custodians hold their keys themselves, and the service and its gate are not altered",
    ]

    /// What is left out, a sentence each, and why no answer depends on it.
    package static let unexplored = [
        "what comes after the first deployment, such as how long it lasts and who reviews an emergency: "
            + "it has happened by then",
        "what only takes away, such as revoking, recusing, suspending, rejecting and holding",
        "what undoes that, such as lifting a suspension or closing a finding: nobody objects here",
        "recovering a log, which custodians sign and every reader of the old one sees",
    ]
}

/// An office that somebody holds before anything begins.
package enum CollusionOffice: Sendable, Hashable, Comparable, CustomStringConvertible {
    case custodian
    case role(Role)

    /// Whether holding the role takes nothing from its holder: who administers approves nothing, and an
    /// auditor's role gives nothing to do.
    static func isHarmless(_ role: Role) -> Bool { role != .administrator && role != .auditor }

    /// `custodian`, or the role's name.
    package var description: String {
        switch self {
        case .custodian: "custodian"
        case .role(let role): role.rawValue
        }
    }

    /// Reads what `description` writes.
    package init?(_ text: String) {
        if text == "custodian" {
            self = .custodian
        } else if let role = Role(rawValue: text) {
            self = .role(role)
        } else {
            return nil
        }
    }

    package static func < (left: Self, right: Self) -> Bool {
        bytesPrecede(left.description, right.description)
    }
}

/// A way to production: who held what, and what was done.
package struct CollusionTrace: Sendable, Hashable {
    /// The offices of each person, as far as they are needed.
    package let offices: [Set<CollusionOffice>]
    package let steps: [CollusionStep]

    package init(offices: [Set<CollusionOffice>], steps: [CollusionStep]) {
        self.offices = offices
        self.steps = steps
    }

    /// The persons who take part.
    package var persons: [Int] {
        offices.indices.filter { person in
            !offices[person].isEmpty
                || steps.contains { step in
                    step.accounts.contains { $0 % offices.count == person }
                }
        }
    }

    /// A line for each office and each step.
    package var lines: [String] {
        let held = persons.map { person in
            let names = offices[person].sorted().map(\.description).joined(separator: ", ")
            return "\(CollusionStep.name(of: person)) holds: \(names.isEmpty ? "nothing" : names)"
        }
        return held + steps.enumerated().map { "\($0 + 1). \($1.sentence(offices.count))" }
    }

    /// `{"offices":[["owner"],…],"steps":[{"do":"submit",…},…]}`.
    package var json: JSON {
        [
            "offices": .array(
                offices.map { .array($0.sorted().map { .string($0.description) }) }),
            "steps": .array(steps.map(\.json)),
        ]
    }

    /// Reads what `json` writes; nil for anything else.
    package init?(json: JSON) {
        guard let people = json["offices"]?.array, let list = json["steps"]?.array,
            CollusionQuestion.persons.contains(people.count)
        else { return nil }
        var offices: [Set<CollusionOffice>] = []
        for person in people {
            let names = person.array?.compactMap { $0.string.flatMap { CollusionOffice($0) } }
            guard let names, names.count == person.array?.count else { return nil }
            offices.append(Set(names))
        }
        let steps = list.compactMap { CollusionStep(json: $0, persons: people.count) }
        guard steps.count == list.count else { return nil }
        self.init(offices: offices, steps: steps)
    }
}

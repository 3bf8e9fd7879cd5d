// Who has to approve in a tier, and how a quorum is filled by distinct persons.

package import Attestation
internal import CanonicalJSON

/// What one tier demands of approvals.
package struct ApprovalRule: Sendable, Hashable {
    /// The tier.
    package let tier: Tier
    /// How many days an approval counts after it was signed.
    package let validityDays: Int64
    /// The places to fill, one role each, in the order of the pack.
    package let places: [Role]
    /// With what approvals have to be signed at least.
    package let leastFactor: SignatureFactor

    static func read(_ reader: JSONReader) -> ApprovalRule? {
        let tier = PolicyPack.readTier(reader, "tier")
        let days = reader.integer("validity_days", in: 1...1_096)
        let groups = reader.array("quorum", count: 1...8) { group -> [Role]? in
            let role = group.object { entry -> (Role?, Int64) in
                (entry.choice("role", of: Role.self), entry.integer("count", in: 1...9))
            }
            guard let name = role.0 else { return nil }
            guard name.mayApprove else {
                group.refuse("role", JSONFinding.Code.value, "This role never approves.")
                return nil
            }
            return Array(repeating: name, count: Int(role.1))
        }
        let factor = reader.optional("least_factor") { $0.choice(of: SignatureFactor.self) }
        guard let tier else { return nil }
        return ApprovalRule(
            tier: tier, validityDays: days, places: groups.flatMap { $0 },
            leastFactor: factor ?? .key)
    }

    /// Why something signed with this factor does not count; nil when it does.
    package func problem(with factor: SignatureFactor) -> String? {
        factor < leastFactor ? "signed-with-\(factor.rawValue)-not-\(leastFactor.rawValue)" : nil
    }
}

/// Fills the places of a quorum with persons, each at most once, whatever roles they hold.
package struct Quorum: Sendable, Hashable {
    /// Roles of the places that nobody fills, in the order of the pack.
    package let unfilled: [Role]
    /// Who fills which place.
    package let filled: [Place]

    /// A place that somebody fills.
    package struct Place: Sendable, Hashable {
        package let role: Role
        package let person: String
    }

    /// Whether every place is filled.
    package var isMet: Bool { unfilled.isEmpty }

    /// Finds a largest assignment of persons to places (augmenting paths; both sides are small).
    package init(places: [Role], rolesByPerson: [String: Set<Role>]) {
        let persons = rolesByPerson.sorted { bytesPrecede($0.key, $1.key) }
        var holdings = [Int?](repeating: nil, count: persons.count)

        func place(_ index: Int, visited: inout [Bool]) -> Bool {
            for person in persons.indices
            where !visited[person] && persons[person].value.contains(places[index]) {
                visited[person] = true
                if let other = holdings[person], !place(other, visited: &visited) { continue }
                holdings[person] = index
                return true
            }
            return false
        }

        var unfilled: [Role] = []
        for index in places.indices {
            var visited = [Bool](repeating: false, count: persons.count)
            if !place(index, visited: &visited) { unfilled.append(places[index]) }
        }
        self.unfilled = unfilled
        filled = zip(persons, holdings).compactMap { person, place in
            place.map { Place(role: places[$0], person: person.key) }
        }
    }
}

// Which pseudonyms are one natural person. A link only ever restricts (two signatures become one
// person's), so every link that anybody states is believed.

/// Pseudonyms in groups, each group one person.
package struct PersonLinks: Sendable {
    private var groups = SharedMap<PrincipalID, [PrincipalID]>()

    /// Joins the two of each pair; links are transitive.
    package init(_ pairs: [(principal: PrincipalID, person: PrincipalID)] = []) {
        for pair in pairs { join(pair.principal, pair.person) }
    }

    /// Makes two ids one person; answers whether they were not before.
    @discardableResult
    mutating func join(_ left: PrincipalID, _ right: PrincipalID) -> Bool {
        guard !areSame(left, right) else { return false }
        let members = (linked(to: left) + linked(to: right)).sorted()
        for member in members { groups[member] = members }
        return true
    }

    /// The one id that stands for the person: the least of the group.
    package func person(of id: PrincipalID) -> PrincipalID { groups[id]?.first ?? id }

    /// Every id of the person, in order.
    package func linked(to id: PrincipalID) -> [PrincipalID] { groups[id] ?? [id] }

    /// Whether two ids are the same person.
    package func areSame(_ left: PrincipalID, _ right: PrincipalID) -> Bool {
        person(of: left) == person(of: right)
    }
}

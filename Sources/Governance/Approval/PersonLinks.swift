// Which pseudonyms are one natural person. A link only ever restricts (two signatures become one
// person's), so every link that anybody states is believed.

/// Pseudonyms in groups, each group one person.
package struct PersonLinks: Sendable {
    private let groups: [PrincipalID: [PrincipalID]]

    /// Joins the two of each pair; links are transitive.
    package init(_ pairs: [(principal: PrincipalID, person: PrincipalID)]) {
        var neighbours: [PrincipalID: Set<PrincipalID>] = [:]
        for (principal, person) in pairs {
            neighbours[principal, default: []].insert(person)
            neighbours[person, default: []].insert(principal)
        }
        var groups: [PrincipalID: [PrincipalID]] = [:]
        for start in neighbours.keys where groups[start] == nil {
            var group: Set<PrincipalID> = [start]
            var open = [start]
            while let next = open.popLast() {
                for other in neighbours[next] ?? [] where group.insert(other).inserted {
                    open.append(other)
                }
            }
            let members = group.sorted()
            for member in members { groups[member] = members }
        }
        self.groups = groups
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

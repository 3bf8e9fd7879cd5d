// Open findings, as a part of facts.

package import CanonicalJSON

/// A reviewer's finding that nobody entitled has closed.
package struct FindingFact: Sendable, Hashable {
    /// Payload digest of its statement.
    package var id: String
    package var severity: FindingSeverity
    package var blocking: Bool
    /// In which it was found.
    package var role: Role
    package var owner: PrincipalID
    package var dueAt: Timestamp
    package var source: RestrictionFact.Source

    package init(
        id: String, severity: FindingSeverity, blocking: Bool, role: Role, owner: PrincipalID,
        dueAt: Timestamp, source: RestrictionFact.Source
    ) {
        self.id = id
        self.severity = severity
        self.blocking = blocking
        self.role = role
        self.owner = owner
        self.dueAt = dueAt
        self.source = source
    }

    /// As a part of the facts document.
    package var json: JSON {
        [
            "id": .string(id), "severity": .string(severity.rawValue),
            "blocking": .bool(blocking), "role": .text(role), "owner": .text(owner),
            "dueAt": .text(dueAt), "source": .string(source.rawValue),
        ]
    }
}

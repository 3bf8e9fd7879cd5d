// The questions that erasures and holds ask of the chain.

package import Cryptography

extension TrustChain {
    /// Whether a statement signed by these keys counts as an officer's word over all these patterns.
    package func entitlement(
        of officer: SigningOfficer, signers: Set<KeyID>, covering patterns: [NamespacePattern],
        at time: Timestamp
    ) -> Entitlement {
        entitlement(
            of: officer.principal, signers: signers, role: officer.role,
            assignment: officer.assignment, at: time
        ) { pattern in patterns.allSatisfy(pattern.covers) }
    }

    /// The patterns of every role that a principal, or whoever is linked to it, ever held.
    package func patternsEverHeld(by principal: PrincipalID) -> [NamespacePattern] {
        let patterns = persons.linked(to: principal).flatMap(acceptedRoles)
            .map { $0.1.assignment.namespace }
        return Set(patterns).sorted { bytesPrecede($0.description, $1.description) }
    }

    /// Whether the person behind a principal holds any role in a namespace at a time.
    package func holdsAnyRole(
        _ principal: PrincipalID, in namespace: Namespace, at time: Timestamp
    ) -> Bool {
        persons.linked(to: principal).flatMap(acceptedRoles).contains { digest, entry in
            entry.assignment.namespace.matches(namespace)
                && isInForce(digest, entry.assignment, at: time)
        }
    }
}

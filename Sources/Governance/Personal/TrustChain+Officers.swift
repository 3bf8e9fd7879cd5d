// The questions that erasures, holds and disposals ask of the chain.

internal import CanonicalJSON
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

    /// One of two officers who sign a request together.
    struct JointOfficer {
        /// The member of the predicate that names the officer.
        let name: String
        let officer: SigningOfficer
        /// What the assignment must cover.
        let patterns: [NamespacePattern]
    }

    /// What stands against the word of two officers: that one of them is not entitled to it, is among the
    /// people concerned, or that the two are one person.
    ///
    /// - Parameters:
    ///   - signers: every key whose signature over the statement holds.
    ///   - people: who may not decide here; nor may anybody linked to them.
    ///   - concerned: code and sentence of the finding for such an officer.
    func problems(
        of first: JointOfficer, _ second: JointOfficer, signers: Set<KeyID>,
        people: Set<PrincipalID>, concerned: (code: String, sentence: String), at time: Timestamp
    ) -> [JSONFinding] {
        let place = JSONPointer(["predicate"])
        let persons = Set(people.map { person(of: $0) })
        var findings: [JSONFinding] = []
        var signing: [PrincipalID] = []
        for joint in [first, second] {
            let entitlement = entitlement(
                of: joint.officer, signers: signers, covering: joint.patterns, at: time)
            signing.append(entitlement.person)
            findings += entitlement.problems.map {
                JSONFinding(place.appending(joint.name), $0.rawValue, $0.sentence)
            }
            if persons.contains(entitlement.person) {
                findings.append(
                    JSONFinding(place.appending(joint.name), concerned.code, concerned.sentence))
            }
        }
        if Set(signing).count < 2 {
            findings.append(
                JSONFinding(
                    place.appending(second.name), TrustProblem.needsTwoPersons.rawValue,
                    "The two signers are one person."))
        }
        return findings
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

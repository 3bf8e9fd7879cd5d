// For whom somebody approves, among the facts.

package import CanonicalJSON
package import Cryptography

/// The delegation by which a statement was signed.
package struct DelegationFact: Sendable, Hashable {
    /// Digest of the delegation's payload.
    package var digest: SHA256Digest
    package var delegator: PrincipalID
    /// The natural person behind the delegator.
    package var person: PrincipalID

    package init(digest: SHA256Digest, delegator: PrincipalID, person: PrincipalID) {
        self.digest = digest
        self.delegator = delegator
        self.person = person
    }

    /// As a part of the facts document.
    package var json: JSON {
        ["digest": .hex(digest), "delegator": .text(delegator), "person": .text(person)]
    }

    /// A delegate inherits the delegator's conflicts: codes of those that stand against an approval.
    ///
    /// - Parameters:
    ///   - authors: everybody who made the version, with all who are the same person.
    ///   - priors: what was already said on the request; who acted for whom is in it twice.
    package func conflicts(
        authors: Set<PrincipalID>, priors: [ApproveFacts.PriorStatement]
    ) -> [String] {
        var codes: [String] = []
        if !authors.isDisjoint(with: [delegator, person]) { codes.append("delegator-is-author") }
        if priors.contains(where: { $0.person == person }) {
            codes.append("delegator-has-answered")
        }
        return codes
    }
}

extension ApprovalFact {
    /// The statement among those recorded before: as the word of the signer, and of whom it was given for.
    package var asPrior: [ApproveFacts.PriorStatement] {
        ([person] + (delegation.map { [$0.person] } ?? [])).map {
            ApproveFacts.PriorStatement(digest: digest, person: $0, meaning: meaning)
        }
    }
}

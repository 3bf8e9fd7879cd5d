// Something that left the service before an erasure and may show what is now erased.

package import CanonicalJSON

/// An export by its digest, and who received it.
package struct ErasureExport: Sendable, Hashable {
    /// What kind of export, such as `report`.
    package let kind: String
    /// The digest that the log holds of it.
    package let digest: String
    /// Who received it.
    package let recipient: PrincipalID
    package let at: Timestamp

    package init(kind: String, digest: String, recipient: PrincipalID, at: Timestamp) {
        self.kind = kind
        self.digest = digest
        self.recipient = recipient
        self.at = at
    }

    package var json: JSON {
        [
            "kind": .string(kind), "digest": .string(digest), "recipient": .text(recipient),
            "at": .text(at),
        ]
    }
}

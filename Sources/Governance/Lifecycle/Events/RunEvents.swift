// What the gate answered about starting again what runs, and which status lists were given out.

package import CanonicalJSON
package import Cryptography

/// The deploy gate decided, against the state of now, about a permit to start a deployment again.
///
/// Its members are those of `deployment.decided`, and mean the same; `deployment` is the one that runs,
/// also when the answer is no.
package struct RunDecided: EventPayload {
    package static let kind = "run.decided"
    /// What was decided, as of a deployment.
    package let decided: DeploymentDecided

    package init(_ decided: DeploymentDecided) { self.decided = decided }

    package init?(_ reader: inout EventReader) {
        guard let decided = DeploymentDecided(&reader) else { return nil }
        self.decided = decided
    }

    package var members: [String: JSON] { decided.members }
}

/// A status list was signed.
package struct StatusListed: EventPayload {
    package static let kind = "status.listed"
    /// Digest of the list's payload.
    package let list: SHA256Digest
    /// Digest of its envelope.
    package let document: SHA256Digest
    /// Digest of what it says, without the times: equal for lists that say the same.
    package let content: SHA256Digest
    /// From when on it is out of date.
    package let validUntil: Timestamp

    package init(
        list: SHA256Digest, document: SHA256Digest, content: SHA256Digest, validUntil: Timestamp
    ) {
        self.list = list
        self.document = document
        self.content = content
        self.validUntil = validUntil
    }

    package init?(_ reader: inout EventReader) {
        guard let list = reader.digest("list"), let document = reader.digest("document"),
            let content = reader.digest("content"), let validUntil = reader.time("validUntil")
        else { return nil }
        self.init(list: list, document: document, content: content, validUntil: validUntil)
    }

    package var members: [String: JSON] {
        [
            "list": .digest(list), "document": .digest(document), "content": .digest(content),
            "validUntil": .text(validUntil),
        ]
    }
}

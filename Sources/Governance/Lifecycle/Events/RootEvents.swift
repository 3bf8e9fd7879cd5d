// That another trust root came into force.

package import CanonicalJSON
package import Cryptography

/// A further version of the trust root counts from the next entry on, and for every larger tree.
package struct RootChanged: EventPayload {
    package static let kind = "root.changed"
    /// SHA-256 of the root's payload.
    package let digest: SHA256Digest
    package let version: Int64
    /// Digest of the root's envelope as stored, with the signatures of the old and the new custodians.
    package let document: SHA256Digest

    package init(digest: SHA256Digest, version: Int64, document: SHA256Digest) {
        self.digest = digest
        self.version = version
        self.document = document
    }

    package init?(_ reader: inout EventReader) {
        guard let digest = reader.digest("digest"), let version = reader.integer("version"),
            let document = reader.digest("document")
        else { return nil }
        self.init(digest: digest, version: version, document: document)
    }

    package var members: [String: JSON] {
        [
            "digest": .digest(digest), "version": .integer(version), "document": .digest(document),
        ]
    }
}

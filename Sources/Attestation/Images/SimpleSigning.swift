// The payload of cosign's image signatures: which image is meant.
//
// Specification: containers/image, atomic-signature.md, as cosign writes it:
//   {"critical":{"identity":{"docker-reference":TEXT},
//                "image":{"docker-manifest-digest":"sha256:<64 hex>"},
//                "type":"cosign container image signature"},
//    "optional":{…}|null}
// The whole file is signed, as it is. Members of "critical" that a reader does not know make it refuse
// the signature; "optional" is anybody's. The reference names where the image lay when it was signed; an
// image can lie elsewhere, so it is shown and proves nothing.

package import Cryptography

/// What a signer of an image has signed.
package struct SimpleSigning: Sendable, Hashable {
    /// The media type of such a payload.
    package static let mediaType = "application/vnd.dev.cosign.simplesigning.v1+json"

    /// Digest of the image's manifest.
    package let image: SHA256Digest
    /// Where the signer found it; empty when the payload does not say.
    package let reference: String

    package init(
        parsing bytes: [UInt8], limits: AttestationLimits = .default
    ) throws(AttestationError) {
        let reader = try MemberReader(
            parseJSON(bytes, "payload", limits), "payload", allowing: ["critical", "optional"])
        let critical = try reader.object("critical", allowing: ["identity", "image", "type"])
        guard try critical.string("type") == "cosign container image signature" else {
            throw AttestationError(.payloadTypeMismatch, "The payload is of no image signature.")
        }
        let named = try critical.object("image", allowing: ["docker-manifest-digest"])
        guard let image = SHA256Digest(oci: try named.string("docker-manifest-digest")) else {
            throw AttestationError(.malformed, "The payload's digest is not sha256:<64 hex>.")
        }
        self.image = image
        let identity = try critical.object("identity", allowing: ["docker-reference"])
        reference =
            try identity.isNullOrAbsent("docker-reference")
            ? "" : identity.string("docker-reference")
    }
}

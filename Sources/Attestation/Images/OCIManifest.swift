// Documents of an OCI image layout: descriptors, manifests and indexes, as far as signatures need them.
//
// Specification: OCI image-spec 1.1, descriptor.md, manifest.md, image-index.md.
// - Descriptor {"mediaType","digest":"sha256:<64 hex>","size", "artifactType"?, "annotations"?}; size
//   and digest are those of the bytes, and bytes that differ are not the ones described.
// - Manifest {"schemaVersion":2,"mediaType"?,"artifactType"?,"config","layers":[…],"subject"?}.
// - Index {"schemaVersion":2,"mediaType"?,"manifests":[…]}.
// Members that are not named here are ignored, as the specification demands of readers. Other digest
// algorithms than sha256 are not read: a descriptor by another one describes nothing here.

internal import CanonicalJSON
package import Cryptography

extension SHA256Digest {
    /// A digest as OCI writes it: "sha256:" and 64 lowercase hexadecimal digits, nothing else.
    package init?(oci text: String) {
        guard text.utf8.starts(with: "sha256:".utf8) else { return nil }
        self.init(hex: String(decoding: text.utf8.dropFirst(7), as: UTF8.self))
    }

    /// The digest as OCI writes it.
    package var oci: String { "sha256:\(hex)" }
}

/// What an OCI document says about bytes elsewhere.
package struct OCIDescriptor: Sendable, Hashable {
    package let mediaType: String
    /// Nil for an algorithm that is not read here.
    package let digest: SHA256Digest?
    package let size: Int64
    package let artifactType: String
    package let annotations: [String: String]

    init(_ json: JSON, _ what: String) throws(AttestationError) {
        let reader = try MemberReader(json, what)
        mediaType = try reader.string("mediaType")
        let text = try reader.string("digest")
        digest = SHA256Digest(oci: text)
        guard digest != nil || !text.utf8.starts(with: "sha256:".utf8) else {
            throw AttestationError(.malformed, "The \(what)'s digest is malformed.")
        }
        size = try reader.natural("size")
        artifactType =
            try reader.isNullOrAbsent("artifactType") ? "" : reader.string("artifactType")
        annotations = try ociAnnotations(reader)
    }
}

/// The annotations of a document: text to text, within bounds.
private func ociAnnotations(_ reader: MemberReader) throws(AttestationError) -> [String: String] {
    guard !reader.isNullOrAbsent("annotations") else { return [:] }
    guard let members = try reader.value("annotations").object, members.count <= 256 else {
        throw AttestationError(.malformed, "The \(reader.what)'s annotations are malformed.")
    }
    var texts: [String: String] = [:]
    for (name, value) in members {
        guard let text = value.string else {
            throw AttestationError(.malformed, "An annotation of the \(reader.what) is no text.")
        }
        texts[name] = text
    }
    return texts
}

/// A manifest of an image or of an artifact.
package struct OCIManifest: Sendable, Hashable {
    package static let mediaType = "application/vnd.oci.image.manifest.v1+json"
    /// Docker's own, which cosign's oldest signatures are stored under.
    package static let dockerMediaType = "application/vnd.docker.distribution.manifest.v2+json"

    /// What it is; of a manifest without the member the media type of its configuration.
    package let artifactType: String
    package let layers: [OCIDescriptor]
    /// What it is about, when it refers to something.
    package let subject: OCIDescriptor?

    /// Most layers that are read.
    private static let layerLimit = 256

    package init(
        parsing bytes: [UInt8], limits: AttestationLimits = .default
    ) throws(AttestationError) {
        let reader = try MemberReader(parseJSON(bytes, "manifest", limits), "manifest")
        try requireVersion2(reader, mediaTypes: [Self.mediaType, Self.dockerMediaType])
        let config = try OCIDescriptor(reader.value("config"), "manifest's config")
        artifactType =
            try reader.isNullOrAbsent("artifactType")
            ? config.mediaType : reader.string("artifactType")
        var layers: [OCIDescriptor] = []
        for layer in try reader.array("layers", atMost: Self.layerLimit) {
            layers.append(try OCIDescriptor(layer, "layer"))
        }
        self.layers = layers
        subject =
            try reader.isNullOrAbsent("subject")
            ? nil : OCIDescriptor(reader.value("subject"), "manifest's subject")
    }
}

/// A list of manifests.
package struct OCIIndex: Sendable, Hashable {
    package static let mediaType = "application/vnd.oci.image.index.v1+json"

    package let manifests: [OCIDescriptor]

    package init(
        parsing bytes: [UInt8], limits: AttestationLimits = .default
    ) throws(AttestationError) {
        let reader = try MemberReader(parseJSON(bytes, "index", limits), "index")
        try requireVersion2(reader, mediaTypes: [Self.mediaType])
        var manifests: [OCIDescriptor] = []
        for manifest in try reader.array("manifests", atMost: 4_096) {
            manifests.append(try OCIDescriptor(manifest, "descriptor"))
        }
        self.manifests = manifests
    }
}

private func requireVersion2(
    _ reader: MemberReader, mediaTypes: Set<String>
) throws(AttestationError) {
    guard try reader.natural("schemaVersion") == 2 else {
        throw AttestationError(.malformed, "The \(reader.what) is not of schema version 2.")
    }
    let mediaType = try reader.isNullOrAbsent("mediaType") ? nil : reader.string("mediaType")
    guard mediaType.map(mediaTypes.contains) ?? true else {
        throw AttestationError(
            .mediaTypeUnsupported, "The \(reader.what) calls itself something else.")
    }
}

/// The file that says that a directory is an image layout.
package struct OCILayoutMarker: Sendable, Hashable {
    /// Whether it is of the version that is read here.
    package let isReadable: Bool

    package init(parsing bytes: [UInt8]) throws(AttestationError) {
        let reader = try MemberReader(parseJSON(bytes, "oci-layout", .default), "oci-layout")
        isReadable = try reader.string("imageLayoutVersion") == "1.0.0"
    }
}

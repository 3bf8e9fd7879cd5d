// An image layout on disk with what cosign puts beside an image.

import Attestation
import CanonicalJSON
import Cryptography

/// An OCI image layout with an image and what somebody has put beside it.
struct ImageScene {
    let program: Program
    let key: PrivateKey
    let manifest: [UInt8]
    var descriptors: [JSON] = []

    var image: SHA256Digest { SHA256.hash(manifest) }

    init() throws {
        program = try Program()
        key = try .generate(.ecdsaP256)
        let config: JSON = [
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": .string(SHA256.hash("{}").oci), "size": 2,
        ]
        let document: JSON = [
            "schemaVersion": 2, "mediaType": .string(OCIManifest.mediaType), "config": config,
            "layers": [],
        ]
        manifest = document.canonicalBytes
        try program.write("key.pub", key.publicKey.pem)
        try program.write("other.pub", PrivateKey.generate(.ecdsaP256).publicKey.pem)
        try program.write("oci/oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}")
        try blob(manifest)
        descriptors = [Self.descriptor(manifest, OCIManifest.mediaType)]
    }

    func blob(_ bytes: [UInt8]) throws {
        try program.write("oci/blobs/sha256/\(SHA256.hash(bytes).hex)", bytes)
    }

    static func descriptor(
        _ bytes: [UInt8], _ mediaType: String, _ more: [String: JSON] = [:]
    ) -> JSON {
        .object(
            [
                "mediaType": .string(mediaType), "digest": .string(SHA256.hash(bytes).oci),
                "size": .integer(Int64(bytes.count)),
            ].merging(more) { $1 })
    }

    func payload(of image: SHA256Digest? = nil, type: String? = nil, more: JSON? = nil) -> JSON {
        var critical: [String: JSON] = [
            "identity": ["docker-reference": "registry.example/app"],
            "image": ["docker-manifest-digest": .string((image ?? self.image).oci)],
            "type": .string(type ?? "cosign container image signature"),
        ]
        if let more { critical["more"] = more }
        return ["critical": .object(critical), "optional": .null]
    }

    /// What `cosign sign --key` writes: a layer with the payload, the signature beside it.
    mutating func addSignature(
        _ payload: JSON, by signer: PrivateKey? = nil, tag: String? = nil,
        change: (inout [String: JSON]) -> Void = { _ in }
    ) throws {
        let bytes = payload.canonicalBytes
        try blob(bytes)
        var layer =
            Self.descriptor(
                bytes, SimpleSigning.mediaType,
                [
                    "annotations": [
                        "dev.cosignproject.cosign/signature": .string(
                            Base64.encode(try (signer ?? key).sign(bytes)))
                    ]
                ]
            ).object ?? [:]
        change(&layer)
        try addManifest(
            layers: [.object(layer)],
            [
                "annotations": [
                    "org.opencontainers.image.ref.name": .string(
                        tag ?? "registry.example/app:sha256-\(image.hex).sig")
                ]
            ])
    }

    /// A manifest of its own, named in the index.
    mutating func addManifest(
        layers: [JSON], _ descriptor: [String: JSON] = [:], members: [String: JSON] = [:]
    ) throws {
        let empty: JSON = [
            "mediaType": "application/vnd.oci.empty.v1+json",
            "digest": .string(SHA256.hash("{}").oci), "size": 2,
        ]
        let document = JSON.object(
            [
                "schemaVersion": 2, "mediaType": .string(OCIManifest.mediaType), "config": empty,
                "layers": .array(layers),
            ].merging(members) { $1 })
        try blob(document.canonicalBytes)
        descriptors.append(
            Self.descriptor(document.canonicalBytes, OCIManifest.mediaType, descriptor))
    }

    /// What cosign writes since bundles are referrers.
    mutating func addBundle(_ bundle: [UInt8], subject: JSON? = nil, type: String? = nil) throws {
        try blob(bundle)
        let type = type ?? SigstoreBundle.mediaType
        try addManifest(
            layers: [Self.descriptor(bundle, SigstoreBundle.mediaType)],
            ["artifactType": .string(type)],
            members: [
                "artifactType": .string(type),
                "subject": subject ?? Self.descriptor(manifest, OCIManifest.mediaType),
            ])
    }

    func statement(_ predicateType: String, _ predicate: JSON = [:]) -> Statement {
        Statement(
            subjects: [.init(name: "registry.example/app", sha256: image)],
            predicateType: predicateType, predicate: predicate)
    }

    func verify(_ more: [String] = [], key: String = "key.pub") throws -> Ran {
        let index: JSON = ["schemaVersion": 2, "manifests": .array(descriptors)]
        try program.write("oci/index.json", index.canonicalBytes)
        return try program.run(
            [
                "artifact", "verify-image", image.oci, "--oci-layout", "oci", "--public-key", key,
                "--json",
            ] + more)
    }

    static func codes(_ ran: Ran) throws -> Set<String> {
        let evidence = try JSON(parsing: ran.output)["evidence"]?.array ?? []
        return Set(
            evidence.flatMap { $0["findings"]?.array ?? [] }.compactMap { $0["code"]?.string })
    }
}

// Signatures and attestations of container images, as cosign stores them, and what can be wrong with them.

import Attestation
import CanonicalJSON
import Cryptography
import Foundation
import TestSupport
import Testing

private let provenance: JSON = [
    "builder": ["id": "https://ci.example/builder"], "buildType": "https://ci.example/train",
    "materials": [["uri": "git+https://git.example/a", "digest": ["sha1": "aabb"]]],
]

@Suite struct `A container image` {
    @Test func `is signed when cosign's payload names it, and for nobody else`() throws {
        var scene = try ImageScene()
        #expect(try scene.verify().code == 1)
        try scene.addSignature(scene.payload())
        let ran = try scene.verify()
        #expect(ran.code == 0, "\(ran)")
        let evidence = try JSON(parsing: ran.output)["evidence"]?[0]
        #expect(evidence?["reference"] == "registry.example/app")
        #expect(evidence?["key"]?.string == scene.key.publicKey.id.hex)
        let other = try scene.verify(key: "other.pub")
        #expect(other.code == 1)
        #expect(try ImageScene.codes(other) == ["signature-invalid"])
    }

    struct Fault: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: String
        let make: @Sendable (inout ImageScene) throws -> Void
    }

    static let faults = [
        Fault(testDescription: "a payload of another image", code: "artifact-mismatch") {
            try $0.addSignature($0.payload(of: SHA256.hash("other")))
        },
        Fault(testDescription: "a payload of another type", code: "payload-type-mismatch") {
            try $0.addSignature($0.payload(type: "atomic container signature"))
        },
        Fault(testDescription: "a critical member nobody knows", code: "malformed") {
            try $0.addSignature($0.payload(more: "x"))
        },
        Fault(testDescription: "another signer", code: "signature-invalid") {
            try $0.addSignature($0.payload(), by: .generate(.ecdsaP256))
        },
        Fault(testDescription: "a layer without a signature", code: "malformed") {
            try $0.addSignature($0.payload()) { $0["annotations"] = [:] }
        },
        Fault(testDescription: "a payload that is longer than it says", code: "file-altered") {
            try $0.addSignature($0.payload()) { $0["size"] = 3 }
        },
        Fault(testDescription: "a payload that is not there", code: "file-missing") {
            try $0.addSignature($0.payload()) {
                $0["digest"] = .string(SHA256.hash("absent").oci)
            }
        },
        Fault(testDescription: "a digest that leads out", code: "malformed") {
            try $0.addSignature($0.payload()) { $0["digest"] = "sha256:../../../key.pub" }
        },
        Fault(
            testDescription: "an attestation where a signature is asked",
            code: "predicate-type-mismatch"
        ) {
            let envelope = try $0.statement("https://slsa.dev/provenance/v0.2", provenance)
                .sign(with: [$0.key])
            try $0.addBundle(SigstoreBundle(envelope: envelope, key: $0.key.publicKey).bytes)
        },
        Fault(testDescription: "a bundle about another image", code: "artifact-mismatch") {
            let statement = Statement(
                subjects: [.init(name: "a", sha256: SHA256.hash("other"))],
                predicateType: ImageVerifier.signPredicate, predicate: [:])
            let envelope = try statement.sign(with: [$0.key])
            try $0.addBundle(SigstoreBundle(envelope: envelope, key: $0.key.publicKey).bytes)
        },
        Fault(testDescription: "a referrer whose subject has another size", code: "file-altered") {
            let envelope = try $0.statement(ImageVerifier.signPredicate).sign(with: [$0.key])
            try $0.addBundle(
                SigstoreBundle(envelope: envelope, key: $0.key.publicKey).bytes,
                subject: ImageScene.descriptor(
                    $0.manifest, OCIManifest.mediaType, ["size": 1]))
        },
        Fault(
            testDescription: "a referrer that calls its layer something else",
            code: "media-type-unsupported"
        ) {
            let envelope = try $0.statement(ImageVerifier.signPredicate).sign(with: [$0.key])
            try $0.addBundle(
                SigstoreBundle(envelope: envelope, key: $0.key.publicKey).bytes,
                type: "application/vnd.dev.sigstore.bundle+json;version=0.3")
        },
        Fault(testDescription: "a bundle with two signatures", code: "signature-count") {
            let envelope = try $0.statement(ImageVerifier.signPredicate)
                .sign(with: [$0.key, .generate(.ecdsaP256)])
            try $0.addBundle(SigstoreBundle(envelope: envelope, key: $0.key.publicKey).bytes)
        },
        Fault(testDescription: "a bundle with a member twice", code: "malformed") {
            let envelope = try $0.statement(ImageVerifier.signPredicate).sign(with: [$0.key])
            let bundle = SigstoreBundle(envelope: envelope, key: $0.key.publicKey).bytes
            try $0.addBundle(Array("{\"mediaType\":\"\",".utf8) + bundle.dropFirst())
        },
    ]

    @Test(arguments: faults)
    func `is not signed by`(_ fault: Fault) throws {
        var scene = try ImageScene()
        try fault.make(&scene)
        let ran = try scene.verify()
        #expect(ran.code == 1, "\(ran)")
        #expect(try ImageScene.codes(ran).contains(fault.code), "\(ran)")
        // What others put there does not take a good signature away.
        try scene.addSignature(scene.payload())
        #expect(try scene.verify().code == 0)
    }

    @Test func `is signed by a bundle that refers to it`() throws {
        var scene = try ImageScene()
        let envelope = try scene.statement(ImageVerifier.signPredicate).sign(with: [scene.key])
        try scene.addBundle(SigstoreBundle(envelope: envelope, key: scene.key.publicKey).bytes)
        #expect(try scene.verify().code == 0)
        #expect(try scene.verify(key: "other.pub").code == 1)
        #expect(try scene.verify(["--predicate-type", "https://slsa.dev/provenance/v1"]).code == 1)
    }

    @Test func `is signed by a bundle over its manifest's bytes, where these are at hand`() throws {
        var scene = try ImageScene()
        let bundle: JSON = [
            "mediaType": .string(SigstoreBundle.mediaType),
            "verificationMaterial": [
                "publicKey": [
                    "hint": .string(Base64.encode(scene.key.publicKey.id.digest.bytes))
                ]
            ],
            "messageSignature": [
                "messageDigest": [
                    "algorithm": "SHA2_256", "digest": .string(Base64.encode(scene.image.bytes)),
                ],
                "signature": .string(Base64.encode(try scene.key.sign(scene.manifest))),
            ],
        ]
        try scene.addBundle(bundle.canonicalBytes)
        #expect(try scene.verify().code == 0)
        #expect(try scene.verify(key: "other.pub").code == 1)
        try scene.program.write("bundle.json", bundle.canonicalBytes)
        try scene.program.write("manifest.json", scene.manifest)
        let verify = [
            "artifact", "verify-image", scene.image.oci, "--bundle", "bundle.json",
            "--public-key", "key.pub",
        ]
        #expect(try scene.program.run(verify).code == 1)
        #expect(try scene.program.run(verify + ["--manifest", "manifest.json"]).code == 0)
        #expect(try scene.program.run(verify + ["--manifest", "bundle.json"]).code == 1)
    }

    @Test(arguments: ["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"])
    func `has provenance, which is shown`(type: String) throws {
        var scene = try ImageScene()
        let predicateType = "https://slsa.dev/provenance/v0.2"
        let text = String(
            decoding: scene.statement(predicateType, provenance).payload, as: UTF8.self
        ).replacing("https://in-toto.io/Statement/v1", with: type)
        let envelope = try Envelope.sign(Array(text.utf8), with: [scene.key])
        let layer = envelope.canonicalBytes
        try scene.blob(layer)
        try scene.addManifest(
            layers: [
                ImageScene.descriptor(
                    layer, "application/vnd.dsse.envelope.v1+json",
                    ["annotations": ["dev.cosignproject.cosign/signature": ""]])
            ],
            ["annotations": ["org.opencontainers.image.ref.name": "sha256-\(scene.image.hex).att"]])
        #expect(try scene.verify().code == 1)
        let ran = try scene.verify(["--predicate-type", predicateType])
        #expect(ran.code == 0, "\(ran)")
        let shown = try JSON(parsing: ran.output)["evidence"]?[0]?["provenance"]
        #expect(shown?["builder"] == "https://ci.example/builder")
        #expect(shown?["materials"]?[0]?["digests"]?["sha1"] == "aabb")
        #expect(
            try scene.verify(["--predicate-type", predicateType], key: "other.pub").code == 1)
    }

    @Test func `is verified from files`() throws {
        let scene = try ImageScene()
        let payload = scene.payload().canonicalBytes
        let signature = try scene.key.sign(payload)
        try scene.program.write("payload.json", payload)
        try scene.program.write("payload.sig", Base64.encode(signature) + "\n")
        try scene.program.write("raw.sig", signature)
        func verify(_ image: String, _ signature: String, _ key: String = "key.pub") throws -> Ran {
            try scene.program.run(
                "artifact", "verify-image", image, "--payload", "payload.json", "--signature",
                signature, "--public-key", key)
        }
        #expect(try verify(scene.image.oci, "payload.sig").code == 0)
        #expect(try verify(scene.image.oci, "raw.sig").code == 0)
        #expect(try verify(scene.image.oci, "raw.sig", "other.pub").code == 1)
        #expect(try verify(SHA256.hash("other").oci, "raw.sig").code == 1)
        #expect(try verify(scene.image.hex, "raw.sig").code == 64)
        #expect(try verify("sha512:" + scene.image.hex, "raw.sig").code == 64)
        #expect(try verify(scene.image.oci, "absent").code == 2)
        try scene.program.write("payload.json", payload + [0x0A])
        #expect(try verify(scene.image.oci, "raw.sig").code == 1)
    }

    @Test func `is verified by certificate for the identity asked for`() throws {
        var scene = try ImageScene()
        let workshop = try CertificateWorkshop()
        try workshop.issue("root", CertificateWorkshop.authority)
        try workshop.issue("signer", by: "root", CertificateWorkshop.signer)
        try scene.program.write("root.crt", workshop.bytes("root.crt"))
        let signer = try PrivateKey(pem: workshop.bytes("signer.key"))
        let certificate = String(decoding: workshop.bytes("signer.crt"), as: UTF8.self)
        try scene.addSignature(scene.payload(), by: signer) { layer in
            var annotations = layer["annotations"]?.object ?? [:]
            annotations["dev.sigstore.cosign/certificate"] = .string(certificate)
            layer["annotations"] = .object(annotations)
        }
        #expect(try scene.verify().code == 1)
        func verify(_ identity: String) throws -> Int32 {
            try scene.program.run(
                "artifact", "verify-image", scene.image.oci, "--oci-layout", "oci",
                "--trust-root", "root.crt", "--identity", identity
            ).code
        }
        #expect(try verify("release@example.org") == 0)
        #expect(try verify("other@example.org") == 1)
    }

    @Test func `is verified by certificate beside its root, which says nothing by itself`() throws {
        let workshop = try CertificateWorkshop()
        try workshop.issue("root", CertificateWorkshop.authority)
        try workshop.issue("between", by: "root", CertificateWorkshop.authority)
        try workshop.issue("signer", by: "between", CertificateWorkshop.signer)
        try workshop.issue("stranger", CertificateWorkshop.authority)
        func text(_ name: String) -> String {
            String(decoding: workshop.bytes("\(name).crt"), as: UTF8.self)
        }
        let signer = try PrivateKey(pem: workshop.bytes("signer.key"))
        func verify(_ chain: String, root: String = "root") throws -> Int32 {
            var scene = try ImageScene()
            try scene.program.write("root.crt", workshop.bytes("\(root).crt"))
            try scene.addSignature(scene.payload(), by: signer) { layer in
                var annotations = layer["annotations"]?.object ?? [:]
                annotations["dev.sigstore.cosign/certificate"] = .string(text("signer"))
                annotations["dev.sigstore.cosign/chain"] = .string(chain)
                layer["annotations"] = .object(annotations)
            }
            _ = try scene.verify()
            return try scene.program.run(
                "artifact", "verify-image", scene.image.oci, "--oci-layout", "oci",
                "--trust-root", "root.crt", "--identity", "release@example.org"
            ).code
        }
        #expect(try verify(text("between")) == 0)
        #expect(try verify(text("between") + text("root")) == 0)
        #expect(try verify(text("root")) == 1)
        #expect(try verify(text("between") + text("root"), root: "stranger") == 1)
    }

    @Test func `takes no certificate and no log beside a key`() throws {
        let scene = try ImageScene()
        for option in ["--certificate", "--log-bundle"] {
            let ran = try scene.program.run(
                "artifact", "verify-image", scene.image.oci, "--payload", "x", "--signature", "y",
                "--public-key", "key.pub", option, "z")
            #expect(ran.code == 64, "\(ran)")
        }
    }

    @Test func `has no manifest but its own`() throws {
        let scene = try ImageScene()
        let key = scene.key.publicKey
        func manifest(_ bytes: [UInt8]) -> [UInt8]? {
            ImageVerifier(image: scene.image, trust: .key(key), manifest: bytes).manifest
        }
        #expect(manifest(scene.manifest) == scene.manifest)
        #expect(manifest(scene.manifest + [0x20]) == nil)
    }

    @Test func `is not decided by a layout that is none, or that leads elsewhere`() throws {
        var scene = try ImageScene()
        try scene.addSignature(scene.payload())
        try scene.program.write("oci/oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}")
        #expect(try scene.verify().code == 2)
        try scene.program.write("oci/oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}")
        #expect(try scene.verify().code == 0)
        // The blobs, moved away and linked: what a link leads to is not in the layout.
        let folder = scene.program.folder
        try FileManager.default.moveItem(
            atPath: folder + "/oci/blobs", toPath: folder + "/elsewhere")
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/oci/blobs", withDestinationPath: "../elsewhere")
        #expect(try scene.verify().code == 1)
        try scene.program.write("oci/index.json", "{\"schemaVersion\":1,\"manifests\":[]}")
        let ran = try scene.program.run(
            "artifact", "verify-image", scene.image.oci, "--oci-layout", "oci", "--public-key",
            "key.pub")
        #expect(ran.code == 2, "\(ran)")
    }

    @Test func `is not one that the layout's tag calls another's`() throws {
        var scene = try ImageScene()
        let other = SHA256.hash("other").hex
        try scene.addSignature(scene.payload(), tag: "sha256-\(other).sig")
        #expect(try scene.verify().code == 1)
    }
}

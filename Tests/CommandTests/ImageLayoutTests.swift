// What strangers put into an image layout takes no good signature away, and no memory.

import Attestation
import CanonicalJSON
import Cryptography
import TestSupport
import Testing

@Suite struct `An image layout` {
    @Test func `holds signatures as cosign wrote them before bundles, for this image only`() throws
    {
        func code(of subject: (ImageScene) -> [UInt8]) throws -> Int32 {
            var scene = try ImageScene()
            let payload = scene.payload().canonicalBytes
            try scene.blob(payload)
            let signature = Base64.encode(try scene.key.sign(payload))
            let type: JSON = "application/vnd.dev.cosign.artifact.sig.v1+json"
            try scene.addManifest(
                layers: [
                    ImageScene.descriptor(
                        payload, SimpleSigning.mediaType,
                        [
                            "annotations": [
                                "dev.cosignproject.cosign/signature": .string(signature)
                            ]
                        ])
                ],
                ["artifactType": type],
                members: [
                    "artifactType": type,
                    "subject": ImageScene.descriptor(subject(scene), OCIManifest.mediaType),
                ])
            return try scene.verify().code
        }
        #expect(try code { $0.manifest } == 0)
        #expect(try code { $0.manifest + [0x20] } == 1)
    }

    /// The same blob described before, as another's or with another length.
    @Test(arguments: ["sha256-\(String(repeating: "0", count: 64)).sig", nil])
    func `hides no signature behind a false description of it`(name: String?) throws {
        var scene = try ImageScene()
        try scene.addSignature(scene.payload())
        let good = scene.descriptors.removeLast()
        var junk = try #require(good.object)
        if let name {
            junk["annotations"] = ["org.opencontainers.image.ref.name": .string(name)]
        } else {
            junk["size"] = 1
        }
        scene.descriptors.append(.object(junk))
        #expect(try scene.verify().code == 1)
        scene.descriptors.append(good)
        #expect(try scene.verify().code == 0)
    }

    /// An index is met first where indexes no longer count, and then where they do.
    @Test func `hides no signature behind a chain of indexes`() throws {
        var scene = try ImageScene()
        try scene.addSignature(scene.payload())
        let good = scene.descriptors.removeLast()
        func index(_ inner: JSON) throws -> JSON {
            let document: JSON = [
                "schemaVersion": 2, "mediaType": .string(OCIIndex.mediaType), "manifests": [inner],
            ]
            try scene.blob(document.canonicalBytes)
            return ImageScene.descriptor(document.canonicalBytes, OCIIndex.mediaType)
        }
        let last = try index(good)
        var chain = last
        for _ in 0..<4 { chain = try index(chain) }
        scene.descriptors.append(chain)
        #expect(try scene.verify().code == 1)
        scene.descriptors.append(last)
        #expect(try scene.verify().code == 0)
    }

    @Test func `keeps its answer when a blob is too long`() throws {
        var scene = try ImageScene()
        let junk = [UInt8](repeating: 0x20, count: 16 << 20 + 1)
        try scene.blob(junk)
        scene.descriptors.append(ImageScene.descriptor(junk, OCIManifest.mediaType))
        var lying = ImageScene.descriptor(junk, OCIManifest.mediaType).object ?? [:]
        lying["size"] = 7
        scene.descriptors.append(.object(lying))
        #expect(try scene.verify().code == 1)
        try scene.addSignature(scene.payload())
        #expect(try scene.verify().code == 0)
    }

    @Test func `has payloads of a few names, not of mebibytes`() throws {
        func ran(padding: Int) throws -> Ran {
            var scene = try ImageScene()
            var payload = scene.payload().object ?? [:]
            payload["optional"] = ["note": .string(String(repeating: "x", count: padding))]
            try scene.addSignature(.object(payload))
            return try scene.verify()
        }
        #expect(try ran(padding: 60 << 10).code == 0)
        let long = try ran(padding: 64 << 10)
        #expect(long.code == 1)
        #expect(try ImageScene.codes(long) == ["too-large"])
    }

    /// An index of 15 MiB, named over and over: read once, or the answer takes gigabytes and minutes.
    @Test func `is looked through once, however often it names the same`() throws {
        var scene = try ImageScene()
        try scene.addSignature(scene.payload())
        let inner: JSON = [
            "schemaVersion": 2, "mediaType": .string(OCIIndex.mediaType), "manifests": [],
            "annotations": ["x": .string(String(repeating: "x", count: 15 << 20))],
        ]
        let bytes = inner.canonicalBytes
        try scene.blob(bytes)
        let junk = ImageScene.descriptor(bytes, OCIIndex.mediaType)
        // Before the image, so that it is met in the search for the manifest too.
        scene.descriptors = Array(repeating: junk, count: 1_000) + scene.descriptors
        #expect(try scene.verify().code == 0)
    }

    @Test func `is not decided when there is more than is read`() throws {
        var scene = try ImageScene()
        try scene.addSignature(scene.payload())
        let junk = (0..<17).map { [UInt8](repeating: UInt8($0), count: 16 << 20) }
        for bytes in junk { try scene.blob(bytes) }
        let good = scene.descriptors
        for bytes in junk.dropFirst(2) {
            scene.descriptors.append(ImageScene.descriptor(bytes, OCIManifest.mediaType))
        }
        #expect(try scene.verify().code == 0)
        for bytes in junk.prefix(2) {
            scene.descriptors.append(ImageScene.descriptor(bytes, OCIManifest.mediaType))
        }
        #expect(try scene.verify().code == 2)
        scene.descriptors = good
        #expect(try scene.verify().code == 0)
    }
}

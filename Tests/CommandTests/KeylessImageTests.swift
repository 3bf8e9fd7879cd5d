// Keyless signatures of container images, as somebody really made them.

import Attestation
import CanonicalJSON
import Cryptography
import Foundation
import TestSupport
import Testing

/// What somebody really signed keyless, in the places where cosign would put it.
@Suite(
    .enabled(
        if: Fixtures.has("oms/v1.1.0-sigstore") && Peers.sigstoreRoot != nil,
        "skipped: no shared/fixtures, or no Python package sigstore"))
struct `A keyless attestation in an image layout` {
    private let bundle: JSON
    private let scene: ImageScene
    private let digest: String

    init() throws {
        scene = try ImageScene()
        try scene.program.write("root.json", #require(Peers.sigstoreRoot))
        bundle = try Fixtures.json("oms/v1.1.0-sigstore/model.sig")
        let payload = try #require(
            bundle["dsseEnvelope"]?["payload"]?.string.flatMap { Base64.decode($0) })
        digest = try #require(
            JSON(parsing: payload)["subject"]?[0]?["digest"]?["sha256"]?.string)
    }

    private func verify(_ identity: String, _ more: [String]) throws -> Ran {
        try scene.program.run(
            [
                "artifact", "verify-image", "sha256:\(digest)", "--sigstore-root", "root.json",
                "--identity", identity, "--issuer", "https://sigstore.verify.ibm.com/oauth2",
                "--predicate-type", "https://model_signing/signature/v1.0", "--json",
            ] + more)
    }

    @Test func `holds as a bundle`() throws {
        try scene.program.write("bundle.json", bundle.canonicalBytes)
        let ran = try verify("stefanb@us.ibm.com", ["--bundle", "bundle.json"])
        #expect(ran.code == 0, "\(ran)")
        #expect(try verify("other@us.ibm.com", ["--bundle", "bundle.json"]).code == 1)
    }

    @Test func `holds with the log's promise, and not with that of another entry`() throws {
        let material = bundle["verificationMaterial"]
        let entry = try #require(material?["tlogEntries"]?[0])
        let raw = try #require(
            material?["certificate"]?["rawBytes"]?.string
                ?? material?["x509CertificateChain"]?["certificates"]?[0]?["rawBytes"]?.string)
        let log = try #require(
            entry["logId"]?["keyId"]?.string.flatMap { Base64.decode($0) })
        func integer(_ name: String) throws -> JSON {
            .integer(try #require(entry[name]?.string.flatMap { Int64($0) }))
        }
        var promise: [String: JSON] = [
            "body": try #require(entry["canonicalizedBody"]),
            "integratedTime": try integer("integratedTime"), "logIndex": try integer("logIndex"),
            "logID": .string(Hex.encode(log)),
        ]
        func write() throws {
            let document: JSON = [
                "SignedEntryTimestamp": try #require(
                    entry["inclusionPromise"]?["signedEntryTimestamp"]),
                "Payload": .object(promise),
            ]
            try scene.program.write("log.json", document.canonicalBytes)
        }
        let pem = "-----BEGIN CERTIFICATE-----\n\(raw)\n-----END CERTIFICATE-----\n"
        try scene.program.write("leaf.pem", pem)
        try scene.program.write(
            "envelope.json", try #require(bundle["dsseEnvelope"]).canonicalBytes)
        let files = [
            "--attestation", "envelope.json", "--certificate", "leaf.pem", "--log-bundle",
            "log.json",
        ]
        try write()
        let ran = try verify("stefanb@us.ibm.com", files)
        #expect(ran.code == 0, "\(ran)")
        #expect(try verify("other@us.ibm.com", files).code == 1)
        promise["logIndex"] = 1
        try write()
        let forged = try verify("stefanb@us.ibm.com", files)
        #expect(forged.code == 1)
        #expect(try ImageScene.codes(forged).contains("promise-invalid"), "\(forged)")
        let bare = try verify("stefanb@us.ibm.com", Array(files.prefix(4)))
        #expect(try ImageScene.codes(bare).contains("log-entry-count"), "\(bare)")
    }
}

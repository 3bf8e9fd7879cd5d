// `attest`: what of a builder's statement is sent, and what is not.

import Attestation
import CanonicalJSON
import Cryptography
import Foundation
import Testing

@Suite struct `A builder's statement on the command line` {
    private static let path = "/api/v1/namespaces/credit/models/scorecard/versions/1/provenance"

    private struct Scene {
        let program: Program
        let service: ForgedService
        let key: PrivateKey

        init(_ answers: [String: ForgedService.Answer]? = nil) throws {
            program = try Program()
            key = try .generate(.ecdsaP256)
            service = try ForgedService(
                answers ?? [
                    path: .init(status: 422, json: ["code": "provenance-known", "detail": "No."])
                ])
            try program.write("builder.pub", key.publicKey.pem)
            try program.write("other.pub", PrivateKey.generate(.ecdsaP256).publicKey.pem)
        }

        func statement(_ type: String) -> [UInt8] {
            let predicate: JSON = [
                "builder": ["id": "https://ci.example/builder"], "buildType": "train",
                "materials": [
                    [
                        "uri": "git+https://git.example/a",
                        "digest": ["sha1": .string(String(repeating: "ab", count: 20))],
                    ]
                ],
            ]
            return Statement(
                subjects: [.init(name: "a", sha256: SHA256.hash("artifact"))],
                predicateType: type, predicate: predicate
            ).payload
        }

        func attest(_ bytes: [UInt8], key: String = "builder.pub") throws -> Ran {
            try program.write("statement.json", bytes)
            return try program.run(
                "attest", "credit/scorecard@1", "--statement", "statement.json", "--public-key",
                key, "--server", service.url, "--token", "imp_x")
        }
    }

    private static let provenance = "https://slsa.dev/provenance/v0.2"

    @Test(arguments: [false, true])
    func `is sent with the one signature that the key made, under the key's id`(
        asBundle: Bool
    ) throws {
        let scene = try Scene()
        defer { scene.service.close() }
        let signed = try Envelope.sign(scene.statement(Self.provenance), with: [scene.key])
        let foreign = Envelope(
            payloadType: signed.payloadType, payload: signed.payload,
            signatures: [.init(keyID: "builder-1", bytes: signed.signatures[0].bytes)])
        let bytes =
            asBundle
            ? SigstoreBundle(envelope: foreign, key: scene.key.publicKey).bytes
            : foreign.canonicalBytes
        let ran = try scene.attest(bytes)
        #expect(ran.code == 1 && ran.errors.contains("[provenance-known]"), "\(ran)")
        #expect(ran.errors.contains("built by https://ci.example/builder"), "\(ran)")
        let sent = try JSON(parsing: try #require(scene.service.seen.last).body)
        #expect(sent["statement"] == signed.json)
    }

    @Test func `is not sent when the bundle is broken, though an envelope stands beside it`() throws
    {
        let scene = try Scene()
        defer { scene.service.close() }
        let signed = try Envelope.sign(scene.statement(Self.provenance), with: [scene.key])
        var members = signed.json.object ?? [:]
        members["dsseEnvelope"] = signed.json
        let ran = try scene.attest(JSON.object(members).canonicalBytes)
        #expect(ran.code == 2 && ran.errors.contains("The bundle has an unknown member"), "\(ran)")
        #expect(scene.service.seen.isEmpty)
    }

    @Test func `is shown in the status with who signed it`() throws {
        let scene = try Scene([
            "/api/v1/namespaces/credit/models/scorecard/versions/1": .init(
                status: 200,
                json: [
                    "version": "credit/scorecard@1",
                    "provenance": [
                        [
                            "builder": "https://ci.example/builder", "principal": "p-01",
                            "lineage": [["name": "git+https://a.example", "digest": "sha1:ab"]],
                        ]
                    ],
                ])
        ])
        defer { scene.service.close() }
        let ran = try scene.program.run(
            "status", "credit/scorecard@1", "--server", scene.service.url, "--token", "imp_x")
        #expect(ran.output.contains("built by  https://ci.example/builder, as p-01 signed\n"))
        #expect(ran.output.contains("from      git+https://a.example sha1:ab\n"), "\(ran)")
    }

    @Test func `is not sent when another key signed it, or when it is no provenance`() throws {
        let scene = try Scene()
        defer { scene.service.close() }
        let signed = try Envelope.sign(scene.statement(Self.provenance), with: [scene.key])
        let stranger = try scene.attest(signed.canonicalBytes, key: "other.pub")
        #expect(stranger.code == 1 && stranger.errors.contains("not signed by"), "\(stranger)")
        let other = try Envelope.sign(scene.statement("https://example.org/x"), with: [scene.key])
        #expect(try scene.attest(other.canonicalBytes).code == 2)
        #expect(try scene.attest(Array("{}".utf8)).code == 2)
        #expect(scene.service.seen.isEmpty)
    }
}

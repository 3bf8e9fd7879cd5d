// `waive`: what is signed about a rule, and what is not sent.

import Attestation
import CanonicalJSON
import Cryptography
import Foundation
import Governance
import Testing

@Suite struct `A waiver on the command line` {
    private static let path = "/api/v1/namespaces/credit/models/scorecard/versions/1"

    private struct Scene {
        let program: Program
        let service: ForgedService
        let key: PrivateKey

        init() throws {
            program = try Program()
            key = try .generate(.ecdsaP256)
            service = try ForgedService([
                "/api/v1/whoami": .init(json: [
                    "principal": "p-0000000000000007", "origin": "example.com/log",
                    "roles": [
                        [
                            "role": "risk-officer", "namespace": "credit",
                            "assignment": .string(SHA256.hash("assignment").hex),
                        ]
                    ],
                ]),
                path: .init(json: [
                    "activePolicy": .string(SHA256.hash("pack").hex),
                    "digests": ["artifact": .string(SHA256.hash("artifact").hex)],
                ]),
                path + "/waivers": .init(status: 422, json: ["code": "waiver-known"]),
            ])
            try program.write("officer.pem", key.pem())
        }

        /// Two weeks from now: thirty days are taken at most.
        let until = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
            .adding(seconds: 14 * 86_400).description

        func waive(as role: String = "risk-officer", until: String? = nil) throws -> Ran {
            try program.run(
                "waive", "credit/scorecard@1", "--rule", "DEP-303", "--until",
                until ?? self.until, "--reason", "the fix is on its way", "--key",
                "officer.pem", "--role", role, "--server", service.url, "--token", "imp_x")
        }
    }

    @Test func `names the rule, the pack in force and the version's bytes, and is signed`() throws {
        let scene = try Scene()
        defer { scene.service.close() }
        let ran = try scene.waive()
        #expect(ran.code == 1 && ran.errors.contains("[waiver-known]"), "\(ran)")
        let sent = try JSON(parsing: try #require(scene.service.seen.last).body)
        let envelope = try Envelope(parsing: try #require(sent["statement"]).canonicalBytes)
        #expect(envelope.verify(with: [scene.key.publicKey]) == [scene.key.publicKey.id])
        let predicate = try Statement(parsing: envelope.payload).predicate
        #expect(predicate["rule"] == "DEP-303")
        #expect(predicate["policy"] == .string(SHA256.hash("pack").hex))
        #expect(predicate["artifact"] == .string(SHA256.hash("artifact").hex))
        #expect(predicate["expiresAt"] == .string(scene.until))
        #expect(predicate["signer"]?["role"] == "risk-officer")
    }

    @Test func `is not sent in a role that the signer does not hold`() throws {
        let scene = try Scene()
        defer { scene.service.close() }
        let ran = try scene.waive(as: "compliance-officer")
        #expect(ran.code == 1 && ran.errors.contains("does not hold the role"), "\(ran)")
        #expect(!scene.service.seen.contains { $0.line.contains("/waivers") })
    }

    @Test func `that no reader would take is refused before it is signed`() throws {
        let scene = try Scene()
        defer { scene.service.close() }
        let ran = try scene.waive(until: "2099-01-31T00:00:00.000Z")
        #expect(ran.code != 0 && ran.errors.contains("expiresAt"), "\(ran)")
        #expect(!scene.service.seen.contains { $0.line.contains("/waivers") })
    }
}

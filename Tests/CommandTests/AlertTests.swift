// `alert` and `tier`: what is sent, and what is not.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Testing

@Suite struct `Alerts and tiers on the command line` {
    private static let path = "/api/v1/namespaces/credit/models/scorecard/versions/1"

    private struct Scene {
        let program: Program
        let service: ForgedService
        let key: PrivateKey

        init() throws {
            program = try Program()
            key = try .generate(.ecdsaP256)
            func digest(_ text: String) -> JSON { .string(SHA256.hash(text).hex) }
            service = try ForgedService([
                "/api/v1/whoami": .init(json: [
                    "principal": "p-0000000000000007", "origin": "example.com/log", "roles": [],
                ]),
                "/api/v1/principals/p-0000000000000007": .init(json: [
                    "roles": [
                        [
                            "role": "validator", "namespace": "credit", "revokedAt": .null,
                            "statement": digest("assignment"),
                        ]
                    ]
                ]),
                path: .init(json: [
                    "tierDetermination": ["derived": 2],
                    "digests": [
                        "artifact": digest("artifact"), "card": digest("card"),
                        "policy": digest("pack"),
                    ],
                ]),
                path + "/alerts": .init(status: 409, json: ["code": "version-closed"]),
                path + "/tier": .init(status: 409, json: ["code": "tier-known"]),
            ])
            try program.write("validator.pem", key.pem())
        }

        func run(_ arguments: String...) throws -> Ran {
            try program.run(arguments + ["--server", service.url, "--token", "imp_x"])
        }
    }

    @Test func `say what was measured, and need no key`() throws {
        let scene = try Scene()
        defer { scene.service.close() }
        let ran = try scene.run(
            "alert", "credit/scorecard@1", "--drift", "psi", "--value", "0.31", "--threshold",
            "0.25", "--reason", "applicants are younger")
        #expect(ran.code == 1 && ran.errors.contains("[version-closed]"), "\(ran)")
        let sent = try JSON(parsing: try #require(scene.service.seen.last).body)
        #expect(
            sent == [
                "cause": "drift", "name": "psi", "value": "0.31", "threshold": "0.25",
                "reason": "applicants are younger",
            ])
    }

    @Test func `are usage errors where half is missing`() throws {
        let scene = try Scene()
        defer { scene.service.close() }
        for arguments in [
            ["--drift", "psi", "--value", "0.31"], ["--incident", "INC-1", "--value", "0.31"],
            ["--drift", "psi", "--incident", "INC-1"], [],
        ] {
            let ran = try scene.program.run(
                ["alert", "credit/scorecard@1", "--reason", "x"] + arguments
                    + ["--server", scene.service.url, "--token", "imp_x"])
            #expect(ran.code == 64, "\(arguments) \(ran)")
        }
        let ran = try scene.run("tier", "credit/scorecard@1", "--tier", "3")
        #expect(ran.code == 64, "\(ran)")
        // What is signed already says which tier, or which suspension.
        for own in [["tier", "--tier", "3"], ["lift", "--suspension", "s-1"]] {
            let both = try scene.program.run(
                [own[0], "credit/scorecard@1", "--statement", "signed.json"] + own.dropFirst()
                    + ["--server", scene.service.url, "--token", "imp_x"])
            #expect(both.code == 64 && both.errors.contains("no other option fits"), "\(both)")
        }
        #expect(scene.service.seen.isEmpty)
    }

    @Test func `name the card, the pack's tier and the one that holds, and are signed`() throws {
        let scene = try Scene()
        defer { scene.service.close() }
        let ran = try scene.run(
            "tier", "credit/scorecard@1", "--tier", "3", "--reason", "it reaches more people",
            "--signer", "p-0000000000000007=validator", "--key", "validator.pem")
        #expect(ran.code == 1 && ran.errors.contains("[tier-known]"), "\(ran)")
        let sent = try JSON(parsing: try #require(scene.service.seen.last).body)
        let envelope = try Envelope(parsing: try #require(sent["statement"]).canonicalBytes)
        #expect(envelope.verify(with: [scene.key.publicKey]) == [scene.key.publicKey.id])
        let statement = try TierDetermination(reading: Statement(parsing: envelope.payload))
        #expect(statement.derived == .limited && statement.tier == .high)
        #expect(statement.card == SHA256.hash("card") && statement.policy == SHA256.hash("pack"))
    }
}

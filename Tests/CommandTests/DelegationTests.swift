// `delegation`, `approve --for` and `request-changes`: what is signed, and what is not sent.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Testing

@Suite struct `Answers on the command line` {
    private static let path = "/api/v1/namespaces/credit/models/scorecard/versions/1"
    private static let me = "p-0000000000000007"
    private static let other = "p-0000000000000008"

    private struct Scene {
        let program: Program
        let service: ForgedService
        let key: PrivateKey

        init() throws {
            program = try Program()
            key = try .generate(.ecdsaP256)
            let digest = { (text: String) in JSON.string(SHA256.hash(Array(text.utf8)).hex) }
            service = try ForgedService([
                "/api/v1/whoami": .init(json: [
                    "principal": .string(me), "origin": "example.com/log",
                    "roles": [
                        [
                            "role": "risk-officer", "namespace": "credit",
                            "assignment": digest("own assignment"),
                        ]
                    ],
                    "delegations": [
                        [
                            "delegation": digest("delegation"), "delegator": .string(other),
                            "delegate": .string(me), "role": "validator",
                            "assignment": digest("the other's assignment"),
                            "scope": ["model": "credit/scorecard"],
                        ]
                    ],
                ]),
                path: .init(json: [
                    "request": ["id": "r-1", "nonce": "00112233445566778899aabbccddeeff"],
                    "digests": [
                        "card": digest("card"), "artifact": digest("artifact"),
                        "evidence": digest("evidence"), "policy": digest("policy"),
                    ],
                ]),
                path + "/approvals": .init(status: 422, json: ["code": "gate-denied"]),
                "/api/v1/principals/\(me)/delegations": .init(
                    status: 422, json: ["code": "delegation-known"]),
            ])
            try program.write("me.pem", key.pem())
        }

        func run(_ arguments: String...) throws -> Ran {
            try program.run(
                arguments + [
                    "--key", "me.pem", "--server", service.url, "--token", "imp_x",
                ])
        }

        func sent(_ name: String) throws -> JSON {
            let body = try JSON(parsing: try #require(service.seen.last).body)
            let envelope = try Envelope(parsing: try #require(body[name]).canonicalBytes)
            #expect(envelope.verify(with: [key.publicKey]) == [key.publicKey.id])
            return try Statement(parsing: envelope.payload).predicate
        }
    }

    @Test func `in another's role name the delegation and that person's assignment`() throws {
        let scene = try Scene()
        defer { scene.service.close() }
        let ran = try scene.run(
            "approve", "credit/scorecard@1", "--role", "validator", "--for", Self.other,
            "--environment", "production")
        #expect(ran.code == 1 && ran.errors.contains("[gate-denied]"), "\(ran)")
        let signer = try scene.sent("statement")["signer"]
        #expect(signer?["principal"] == .string(Self.me))
        #expect(signer?["delegation"] == .string(SHA256.hash(Array("delegation".utf8)).hex))
        #expect(
            signer?["assignment"]
                == .string(SHA256.hash(Array("the other's assignment".utf8)).hex))
        // Nobody has delegated this.
        let refused = try scene.run(
            "approve", "credit/scorecard@1", "--role", "compliance-officer", "--for", Self.other,
            "--environment", "production")
        #expect(refused.code == 1 && refused.errors.contains("has not delegated"), "\(refused)")
    }

    @Test func `that ask for changes say which`() throws {
        let scene = try Scene()
        defer { scene.service.close() }
        let silent = try scene.run(
            "request-changes", "credit/scorecard@1", "--role", "risk-officer", "--environment",
            "production")
        #expect(silent.code == 64 && silent.errors.contains("--comment"), "\(silent)")
        let ran = try scene.run(
            "request-changes", "credit/scorecard@1", "--role", "risk-officer", "--environment",
            "production", "--comment", "say how it was trained")
        #expect(ran.code == 1, "\(ran)")
        let statement = try scene.sent("statement")
        #expect(statement["meaning"] == "request-changes")
        #expect(statement["comment"] == "say how it was trained")
        #expect(statement["signer"]?["delegation"] == .null)
    }

    @Test func `can be left to somebody else, in a role that is held`() throws {
        let scene = try Scene()
        defer { scene.service.close() }
        func grant(_ arguments: String...) throws -> Ran {
            try scene.program.run(
                [
                    "delegation", "grant", "--to", Self.other, "--days", "14", "--reason",
                    "on leave",
                    "--key", "me.pem", "--server", scene.service.url, "--token", "imp_x",
                ] + arguments)
        }
        let ran = try grant("--role", "risk-officer", "--namespace", "credit", "--tier", "2")
        #expect(ran.code == 1 && ran.errors.contains("[delegation-known]"), "\(ran)")
        let predicate = try scene.sent("delegation")
        #expect(predicate["delegate"] == .string(Self.other))
        #expect(predicate["highestTier"] == 2)
        #expect(predicate["scope"] == ["namespace": "credit"])
        #expect(predicate["delegator"]?["principal"] == .string(Self.me))
        #expect(try grant("--role", "risk-officer", "--tier", "2").code == 64)
        #expect(
            try grant("--role", "risk-officer", "--namespace", "credit", "--tier", "4").code == 64)
        // Wider than the role is held; and what was delegated, which nobody passes on.
        for (role, namespace) in [("risk-officer", "**"), ("validator", "credit")] {
            let refused = try grant("--role", role, "--namespace", namespace, "--tier", "2")
            #expect(
                refused.code == 1 && refused.errors.contains("does not hold the role"),
                "\(refused)")
        }
    }
}

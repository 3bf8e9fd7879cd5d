// `break-glass open` and `review`: what two officers sign, what a third says, and what is not sent.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Testing

@Suite struct `Breaking the glass on the command line` {
    private static let path = "/api/v1/namespaces/credit/models/scorecard/versions/1"
    private static let officers = [
        ("p-0000000000000001", "risk-officer"), ("p-0000000000000002", "compliance-officer"),
    ]

    private struct Scene {
        let program: Program
        let service: ForgedService
        let keys: [PrivateKey]

        init() throws {
            program = try Program()
            keys = try [.generate(.ecdsaP256), .generate(.ecdsaP256)]
            func role(_ name: String, _ digest: String) -> JSON {
                .object([
                    "role": .string(name), "namespace": "credit",
                    digest: .string(SHA256.hash("assignment of \(name)").hex),
                ])
            }
            var answers: [String: ForgedService.Answer] = [
                "/api/v1/whoami": .init(json: [
                    "principal": .string(officers[0].0), "origin": "example.com/log",
                    "roles": [role(officers[0].1, "assignment")],
                ]),
                path: .init(json: [
                    "activePolicy": .string(SHA256.hash("pack").hex),
                    "digests": ["artifact": .string(SHA256.hash("artifact").hex)],
                ]),
                path + "/break-glass": .init(status: 422, json: ["code": "break-glass-known"]),
                path + "/break-glass/review": .init(
                    status: 422, json: ["code": "break-glass-reviewed"]),
            ]
            for (id, name) in officers {
                answers["/api/v1/principals/\(id)"] = .init(json: [
                    "roles": [role(name, "statement")]
                ])
            }
            service = try ForgedService(answers)
            for (index, key) in keys.enumerated() { try program.write("\(index).pem", key.pem()) }
        }

        func open(_ more: String...) throws -> Ran {
            try program.run(
                ["break-glass", "open", "credit/scorecard@1", "--server", service.url]
                    + ["--token", "imp_x"] + more)
        }

        func openByTwo(hours: String = "2", _ more: String...) throws -> Ran {
            try program.run(
                [
                    "break-glass", "open", "credit/scorecard@1", "--environment", "production",
                    "--incident", "INC-1", "--hours", hours, "--first", officers[0].0, "--second",
                    officers[1].0, "--reason", "the fix cannot wait", "--server", service.url,
                    "--token", "imp_x",
                ] + more)
        }

        func sent() throws -> Envelope {
            let body = try JSON(parsing: try #require(service.seen.last).body)
            return try Envelope(parsing: try #require(body["statement"]).canonicalBytes)
        }
    }

    @Test func `is signed by both, for these bytes, this pack, this place and these hours`() throws
    {
        let scene = try Scene()
        defer { scene.service.close() }
        let ran = try scene.openByTwo("--signer", "0.pem", "--signer", "1.pem")
        #expect(ran.code == 1 && ran.errors.contains("[break-glass-known]"), "\(ran)")
        let envelope = try scene.sent()
        let keys = scene.keys.map(\.publicKey)
        #expect(envelope.verify(with: keys) == Set(keys.map(\.id)))
        let glass = try BreakGlass(reading: Statement(parsing: envelope.payload))
        #expect(glass.environment.description == "production")
        #expect(glass.artifact == SHA256.hash("artifact"))
        #expect(glass.policy == SHA256.hash("pack"))
        #expect(glass.signers.map(\.principal.description) == Self.officers.map(\.0))
        #expect(glass.expiresAt == glass.signedAt.adding(seconds: 2 * 3_600))
    }

    @Test func `goes from hand to hand as a file, and nobody signs while it is sent`() throws {
        let scene = try Scene()
        defer { scene.service.close() }
        let half = try scene.openByTwo("--signer", "0.pem", "-o", "glass.json")
        #expect(half.code == 0, "\(half)")
        #expect(!scene.service.seen.contains { $0.line.hasPrefix("POST") })
        let mixed = try scene.open("--statement", "glass.json", "--signer", "1.pem")
        #expect(mixed.code == 64 && mixed.errors.contains("statement sign"), "\(mixed)")
        let signed = try scene.program.run("statement", "sign", "glass.json", "--key", "1.pem")
        #expect(signed.code == 0, "\(signed)")
        let ran = try scene.open("--statement", "glass.json")
        #expect(ran.code == 1 && ran.errors.contains("[break-glass-known]"), "\(ran)")
        let keys = scene.keys.map(\.publicKey)
        #expect(try scene.sent().verify(with: keys) == Set(keys.map(\.id)))
    }

    @Test func `is not for longer than the reader takes`() throws {
        let scene = try Scene()
        defer { scene.service.close() }
        let ran = try scene.openByTwo(hours: "73", "--signer", "0.pem")
        #expect(ran.code == 64 && ran.errors.contains("--hours"), "\(ran)")
        #expect(scene.service.seen.isEmpty)
    }

    @Test(arguments: ["justified", "unjustified"])
    func `is reviewed by a signed verdict`(_ verdict: String) throws {
        let scene = try Scene()
        defer { scene.service.close() }
        let digest = SHA256.hash("the emergency")
        let ran = try scene.program.run(
            "break-glass", "review", "credit/scorecard@1", "--break-glass", digest.hex,
            "--verdict", verdict, "--reason", "as the incident's report says", "--key", "0.pem",
            "--role", "risk-officer", "--server", scene.service.url, "--token", "imp_x")
        #expect(ran.code == 1 && ran.errors.contains("[break-glass-reviewed]"), "\(ran)")
        let review = try BreakGlassReview(
            reading: Statement(parsing: scene.sent().payload))
        #expect(review.verdict.rawValue == verdict)
        #expect(review.breakGlass == digest)
    }

    @Test func `is reviewed by no other word`() throws {
        let scene = try Scene()
        defer { scene.service.close() }
        let ran = try scene.program.run(
            "break-glass", "review", "credit/scorecard@1", "--break-glass",
            SHA256.hash("the emergency").hex, "--verdict", "fine", "--reason", "no", "--key",
            "0.pem", "--role", "risk-officer", "--server", scene.service.url, "--token", "imp_x")
        #expect(ran.code == 64 && ran.errors.contains("fine"), "\(ran)")
    }
}

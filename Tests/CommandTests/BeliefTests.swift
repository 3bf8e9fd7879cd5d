// What `deploy` and `permit check` do not believe, whoever says it.

import Artifacts
import Attestation
import CanonicalJSON
import Cryptography
import Foundation
import Governance
import Testing

@Suite struct `A client` {
    struct Lie: CustomStringConvertible, Sendable {
        let description: String
        let change: @Sendable (inout PermitForge) throws -> Void
    }

    static let lies = [
        Lie(description: "a permit signed by another key") {
            $0.permitSigner = try .generate(.ecdsaP256)
        },
        Lie(description: "an entry signed by another service") {
            $0.entrySigner = try .generate(.ed25519)
        },
        Lie(description: "a checkpoint signed by another log") {
            $0.logSigner = try .generate(.ed25519)
        },
        Lie(description: "a permit for another version") { $0.version = "credit/scorecard@2" },
        Lie(description: "a permit for another environment") { $0.environment = "staging" },
        Lie(description: "an entry about another environment") { $0.entryEnvironment = "staging" },
        Lie(description: "an entry that denies") { $0.entryVerdict = .deny },
        Lie(description: "an entry about other bytes") { $0.entryArtifact = SHA256.hash("other") },
        Lie(description: "an entry about another permit") { $0.entryPermit = SHA256.hash("other") },
        Lie(description: "an entry that is not in the tree") { $0.isEntryInTree = false },
        Lie(description: "a permit for a target that was not asked for") { $0.target = "eu-1" },
        Lie(description: "a permit decided under another root") {
            $0.rootDigest = SHA256.hash("other")
        },
        Lie(description: "an entry about another use") { $0.entryUse = "fraud" },
        Lie(description: "an entry about another deployment") { $0.entryDeployment = "d-other" },
        Lie(description: "a permit that has ended") { $0.startsIn = -2_000 },
        Lie(description: "a permit that has not begun") { $0.startsIn = 2_000 },
        Lie(description: "a root that has expired") { $0.rootIsExpired = true },
    ]

    private static let path = "/api/v1/namespaces/credit/models/scorecard/versions/1/deployments"

    private struct Scene {
        let program: Program
        var forge: PermitForge

        init() throws {
            program = try Program()
            try program.write("model/weights.bin", "weights")
            let scan = try ArtifactScan.scan(program.folder + "/model")
            let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
            forge = try PermitForge(scan.manifest, now: now)
        }

        func deploy(_ answer: ForgedService.Answer, _ more: [String] = []) throws -> Ran {
            let service = try ForgedService([path: answer])
            defer { service.close() }
            return try program.run(
                [
                    "deploy", "model", "--model", "credit/scorecard@1", "--environment",
                    "production", "--server", service.url, "--token", "imp_x", "--root",
                    "root.json", "--permit", "permit.json", "--timeout", "10",
                ] + more)
        }

        func check() throws -> Ran {
            try program.run(
                "permit", "check", "permit.json", "model", "--root", "root.json", "--model",
                "credit/scorecard@1", "--environment", "production")
        }

        func writeFiles() throws {
            try program.write("root.json", forge.root().canonicalBytes)
            try program.write("permit.json", forge.bundle().json.canonicalBytes)
        }
    }

    @Test func `believes a permit in which everything fits`() throws {
        let scene = try Scene()
        try scene.writeFiles()
        #expect(try scene.check().code == 0)
        try FileManager.default.removeItem(atPath: scene.program.folder + "/permit.json")
        let ran = try scene.deploy(.init(json: scene.forge.answer()), ["--stage", "staged"])
        #expect(ran.code == 0, "\(ran)")
        #expect(try scene.check().code == 0)
        let place = "staged/sha256-\(scene.forge.manifest.digest)/weights.bin"
        #expect(try scene.program.read(place) == Array("weights".utf8))
    }

    @Test(arguments: lies)
    func `does not believe`(_ lie: Lie) throws {
        var scene = try Scene()
        try lie.change(&scene.forge)
        try scene.writeFiles()
        let checked = try scene.check()
        #expect(checked.code == 1, "\(checked)")
        // The service said yes, and nobody may take that for a yes, nor for a no.
        let ran = try scene.deploy(.init(json: scene.forge.answer()))
        #expect(ran.code == 2, "\(ran)")
        #expect(!ran.output.contains("allow"), "\(ran)")
    }

    @Test func `accepts a development root only when told to`() throws {
        var scene = try Scene()
        scene.forge.development = true
        try scene.writeFiles()
        #expect(try scene.check().code == 1)
    }

    struct Row: CustomStringConvertible, Sendable {
        let description: String
        let code: Int32
        let answer: @Sendable (PermitForge) throws -> ForgedService.Answer
    }

    static let rows = [
        Row(description: "allow without a permit", code: 2) { forge in
            var members = try forge.answer().object ?? [:]
            members["permit"] = .null
            return .init(json: .object(members))
        },
        Row(description: "allow without a receipt yet", code: 75) { forge in
            var members = try forge.answer().object ?? [:]
            members["permit"] = .null
            members["receipt"] = .null
            return .init(status: 202, json: .object(members))
        },
        Row(description: "deny", code: 1) { forge in
            var members = try forge.answer().object ?? [:]
            members["decision"] = [
                "verdict": "deny", "missing": [],
                "rules": [["id": "DEP-001", "mode": "enforce", "result": "fail", "reason": "no"]],
            ]
            return .init(json: .object(members))
        },
        Row(description: "deny of a halted service, unrecorded", code: 1) { _ in
            .init(json: [
                "decision": ["verdict": "deny", "rules": [], "missing": []], "entry": .null,
                "permit": .null,
            ])
        },
        Row(description: "a verdict that nobody knows", code: 2) { _ in
            .init(json: ["decision": ["verdict": "perhaps"]])
        },
        Row(description: "nothing of the kind", code: 2) { _ in .init(json: ["ok": true]) },
        Row(description: "no JSON", code: 2) { _ in .init(status: 200, text: "<html>yes</html>") },
        Row(description: "403", code: 2) { _ in
            .init(status: 403, json: ["code": "role-missing", "detail": "No role."])
        },
        Row(description: "422", code: 2) { _ in
            .init(status: 422, json: ["code": "body-invalid", "detail": "No."])
        },
        Row(description: "500", code: 2) { _ in .init(status: 500, text: "") },
        Row(description: "a redirect", code: 2) { _ in
            .init(status: 302, headers: ["Location": "http://127.0.0.1:1/"], text: "")
        },
    ]

    @Test(arguments: rows)
    func `asking to deploy, answered`(_ row: Row) throws {
        let scene = try Scene()
        try scene.writeFiles()
        let ran = try scene.deploy(row.answer(scene.forge))
        #expect(ran.code == row.code, "\(ran)")
        #expect(!ran.output.contains("allow"), "\(ran)")
    }

    @Test func `believes of a dry run only the answer that the service signed`() throws {
        var scene = try Scene()
        try scene.writeFiles()
        func ask(_ answer: JSON) throws -> Ran {
            let service = try ForgedService([Self.path: .init(json: answer)])
            defer { service.close() }
            return try scene.program.run(
                "deploy", "model", "--model", "credit/scorecard@1", "--environment", "production",
                "--server", service.url, "--token", "imp_x", "--root", "root.json", "--dry-run")
        }
        let honest = try scene.forge.answerToQuestion()
        let believed = try ask(honest)
        #expect(believed.code == 0 && believed.output.contains("would be allowed"), "\(believed)")

        var another = honest.object ?? [:]
        another["decision"] = ["verdict": "allow", "rules": [], "missing": [], "now": "later"]
        var lies = [JSON.object(another)]
        scene.forge.entryVerdict = .deny
        lies.append(try scene.forge.answerToQuestion())
        scene.forge.entryVerdict = .allow
        scene.forge.entrySigner = try .generate(.ed25519)
        lies.append(try scene.forge.answerToQuestion())
        lies.append(try scene.forge.answer())
        for lie in lies {
            let ran = try ask(lie)
            #expect(ran.code == 2 && !ran.output.contains("allow"), "\(ran)")
        }
    }

    @Test func `repeats a write that may have been lost, with the same key`() throws {
        let scene = try Scene()
        try scene.writeFiles()
        let service = try ForgedService([
            Self.path: .init(
                status: 503, headers: ["Retry-After": "0"],
                json: ["code": "busy", "detail": "Busy."])
        ])
        defer { service.close() }
        let ran = try scene.program.run(
            "deploy", "model", "--model", "credit/scorecard@1", "--environment", "production",
            "--server", service.url, "--token", "imp_x", "--root", "root.json")
        #expect(ran.code == 2 && ran.errors.contains("[busy]"), "\(ran)")
        let keys = service.seen.map { $0.headers["idempotency-key"] ?? "" }
        #expect(keys.count == 4 && Set(keys).count == 1 && keys[0].hasPrefix("cli-"), "\(keys)")
        #expect(service.seen.allSatisfy { $0.headers["authorization"] == "Bearer imp_x" })
    }

    @Test func `pins the root at first use, and then stays with it`() throws {
        var scene = try Scene()
        scene.forge.development = true
        let first = try scene.forge.root()
        let scratch = scene.program
        let service = try ForgedService([
            "/api/v1/root": .init(
                status: 200, text: String(decoding: first.canonicalBytes, as: UTF8.self)),
            Self.path: .init(json: try scene.forge.answer()),
        ])
        defer { service.close() }
        let arguments = [
            "deploy", "model", "--model", "credit/scorecard@1", "--environment", "production",
            "--server", service.url, "--token", "imp_x",
        ]
        let ran = try scratch.run(arguments)
        #expect(ran.code == 0 && ran.errors.contains("pinned at first use"), "\(ran)")
        // The same address with another root: what is pinned decides.
        let pinned = "config/imprimatur/127.0.0.1_\(service.port).root.json"
        #expect(try scratch.read(pinned) == first.canonicalBytes)
        let other = try PermitForge(scene.forge.manifest, now: scene.forge.now).root()
        try scratch.write(pinned, other.canonicalBytes)
        #expect(try scratch.run(arguments).code == 2)
    }
}

// A card that lies about its weights: who submits it, and who deploys what it is about.

import Artifacts
import Attestation
import CanonicalJSON
import Cryptography
import Foundation
import Governance
import Testing

@Suite struct `A card that says something else than the headers` {
    private struct Scene {
        let program: Program
        let service: ForgedService

        /// `licence` is what the card says; tiny.safetensors says Apache-2.0, and acme/base.
        ///
        /// - Parameters:
        ///   - artifact: what the card is about, instead of the bytes that lie there.
        ///   - hasBrokenPart: whether a second file of weights has no header that can be read.
        ///   - hasCard: whether the service answers for the card.
        init(
            licence: String, base: String = "acme/base", artifact: SHA256Digest? = nil,
            hasBrokenPart: Bool = false, hasCard: Bool = true
        ) throws {
            program = try Program()
            if hasBrokenPart {
                try program.write("model/x.safetensors", Array("no header".utf8))
            }
            try program.write(
                "model/w.safetensors",
                Array(
                    try Data(
                        contentsOf: URL(
                            fileURLWithPath:
                                "\(Program.repository)/Tests/Corpus/formats/tiny.safetensors"))))
            let digest = String(repeating: "a", count: 64)
            let example = try String(
                contentsOfFile: Program.example + "/card.yaml", encoding: .utf8
            ).replacingOccurrences(
                of: "\nmodel:", with: "\nmodel:\n  base_models: [{ref: \(base), digest: \(digest)}]"
            ).replacingOccurrences(of: "- spdx: Apache-2.0", with: "- spdx: \(licence)")
            try program.write("card.yaml", example)
            try program.run("key", "new", "k.pem")
            try program.run("artifact", "sign", "model", "--key", "k.pem", "--bundle", "m.sig")
            let scan = try ArtifactScan.scan(program.folder + "/model")
            let statement = Statement(
                subjects: [.init(name: "credit/scorecard", sha256: artifact ?? scan.digest)],
                predicateType: ModelCard.predicateType,
                predicate: [
                    "origin": "log.example/one",
                    "card": [
                        "schema": "https://imprimatur.dev/schemas/model-card/v1",
                        "card_id": "credit-scorecard", "card_version": 1,
                        "model": [
                            "name": "credit/scorecard",
                            "licences": [["spdx": .string(licence)]],
                            "base_models": [["ref": .string(base)]],
                        ],
                        "risk": ["tier": 3],
                    ],
                ])
            let card = try statement.sign(with: [.generate(.ecdsaP256)])
            let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
            let forge = try PermitForge(scan.manifest, now: now)
            try program.write("root.json", forge.root().canonicalBytes)
            var answers: [String: ForgedService.Answer] = [
                Self.version + "/deployments": .init(json: try forge.answer())
            ]
            if hasCard { answers[Self.version + "/card"] = .init(json: card.json) }
            service = try ForgedService(answers)
        }

        private static let version = "/api/v1/namespaces/credit/models/scorecard/versions/1"

        func submit() throws -> Ran {
            try program.run(
                "submit", "model", "--card", "card.yaml", "--model", "credit/scorecard",
                "--signature", "m.sig", "--key", "k.pem", "--server", service.url, "--token",
                "imp_x", "--root", "root.json")
        }

        func run() throws -> Ran {
            try program.run(
                "deploy", "model", "--model", "credit/scorecard@1", "--environment", "production",
                "--server", service.url, "--token", "imp_x", "--root", "root.json", "--permit",
                "permit.json")
        }

        /// What the gate was told, after a run of `deploy`.
        func deploy() throws -> (ran: Ran, told: JSON?) {
            let ran = try run()
            let asked = try #require(service.seen.last)
            try #require(asked.line.hasPrefix("POST") && asked.line.contains("/deployments"))
            return (ran, try JSON(parsing: asked.body)["contradictions"])
        }
    }

    @Test func `is not sent, and field, both words and file are named`() throws {
        let scene = try Scene(licence: "MIT", base: "acme/other")
        defer { scene.service.close() }
        let ran = try scene.submit()
        #expect(ran.code == 1, "\(ran)")
        for line in [
            "model.licences: the card says “MIT”; “w.safetensors” says “apache-2.0”.",
            "model.base_models: the card says “acme/other”; “w.safetensors” says “acme/base”.",
        ] {
            #expect(ran.errors.contains(line), "\(ran)")
        }
        #expect(scene.service.seen.isEmpty)
    }

    @Test func `is told from one that agrees, which is sent`() throws {
        let scene = try Scene(licence: "Apache-2.0")
        defer { scene.service.close() }
        let ran = try scene.submit()
        // This service knows nobody: there is no answer, but it was asked.
        #expect(ran.code == 2 && !scene.service.seen.isEmpty, "\(ran)")
    }

    @Test func `is what the gate hears from whoever deploys the bytes`() throws {
        let scene = try Scene(licence: "MIT")
        defer { scene.service.close() }
        let told = try scene.deploy().told
        #expect(
            told == [
                [
                    "field": "licences", "card": "“MIT”", "header": "“apache-2.0”",
                    "path": "“w.safetensors”",
                ]
            ])
    }

    @Test func `is told from one that agrees, where the gate hears that somebody looked`() throws {
        let scene = try Scene(licence: "Apache-2.0")
        defer { scene.service.close() }
        let (ran, told) = try scene.deploy()
        #expect(told == [] && ran.code == 0, "\(ran)")
    }

    @Test func `is not presumed good by a service that shows no card: nothing is asked`() throws {
        let scene = try Scene(licence: "MIT", hasCard: false)
        defer { scene.service.close() }
        let ran = try scene.run()
        #expect(ran.code == 2 && ran.errors.contains("could not be compared"), "\(ran)")
        #expect(!scene.service.seen.contains { $0.line.hasPrefix("POST") })
    }

    @Test func `is not replaced by the card of other bytes, whatever the service allows`() throws {
        let scene = try Scene(licence: "Apache-2.0", artifact: SHA256.hash(Array("other".utf8)))
        defer { scene.service.close() }
        let (ran, told) = try scene.deploy()
        #expect(told == nil)
        #expect(ran.code == 2 && ran.errors.contains("its card is about others"), "\(ran)")
    }

    @Test func `is not said to agree while a part of the weights cannot be read`() throws {
        let scene = try Scene(licence: "Apache-2.0", hasBrokenPart: true)
        defer { scene.service.close() }
        let (ran, told) = try scene.deploy()
        #expect(told == nil && ran.code == 0, "\(ran)")
        #expect(ran.errors.contains("no header could be read: x.safetensors"), "\(ran)")
        // A part that cannot be read hides nothing of what was found in the others.
        let lie = try Scene(licence: "MIT", hasBrokenPart: true)
        defer { lie.service.close() }
        #expect(try lie.deploy().told?.array?.count == 1)
    }

    @Test func `is checked without a service, where doubts are warnings`() throws {
        let scene = try Scene(licence: "MIT")
        defer { scene.service.close() }
        let ran = try scene.program.run("card", "check", "card.yaml", "--artifact", "model")
        #expect(ran.code == 1 && ran.errors.contains("says “apache-2.0”"), "\(ran)")
        try scene.program.write(
            "model/w.safetensors",
            Self.safetensors(metadata: "{\"license\":\"ask us\",\"base_model\":\"acme/base\"}"))
        let doubted = try scene.program.run(
            "card", "check", "card.yaml", "--artifact", "model", "--json")
        #expect(doubted.code == 0, "\(doubted)")
        let json = try JSON(parsing: doubted.output)
        #expect(json["warnings"]?.array?.first?["pointer"] == "/model/licences")
        #expect(doubted.errors.contains("says “ask us”"), "\(doubted)")
    }

    private static func safetensors(metadata: String) -> [UInt8] {
        let header = Array("{\"__metadata__\":\(metadata)}".utf8)
        return (0..<8).map { UInt8(truncatingIfNeeded: header.count >> ($0 * 8)) } + header
    }
}

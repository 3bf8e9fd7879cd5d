// Provenance of versions: what builders sign, and what is refused.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `Provenance of a version` {
    private func scene(
        _ body: (TestService, TestTeam, TestVersion, TestPerson) async throws -> Void
    ) async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let builder = try await service.enrol([], kind: .service)
            let version = try await service.submit(by: team.owner, seed: "one")
            try await body(service, team, version, builder)
        }
    }

    @Test func `is recorded with builder and materials, and stands in the status and the report`()
        async throws
    {
        try await scene { service, team, version, builder in
            let statement = try service.provenance(of: version, by: builder)
            _ = try await service.registry.attest(
                statement, of: version.reference, service.request(team.owner))
            let status = try await service.registry.status(of: version.reference)
            let shown = status["provenance"]?[0]
            #expect(shown?["builder"] == "https://ci.example/builder")
            #expect(shown?["principal"]?.string == builder.principal.description)
            #expect(shown?["materials"] == 2 && shown?["file"] == "")
            let digests = (shown?["lineage"]?.array ?? []).compactMap { $0["digest"]?.string }
            #expect(
                digests == [
                    "gitCommit:" + String(repeating: "ab", count: 20),
                    "sha256:" + SHA256.hash("train").hex,
                ])
            try await service.settled()
            let report = try await service.registry.report(
                model: version.reference.model, for: service.administrator.caller)
            let verdict = ReportCheck.check(
                report.json, root: service.registry.root, acceptingDevelopment: true)
            #expect(verdict.findings == [], "\(verdict.findings)")
            // People are shown who signed it, and never the builder's name as a fact.
            let page = String(decoding: ReportPage.render(report.json), as: UTF8.self)
            let principal = builder.principal.description
            #expect(
                page.contains(
                    "Person \(principal)</bdi> signed that the builder https://ci.example/builder"))
            #expect(page.contains("<bdi>as \(principal) signed</bdi>"))
            #expect(page.contains("<td>builder</td>\n<td>provenance</td>"))
            #expect(page.contains("git+https://git.example/model"))
        }
    }

    @Test func `may be of a file of it, by either version of the predicate`() async throws {
        try await scene { service, team, version, builder in
            let file = try #require(version.files.last)
            let sha1 = String(repeating: "ab", count: 20)
            let former = "https://slsa.dev/provenance/v0.2"
            let statement = try service.provenance(
                of: version, by: builder, subject: file.sha256, type: former
            ) { predicate in
                predicate = [
                    "builder": ["id": "https://old.example"], "buildType": "x",
                    "materials": [
                        ["uri": "git+https://git.example/a", "digest": ["sha1": .string(sha1)]]
                    ],
                ]
            }
            _ = try await service.registry.attest(
                statement, of: version.reference, service.request(team.owner))
            let shown = try await service.registry.status(of: version.reference)["provenance"]?[0]
            #expect(shown?["file"]?.string == file.path)
            #expect(shown?["builder"] == "https://old.example")
        }
    }

    @Test func `is refused for other bytes, from strangers, and where it is none`() async throws {
        try await scene { service, team, version, builder in
            func refusal(_ envelope: Envelope, by person: TestPerson? = nil) async throws -> String?
            {
                try await service.refusal {
                    _ = try await service.registry.attest(
                        envelope, of: version.reference, service.request(person ?? team.owner))
                }
            }
            let good = try service.provenance(of: version, by: builder)
            #expect(
                try await refusal(
                    service.provenance(
                        of: version, by: builder, subject: SHA256.hash("other")))
                    == "provenance-of-other-artifact")
            let key = try PrivateKey.generate(.ed25519)
            let stranger = try Envelope.sign(good.payload, with: [key])
            #expect(try await refusal(stranger) == "provenance-not-entitled")
            // Somebody else's name beside the stranger's signature helps nothing.
            let named = Envelope(
                payloadType: good.payloadType, payload: good.payload,
                signatures: [
                    .init(
                        keyID: builder.key.publicKey.id.hex,
                        bytes: try #require(stranger.signatures.first).bytes)
                ])
            #expect(try await refusal(named) == "provenance-not-entitled")
            for type in ["https://slsa.dev/provenance/v3", "https://in-toto.io/attestation/vulns"] {
                let other = try service.provenance(of: version, by: builder, type: type)
                #expect(try await refusal(other) == "provenance-malformed")
            }
            let hostile: [JSON] = [
                [:], ["buildDefinition": [], "runDetails": []],
                [
                    "buildDefinition": ["buildType": "a\u{202E}b"],
                    "runDetails": ["builder": ["id": "x"]],
                ],
                [
                    "buildDefinition": [
                        "buildType": "x", "resolvedDependencies": [["digest": ["sha256": "ZZ"]]],
                    ],
                    "runDetails": ["builder": ["id": "x"]],
                ],
                [
                    "buildDefinition": ["buildType": "x", "resolvedDependencies": [[:]]],
                    "runDetails": ["builder": ["id": "x"]],
                ],
                [
                    "buildDefinition": ["buildType": "x"],
                    "runDetails": [
                        "builder": ["id": .string(String(repeating: "x", count: 3_000))]
                    ],
                ],
            ]
            for predicate in hostile {
                let envelope = try service.provenance(of: version, by: builder) {
                    $0 = predicate
                }
                #expect(try await refusal(envelope) == "provenance-malformed", "\(predicate)")
            }
            #expect(try await refusal(good, by: team.deployer) == "role-missing")
            #expect(try await refusal(good) == nil)
            #expect(try await refusal(good) == "provenance-known")
        }
    }

    /// Texts of 2,000 quotation marks fill an entry sooner than their number does.
    @Test(arguments: [(2_000, 20, 9), (1, 200, 64)])
    func `with very many materials fits into its entry`(
        length: Int, count: Int, kept: Int
    ) async throws {
        try await scene { service, team, version, builder in
            let materials = JSON.array(
                (0..<count).map { index in
                    [
                        "uri": .string(String(repeating: "\"", count: length)),
                        "digest": ["sha256": .string(SHA256.hash("\(index)").hex)],
                    ]
                })
            let envelope = try service.provenance(of: version, by: builder) {
                $0 = [
                    "buildDefinition": ["buildType": "x", "resolvedDependencies": materials],
                    "runDetails": ["builder": ["id": "x"]],
                ]
            }
            _ = try await service.registry.attest(
                envelope, of: version.reference, service.request(team.owner))
            let shown = try await service.registry.status(of: version.reference)["provenance"]?[0]
            #expect(shown?["materials"]?.integer == Int64(count))
            #expect(shown?["lineage"]?.array?.count == kept)
        }
    }
}

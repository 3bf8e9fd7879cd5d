import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `An approval that a review is due of` {
    private static let triggers =
        "review_triggers: [drift, incident, revoked-signer, jurisdiction, framework]\n"

    /// Files of a pack with more in approvals.yaml and frameworks.yaml.
    private static func changes(
        _ approvals: String, frameworks edit: (String) -> String = { $0 }
    ) throws -> [String: String] {
        var changes: [String: String] = [:]
        for file in try PackFiles.load(folder: nil) {
            let text = String(decoding: file.bytes, as: UTF8.self)
            if file.path == "approvals.yaml" {
                changes[file.path] =
                    text.split(separator: "\n", omittingEmptySubsequences: false)
                    .filter { !$0.hasPrefix("review_triggers:") }.joined(separator: "\n")
                    + approvals
            }
            if file.path == "frameworks.yaml" { changes[file.path] = edit(text) }
        }
        return changes
    }

    private static func places(_ places: String) -> String {
        "jurisdictions:\n  - { environment: production, in: [\(places)] }\n"
    }

    private struct Scene {
        let service: TestService
        let team: TestTeam
        let version: TestVersion
        let pack: SHA256Digest

        func answer() async throws -> Registry.GateAnswer {
            try await service.settled()
            return try await service.deploy(version, by: team.deployer, dryRun: true)
        }

        func denials() async throws -> [String] { try await answer().denials }

        /// What the first approval of the status document is said to lack.
        func due() async throws -> [String] {
            let status = try await service.registry.status(of: version.reference)
            return (status["approvals"]?.array ?? []).flatMap { approval in
                (approval["outdated"]?.array ?? []).compactMap { $0["trigger"]?.string }
            }
        }

        func alert(
            _ cause: VersionAlerted.Cause, by person: TestPerson, value: String? = nil,
            threshold: String? = nil, name: String = "psi"
        ) async throws {
            _ = try await service.registry.raiseAlert(
                .init(
                    cause: cause, name: name, value: value, threshold: threshold,
                    reason: "applicants are younger"),
                about: version.reference, service.request(person))
        }

        func approveAgain() async throws {
            service.clock.advance(milliseconds: 5)
            try await service.approve(version, by: team.validator, as: .validator)
            try await service.approve(version, by: team.officer, as: .complianceOfficer)
        }
    }

    /// An approved version under a pack that heeds every trigger, or none.
    private func scene(
        _ triggers: String = Self.triggers + Self.places("eu"),
        _ body: (Scene) async throws -> Void
    ) async throws {
        try await TestService.with { service in
            let pack = try await service.activatePack(Self.changes(triggers))
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            service.clock.advance(milliseconds: 5_000)
            let scene = Scene(service: service, team: team, version: version, pack: pack)
            #expect(try await scene.denials() == [])
            try await body(scene)
        }
    }

    @Test func `for drift counts no more, says why and since when, and a new one does`()
        async throws
    {
        try await scene { scene in
            let monitor = try await scene.service.enrol([.agent], kind: .service)
            try await scene.alert(.drift, by: monitor, value: "0.31", threshold: "0.25")
            let answer = try await scene.answer()
            #expect(answer.denials == ["DEP-104"])
            let rule = answer.decision["rules"]?.array?.first { $0["id"] == "DEP-104" }
            let dropped = rule?["values"]?["approvals.dropped"]?.array?.first?.string ?? ""
            #expect(dropped.contains("re-review due since "), "\(dropped)")
            #expect(
                dropped.contains("because of drift, psi 0.31 beyond 0.25: applicants are younger"),
                "\(dropped)")
            #expect(
                answer.decision["missing"]
                    == [
                        ["kind": "approval", "detail": ["role": "validator"]],
                        ["kind": "approval", "detail": ["role": "compliance-officer"]],
                    ])
            #expect(try await scene.due() == ["drift", "drift"])
            // The row is an index; the log is what counts.
            try await scene.service.sabotage(["DELETE FROM registry.alert"])
            #expect(try await scene.denials() == ["DEP-104"])
            try await scene.approveAgain()
            #expect(try await scene.denials() == [])
        }
    }

    @Test func `for an incident counts no more`() async throws {
        try await scene { scene in
            try await scene.alert(.incident, by: scene.team.validator, name: "INC-7")
            #expect(try await scene.denials() == ["DEP-104"])
            #expect(try await scene.due() == ["incident", "incident"])
            try await scene.approveAgain()
            #expect(try await scene.denials() == [])
            let report = try await scene.service.auditReplay()
            #expect(report.findings.named == [])
        }
    }

    @Test func `counts on where the pack heeds none of it`() async throws {
        try await scene("") { scene in
            try await scene.alert(
                .drift, by: scene.team.validator, value: "0.31", threshold: "0.25")
            try await scene.alert(.incident, by: scene.team.validator, name: "INC-7")
            #expect(try await scene.denials() == [])
            #expect(try await scene.due() == [])
        }
        try await scene("review_triggers: [incident]\n") { scene in
            try await scene.alert(
                .drift, by: scene.team.validator, value: "0.31", threshold: "0.25")
            #expect(try await scene.denials() == [])
        }
    }

    @Test func `counts no more when its key was in other hands, and on when a signer leaves`()
        async throws
    {
        for isCompromised in [true, false] {
            try await scene { scene in
                let service = scene.service
                // After the approval, and before it is said.
                let from = service.clock.now.adding(milliseconds: -1_000)
                _ = try await service.registry.revokeKey(
                    scene.team.validator.key.publicKey.id, of: scene.team.validator.principal,
                    reason: "gone", effectiveFrom: isCompromised ? from : nil,
                    service.request(service.administrator))
                #expect(try await scene.denials() == (isCompromised ? ["DEP-104"] : []))
                #expect(try await scene.due() == (isCompromised ? ["revoked-signer"] : []))
            }
        }
    }

    @Test func `counts no more when the environment lies elsewhere by another pack`() async throws {
        for (places, denied) in [("eu", []), ("eu, us-ny", ["DEP-104"])] as [(String, [String])] {
            try await scene { scene in
                try await scene.service.activatePack(
                    version: 3, after: scene.pack,
                    Self.changes(Self.triggers + Self.places(places) + "# another pack\n"))
                #expect(try await scene.denials() == denied)
                #expect(try await Set(scene.due()) == (denied.isEmpty ? [] : ["jurisdiction"]))
            }
        }
    }

    @Test func `counts no more when a framework has a later version`() async throws {
        for (id, denied) in [("eu-ai-act", ["DEP-104"]), ("sr-11-7", [])] as [(String, [String])] {
            try await scene { scene in
                try await scene.service.activatePack(
                    version: 3, after: scene.pack,
                    Self.changes(Self.triggers + Self.places("eu")) { text in
                        text.replacing("  - id: \(id)\n", with: "  - id: \(id)\n    version: 2\n")
                    })
                // What was no longer in effect at the approval makes nothing due.
                #expect(try await scene.denials() == denied)
                #expect(try await Set(scene.due()) == (denied.isEmpty ? [] : ["framework"]))
            }
        }
    }

    @Test func `is made due by whoever may say so, with what was measured`() async throws {
        try await scene { scene in
            let (team, service) = (scene.team, scene.service)
            #expect(
                try await service.refusal {
                    try await scene.alert(
                        .drift, by: team.deployer, value: "0.31", threshold: "0.25")
                } != nil)
            let stranger = try await service.enrol([.agent], in: "health", kind: .service)
            #expect(
                try await service.refusal {
                    try await scene.alert(.drift, by: stranger, value: "0.31", threshold: "0.25")
                } != nil)
            for (value, threshold) in [
                (nil, "0.25"), ("0.31", nil), ("much", "0.25"), ("0.31", "1e3"), ("-", "0.25"),
                ("0.", "0.25"),
            ] as [(String?, String?)] {
                #expect(
                    try await service.refusal {
                        try await scene.alert(
                            .drift, by: team.validator, value: value, threshold: threshold)
                    } == "alert-malformed")
            }
            #expect(
                try await service.refusal {
                    try await scene.alert(
                        .incident, by: team.validator, value: "1", threshold: "2")
                } == "alert-malformed")
            #expect(try await scene.denials() == [])
        }
    }
}

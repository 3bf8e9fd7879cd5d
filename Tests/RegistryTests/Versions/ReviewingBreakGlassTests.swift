// Emergencies when they are over: what is barred until it is undeployed and reviewed, and what stays on record.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `A broken glass` {
    @Test func `that is over bars the environment until what it brought in is undeployed`()
        async throws
    {
        try await BreakGlassScene.with { scene in
            let glass = try await scene.open()
            let id = try await scene.run()
            #expect(try await scene.validity() == true)
            #expect(try await scene.emergency()?["deployments"] == [.string(id)])
            #expect(try await scene.emergency()?["halt"] == [])
            // Meanwhile it is approved: what was brought in has to go all the same.
            try await scene.service.evaluate(scene.version, by: scene.team.reviewer)
            try await scene.service.approve(scene.version, by: scene.team.validator, as: .validator)
            try await scene.service.approve(
                scene.version, by: scene.team.officer, as: .complianceOfficer)
            try await scene.service.advanceAndCatchUp(seconds: 3_601)
            #expect(
                try await scene.emergency()?["halt"]
                    == [.string("imprimatur undeploy \(id) --reason \"break-glass is over\"")])
            let halted = try await scene.deploy()
            #expect(scene.denying(halted) == ["DEP-301"])
            #expect(
                halted.decision["missing"]
                    == [
                        [
                            "kind": "halt",
                            "detail": ["kind": "break-glass", "id": .string(glass.hex)],
                        ]
                    ])
            #expect(try await scene.deploy("staging").denials.contains("DEP-301") == false)
            #expect(try await scene.validity() == false)
            let run = try await scene.service.registry.permitRun(
                id, artifact: scene.version.artifact, scene.service.request(scene.team.deployer))
            #expect(scene.denying(run) == ["DEP-301"])
            // Rows and documents that are gone lift nothing.
            try await scene.service.sabotage([
                "DELETE FROM registry.break_glass",
                "DELETE FROM audit.document d USING registry.decision r WHERE d.sha256 = r.digest",
            ])
            #expect(scene.denying(try await scene.deploy()).contains("DEP-301"))
            _ = try await scene.service.registry.endDeployment(
                id, reason: "over", scene.service.request(scene.team.deployer))
            let free = try await scene.deploy()
            #expect(free.verdict == "allow", "\(scene.denying(free))")
        }
    }

    @Test func `is reviewed by a third person, or the environment stays barred`() async throws {
        try await BreakGlassScene.with { scene in
            let glass = try await scene.open()
            try await scene.service.evaluate(scene.version, by: scene.team.reviewer)
            try await scene.service.approve(scene.version, by: scene.team.validator, as: .validator)
            try await scene.service.approve(
                scene.version, by: scene.team.officer, as: .complianceOfficer)
            let service = scene.service
            let early = try service.breakGlassReview(
                of: glass, on: scene.version, by: scene.team.validator)
            #expect(try await scene.reviewRefusal(early) == "break-glass-review-not-entitled")
            try await service.advanceAndCatchUp(seconds: 3_601)
            #expect(try await scene.deploy().verdict == "allow")
            let both = try await service.enrol([.owner, .validator])
            for (envelope, code) in [
                (
                    try service.breakGlassReview(
                        of: glass, on: scene.version, by: scene.risk, as: .riskOfficer),
                    "break-glass-review-not-entitled"
                ),
                (
                    try service.breakGlassReview(
                        of: glass, on: scene.version, by: scene.team.officer,
                        as: .complianceOfficer), "break-glass-review-not-entitled"
                ),
                (
                    try service.breakGlassReview(
                        of: glass, on: scene.version, by: scene.team.owner, as: .validator),
                    "break-glass-review-not-entitled"
                ),
                (
                    try service.breakGlassReview(
                        of: glass, on: scene.version, by: scene.team.deployer, as: .deployer),
                    "break-glass-review-malformed"
                ),
                (
                    try service.breakGlassReview(
                        of: .zero, on: scene.version, by: scene.team.validator),
                    "break-glass-unknown"
                ),
                (
                    try service.breakGlassReview(
                        of: glass, on: scene.version, by: scene.team.validator
                    ) { $0.artifact = .zero }, "break-glass-review-not-entitled"
                ),
            ] { #expect(try await scene.reviewRefusal(envelope) == code) }
            // Who made another version may review this one; who made this one may not.
            let own = try await service.submit(by: both, "credit/own", seed: "own")
            let ownGlass = try await service.breakGlass(
                own, by: scene.team.officer, and: scene.risk)
            try await scene.open(ownGlass)
            let ofOwn = try service.breakGlassReview(
                of: ownGlass.payloadDigest, on: own, by: both, .unjustified)
            #expect(try await scene.reviewRefusal(ofOwn) == "break-glass-review-not-entitled")
            // 72 hours later the time is over.
            try await service.advanceAndCatchUp(seconds: 72 * 3_600)
            #expect(try await scene.denying(scene.deploy()) == ["DEP-301"])
            let findings = try await scene.emergency()?["findings"]?.array ?? []
            #expect(findings.count == 1)
            #expect(findings.first?.string?.hasPrefix("its review was due by") == true)
            let next = try await service.breakGlass(
                scene.version, by: scene.team.officer, and: service.enrol([.riskOfficer]))
            #expect(try await scene.refusal(next) == "version-restricted")
            let late = try service.breakGlassReview(
                of: glass, on: scene.version, by: scene.team.validator)
            try await scene.review(late)
            #expect(try await scene.deploy().verdict == "allow")
            #expect(try await scene.reviewRefusal(late) == "break-glass-reviewed")
            // A review counts by what was signed: without its document there is none.
            try await service.sabotage([
                """
                DELETE FROM audit.document d USING registry.break_glass_review r
                WHERE d.sha256 = r.document
                """
            ])
            #expect(try await scene.denying(scene.deploy()) == ["DEP-301"])
        }
    }

    @Test func `that a reviewer finds unjustified ends at once`() async throws {
        try await BreakGlassScene.with { scene in
            let glass = try await scene.open()
            let id = try await scene.run()
            try await scene.review(
                scene.service.breakGlassReview(
                    of: glass, on: scene.version, by: scene.team.validator, .unjustified))
            let answer = try await scene.deploy()
            #expect(scene.denying(answer).contains("DEP-301"))
            #expect(scene.denying(answer).contains("DEP-101"))
            #expect(try await scene.emergency()?["active"]?.bool == false)
            #expect(try await scene.emergency()?["halt"]?.array?.count == 1)
            #expect(try await scene.validity() == false)
            _ = try await scene.service.registry.endDeployment(
                id, reason: "over", scene.service.request(scene.team.deployer))
            let after = try await scene.deploy()
            #expect(!scene.denying(after).contains("DEP-301"))
            #expect(scene.denying(after).contains("DEP-101"))
        }
    }

    @Test func `is logged also where nothing had to be overridden, and then binds nothing`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let risk = try await service.enrol([.riskOfficer])
            let version = try await service.makeApproved(team)
            let scene = BreakGlassScene(service: service, team: team, risk: risk, version: version)
            let without = try await scene.deploy()
            #expect(scene.outcome(without, "EMG-001") == nil)
            _ = try await scene.open()
            let answer = try await scene.deploy()
            #expect(answer.verdict == "allow")
            #expect(scene.outcome(answer, "EMG-001")?["result"] == "pass")
            let id = try await scene.run()
            try await service.advanceAndCatchUp(seconds: 3_601)
            #expect(try await scene.emergency()?["deployments"] == [])
            #expect(try await scene.validity() == true)
            #expect(!id.isEmpty)
            #expect(try await scene.deploy().verdict == "allow")
        }
    }

    @Test func `is in the report of its model with what is still to be done`() async throws {
        try await BreakGlassScene.with { scene in
            let glass = try await scene.open()
            let id = try await scene.run()
            try await scene.service.advanceAndCatchUp(seconds: 3_601)
            let report = try await scene.service.registry.report(
                model: scene.version.reference.model, for: scene.service.administrator.caller
            ).json
            let verdict = ReportCheck.check(
                report, root: scene.service.registry.root, acceptingDevelopment: true)
            #expect(verdict.findings == [])
            let page = String(decoding: ReportPage.render(report), as: UTF8.self)
            #expect(page.contains("the glass was broken"))
            let one = report["breakGlass"]?[0]
            #expect(one?["statement"]?.string == glass.hex)
            #expect(one?["deployments"] == [.string(id)])
            #expect(one?["halt"]?.array?.count == 1)
            #expect(one?["findings"]?.array?.count == 1)
        }
    }
}

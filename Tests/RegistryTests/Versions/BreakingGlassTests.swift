// Emergencies: who may, how narrow, how short, how often; what is done when they are over.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

extension TestService {
    /// A break-glass for an hour, by a compliance officer and a risk officer.
    func breakGlass(
        _ version: TestVersion, by officer: TestPerson, as role: Role = .complianceOfficer,
        and second: TestPerson, acting secondRole: Role = .riskOfficer,
        edit: (inout BreakGlass) -> Void = { _ in }
    ) async throws -> Envelope {
        let status = try await registry.status(of: version.reference)
        guard let policy = status["activePolicy"]?.string.flatMap({ SHA256Digest(hex: $0) }),
            let production = Self.production
        else { throw TestFailure("no pack") }
        let now = clock.now
        var glass = BreakGlass(
            origin: origin, version: version.reference, artifact: version.artifact,
            environment: production, policy: policy, incident: "INC-2041",
            reason: "the scorer in production declines everybody",
            signers: [officer.signing(as: role), second.signing(as: secondRole)], signedAt: now,
            expiresAt: now.adding(seconds: 3_600))
        edit(&glass)
        return try glass.statement.sign(with: [officer.key, second.key])
    }

    func breakGlassReview(
        of glass: SHA256Digest, on version: TestVersion, by person: TestPerson,
        as role: Role = .validator, _ verdict: BreakGlassReview.Verdict = .justified,
        edit: (inout BreakGlassReview) -> Void = { _ in }
    ) throws -> Envelope {
        var review = BreakGlassReview(
            origin: origin, version: version.reference, artifact: version.artifact,
            breakGlass: glass, verdict: verdict, reason: "nothing else was ready",
            signer: person.signing(as: role), signedAt: clock.now)
        edit(&review)
        return try review.statement.sign(with: [person.key])
    }
}

/// A version that nobody has approved, and who may act in an emergency.
private struct Scene {
    let service: TestService
    let team: TestTeam
    let risk: TestPerson
    let version: TestVersion

    func open(_ envelope: Envelope) async throws {
        _ = try await service.registry.breakGlass(envelope, service.request(risk))
        try await service.settled()
    }

    func open() async throws -> SHA256Digest {
        let glass = try await service.breakGlass(version, by: team.officer, and: risk)
        try await open(glass)
        return glass.payloadDigest
    }

    func refusal(_ envelope: Envelope) async throws -> String? {
        try await service.refusal {
            try await service.registry.breakGlass(envelope, service.request(risk))
        }
    }

    func review(_ envelope: Envelope) async throws {
        _ = try await service.registry.reviewBreakGlass(
            envelope, service.request(team.validator))
        try await service.settled()
    }

    func reviewRefusal(_ envelope: Envelope) async throws -> String? {
        try await service.refusal {
            try await service.registry.reviewBreakGlass(
                envelope, service.request(team.validator))
        }
    }

    func deploy(_ environment: String = "production") async throws -> Registry.GateAnswer {
        try await service.settled()
        return try await service.deploy(version, by: team.deployer, environment: environment)
    }

    /// Deploys and says that it runs.
    func run() async throws -> String {
        let answer = try await deploy()
        #expect(answer.verdict == "allow", "\(denying(answer))")
        _ = try await service.registry.confirmDeployment(
            answer.deployment, service.request(team.deployer))
        try await service.settled()
        return answer.deployment
    }

    func status() async throws -> JSON {
        try await service.registry.status(of: version.reference)
    }

    func emergency() async throws -> JSON? { try await status()["breakGlass"]?[0] }

    func validity() async throws -> Bool? {
        try await service.registry.validity(
            of: version.reference, at: service.clock.now, in: nil)["valid"]?.bool
    }

    func outcome(_ answer: Registry.GateAnswer, _ id: String) -> JSON? {
        answer.decision["rules"]?.array?.first { $0["id"]?.string == id }
    }

    /// Ids of the rules that deny by themselves.
    func denying(_ answer: Registry.GateAnswer) -> [String] {
        (answer.decision["rules"]?.array ?? []).filter {
            $0["result"]?.string == "error"
                || $0["result"]?.string == "fail" && $0["mode"]?.string == "enforce"
        }.compactMap { $0["id"]?.string }
    }
}

@Suite struct `Break-glass` {
    private func scene(_ body: (Scene) async throws -> Void) async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let risk = try await service.enrol([.riskOfficer])
            let version = try await service.submit(by: team.owner)
            try await body(Scene(service: service, team: team, risk: risk, version: version))
        }
    }

    @Test func `brings in what is not approved, says who and until when, and ends by itself`()
        async throws
    {
        try await scene { scene in
            let before = try await scene.deploy()
            #expect(before.verdict == "deny")
            #expect(scene.outcome(before, "EMG-001") == nil)
            let end = scene.service.clock.now.adding(seconds: 600)
            let glass = try await scene.service.breakGlass(
                scene.version, by: scene.team.officer, and: scene.risk
            ) { $0.expiresAt = end }
            try await scene.open(glass)
            #expect(try await scene.refusal(glass) == "break-glass-known")
            let answer = try await scene.deploy()
            #expect(answer.verdict == "allow", "\(scene.denying(answer))")
            let rule = scene.outcome(answer, "DEP-101")
            #expect(rule?["result"] == "overridden")
            #expect(
                rule?["values"]?["breakGlass"]?["statement"]?.string == glass.payloadDigest.hex)
            #expect(rule?["values"]?["breakGlass"]?["until"] == .text(end))
            #expect(rule?["reason"]?.string?.contains("\(scene.risk.principal)") == true)
            #expect(scene.outcome(answer, "EMG-001")?["result"] == "fail")
            // The permit would last for fifteen minutes; the emergency ends before.
            let permit = try Permit(Statement(parsing: #require(answer.document).payload))
            #expect(permit.notAfter == end.description)
            #expect(try await scene.emergency()?["active"]?.bool == true)
            try await scene.service.advanceAndCatchUp(seconds: 601)
            let late = try await scene.deploy()
            #expect(scene.denying(late).contains("DEP-101"))
            #expect(scene.outcome(late, "EMG-001") == nil)
            #expect(try await scene.emergency()?["active"]?.bool == false)
        }
    }

    @Test func `is of one version, one environment and these bytes, and overrides nothing else`()
        async throws
    {
        try await scene { scene in
            _ = try await scene.open()
            #expect(try await scene.deploy("staging").verdict == "deny")
            let bytes = try await scene.service.deploy(
                scene.version, by: scene.team.deployer, artifact: SHA256.hash("other"))
            #expect(scene.denying(bytes).contains("DEP-001"))
            #expect(scene.denying(bytes).contains("DEP-101"))
            let other = try await scene.service.submit(by: scene.team.owner, seed: "two")
            #expect(
                try await scene.service.deploy(other, by: scene.team.deployer).verdict == "deny")
            let stranger = try await scene.service.deploy(scene.version, by: scene.team.owner)
            #expect(scene.denying(stranger) == ["DEP-401"])
            _ = try await scene.service.registry.suspend(
                scene.version.reference, reason: "drift",
                scene.service.request(scene.team.validator))
            #expect(try await scene.denying(scene.deploy()) == ["DEP-301"])
            // And none is recorded of what is suspended.
            let again = try await scene.service.breakGlass(
                scene.version, by: scene.team.validator, as: .validator, and: scene.risk)
            #expect(try await scene.refusal(again) == "version-restricted")
        }
    }

    @Test func `is signed by two persons whom the pack names, neither of whom made it`()
        async throws
    {
        try await scene { scene in
            let both = try await scene.service.enrol([.owner, .riskOfficer])
            let own = try await scene.service.submit(by: both, "credit/own", seed: "own")
            let (service, version, officer) = (scene.service, scene.version, scene.team.officer)
            for (envelope, code) in [
                (
                    try await service.breakGlass(own, by: officer, and: both),
                    "break-glass-not-entitled"
                ),
                (
                    try await service.breakGlass(
                        version, by: officer, and: officer, acting: .complianceOfficer),
                    "break-glass-not-entitled"
                ),
                (
                    try await service.breakGlass(
                        version, by: scene.team.validator, as: .validator, and: scene.risk),
                    "break-glass-not-entitled"
                ),
                (
                    try await service.breakGlass(
                        version, by: scene.team.owner, as: .owner, and: scene.risk),
                    "break-glass-malformed"
                ),
                (
                    try await service.breakGlass(
                        version, by: scene.team.validator, as: .complianceOfficer,
                        and: scene.risk), "break-glass-not-entitled"
                ),
                (
                    try await service.breakGlass(version, by: officer, and: scene.risk) {
                        $0.signers = [$0.signers[0]]
                    }, "break-glass-malformed"
                ),
                (
                    try await service.breakGlass(version, by: officer, and: scene.risk) {
                        $0.incident = ""
                    }, "break-glass-malformed"
                ),
                (
                    try await service.breakGlass(version, by: officer, and: scene.risk) {
                        $0.reason = ""
                    }, "break-glass-malformed"
                ),
                (
                    try await service.breakGlass(version, by: officer, and: scene.risk) {
                        $0.artifact = .zero
                    }, "break-glass-not-entitled"
                ),
                (
                    try await service.breakGlass(version, by: officer, and: scene.risk) {
                        $0.policy = .zero
                    }, "break-glass-not-entitled"
                ),
                (
                    try await service.breakGlass(version, by: officer, and: scene.risk) {
                        $0.origin = "example.com/other"
                    }, "break-glass-not-entitled"
                ),
                (
                    try await service.breakGlass(version, by: officer, and: scene.risk) {
                        $0.expiresAt = $0.signedAt.adding(milliseconds: 4 * 3_600_000 + 1)
                    }, "break-glass-not-entitled"
                ),
            ] { #expect(try await scene.refusal(envelope) == code) }
            // Signed by one of the two alone.
            let whole = try await service.breakGlass(version, by: officer, and: scene.risk)
            let half = try Statement(parsing: whole.payload).sign(with: [officer.key])
            #expect(try await scene.refusal(half) == "break-glass-not-entitled")
            let recusal = try await service.abstention(
                from: version, by: officer, as: .complianceOfficer)
            _ = try await service.registry.abstain(recusal, service.request(officer))
            try await service.settled()
            #expect(try await scene.refusal(whole) == "signer-recused")
            #expect(try await scene.deploy().verdict == "deny")
        }
    }

    @Test func `has a budget for model and quarter, and the same two have one in it`() async throws
    {
        try await scene { scene in
            let (service, version) = (scene.service, scene.version)
            func glass(_ first: TestPerson, _ second: TestPerson, _ hours: Int64) async throws
                -> Envelope
            {
                try await service.breakGlass(version, by: first, and: second) {
                    $0.expiresAt = $0.signedAt.adding(seconds: hours * 3_600)
                }
            }
            try await scene.open(glass(scene.team.officer, scene.risk, 4))
            // The same two in other order, for another version of the model.
            let next = try await service.submit(by: scene.team.owner, seed: "next")
            let again = try await service.breakGlass(
                next, by: scene.risk, as: .riskOfficer, and: scene.team.officer,
                acting: .complianceOfficer)
            #expect(try await scene.refusal(again) == "break-glass-not-entitled")
            // For another model they may.
            let model = try await service.submit(by: scene.team.owner, "credit/other")
            try await scene.open(
                service.breakGlass(model, by: scene.team.officer, and: scene.risk))
            let second = try await service.enrol([.riskOfficer])
            let third = try await service.enrol([.riskOfficer])
            try await scene.open(glass(scene.team.officer, second, 4))
            let tooMuch = try await service.breakGlass(
                version, by: scene.team.officer, and: third
            ) { $0.expiresAt = $0.signedAt.adding(seconds: 4 * 3_600) }
            // Twelve hours in all; a little is gone between signing and recording.
            try await scene.open(tooMuch)
            let fourth = try await service.enrol([.riskOfficer])
            #expect(
                try await scene.refusal(glass(scene.team.officer, fourth, 1))
                    == "break-glass-not-entitled")
        }
    }

    @Test func `counts by what was signed and not by rows, and under this pack alone`()
        async throws
    {
        try await scene { scene in
            try await scene.service.sabotage([
                """
                INSERT INTO registry.break_glass VALUES
                    ('\\x00', '\\x00', '\(scene.version.reference)', '\\x00', 'production', '\\x00',
                     'INC', '', '{}', '{}', now(), 'infinity', 'infinity')
                """
            ])
            #expect(try await scene.deploy().verdict == "deny")
            _ = try await scene.open()
            try await scene.service.sabotage(["DELETE FROM registry.break_glass"])
            #expect(try await scene.deploy().verdict == "allow")
            let permits = try #require(
                TestService.packFiles([:]).first { $0.path == "permits.yaml" })
            let text = String(decoding: permits.bytes, as: UTF8.self)
            let without = try #require(text.split(separator: "break_glass:").first)
            try await scene.service.activatePack(["permits.yaml": String(without)])
            let answer = try await scene.deploy()
            #expect(scene.denying(answer).contains("DEP-101"))
            let glass = try await scene.service.breakGlass(
                scene.version, by: scene.team.officer, and: scene.risk
            ) { $0.reason = "again" }
            #expect(try await scene.refusal(glass) == "break-glass-not-entitled")
        }
    }

    @Test func `that is over bars the environment until what it brought in is undeployed`()
        async throws
    {
        try await scene { scene in
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
        try await scene { scene in
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
        try await scene { scene in
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
            let scene = Scene(service: service, team: team, risk: risk, version: version)
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
        try await scene { scene in
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

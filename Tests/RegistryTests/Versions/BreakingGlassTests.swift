// Emergencies: who may, how narrow, how short, how often.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `Break-glass` {
    @Test func `brings in what is not approved, says who and until when, and ends by itself`()
        async throws
    {
        try await BreakGlassScene.with { scene in
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
        try await BreakGlassScene.with { scene in
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
        try await BreakGlassScene.with { scene in
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
            let refused = await #expect(throws: Refusal.self) {
                try await service.registry.breakGlass(half, service.request(officer))
            }
            #expect(refused?.code == "break-glass-not-entitled")
            // Who has not signed yet, in words.
            let told = refused?.findings.map(\.message) ?? []
            #expect(
                told.count == 1 && told[0].contains("\(scene.risk.principal)")
                    && told[0].contains("None of the signing keys is the principal's."), "\(told)")
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
        try await BreakGlassScene.with { scene in
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

    @Test func `holds for what runs by it also under another pack, and not with a stolen key`()
        async throws
    {
        try await BreakGlassScene.with { scene in
            let service = scene.service
            _ = try await scene.open()
            _ = try await scene.run()
            #expect(try await scene.validity() == true)
            let permits = try #require(
                TestService.packFiles([:]).first { $0.path == "permits.yaml" })
            let text = String(decoding: permits.bytes, as: UTF8.self)
            let without = try #require(text.split(separator: "break_glass:").first)
            try await service.activatePack(["permits.yaml": String(without)])
            try await service.settled()
            // What stands against it is the other pack's doing: the decision was the former's.
            let problems = try await scene.emergency()?["problems"]?.array ?? []
            #expect(problems.contains(.string(BreakGlassProblem.noBreakGlass.rawValue)))
            #expect(try await scene.validity() == true)
            _ = try await service.registry.revokeKey(
                scene.risk.key.publicKey.id, of: scene.risk.principal, reason: "stolen",
                effectiveFrom: service.clock.now.adding(seconds: -3_600),
                service.request(service.administrator))
            try await service.settled()
            #expect(try await scene.validity() == false)
        }
    }

    @Test func `counts by what was signed and not by rows, and under this pack alone`()
        async throws
    {
        try await BreakGlassScene.with { scene in
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
}

// What agents see run, against what may run: compared, recorded, and asked for before a version is retired.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `What agents see run` {
    private struct Scene {
        let service: TestService
        let team: TestTeam
        let agent: TestPerson
        let version: TestVersion

        func kinds(_ comparison: JSON) -> [String] {
            (comparison["differences"]?.array ?? []).compactMap { $0["kind"]?.string }
        }

        func retire() async throws -> Registry.GateAnswer {
            try await service.settled()
            return try await service.registry.retire(
                version.reference, reason: "replaced by another", successor: nil,
                service.request(team.owner))
        }

        func refusal(_ envelope: Envelope, by sender: TestPerson? = nil) async throws -> String? {
            try await service.refusal {
                try await service.registry.reconcile(
                    envelope, service.request(sender ?? agent))
            }
        }
    }

    private func scene(_ body: (Scene) async throws -> Void) async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let agent = try await service.enrol([.agent], kind: .service)
            let version = try await service.makeApproved(team)
            try await body(
                Scene(service: service, team: team, agent: agent, version: version))
        }
    }

    @Test func `agrees with what was permitted and confirmed, and differs in three ways`()
        async throws
    {
        try await scene { scene in
            let (service, version) = (scene.service, scene.version)
            let id = try await service.run(version, by: scene.team.deployer)
            let same = try await service.reconcile(by: scene.agent, [version.found()])
            #expect(same["agrees"]?.bool == true)
            let other = SHA256.hash("other bytes")
            let altered = try await service.reconcile(by: scene.agent, [version.found(other)])
            #expect(scene.kinds(altered) == ["digest-differs"])
            let difference = try #require(altered["differences"]?[0])
            #expect(difference["version"]?.string == version.reference.description)
            #expect(difference["artifact"]?.string == other.hex)
            #expect(difference["permitted"]?.string == version.artifact.hex)
            #expect(difference["deployment"]?.string == id)
            #expect(difference["permit"]?.string?.count == 64)
            let gone = try await service.reconcile(by: scene.agent, [])
            #expect(scene.kinds(gone) == ["permitted-not-running"])
            let elsewhere = try await service.reconcile(
                by: scene.agent, [version.found()], environment: "staging")
            #expect(scene.kinds(elsewhere) == ["running-not-permitted"])
        }
    }

    @Test func `is found by digest alone, also what nobody ever permitted`() async throws {
        try await scene { scene in
            let unnamed = EnvironmentSnapshot.Item(
                name: "scorer", artifact: scene.version.artifact, digest: .recomputed)
            let comparison = try await scene.service.reconcile(by: scene.agent, [unnamed])
            #expect(scene.kinds(comparison) == ["running-not-permitted"])
            #expect(
                comparison["running"]?.array == [.string(scene.version.reference.description)])
            // It runs, whatever was permitted: it cannot be retired.
            let answer = try await scene.retire()
            #expect(answer.denials == ["RET-010"])
        }
    }

    @Test func `is found by an image that is one of the artifact's files`() async throws {
        try await scene { scene in
            let file = try #require(scene.version.files.first)
            _ = try await scene.service.run(scene.version, by: scene.team.deployer)
            let pod = EnvironmentSnapshot.Item(name: "pod", images: [file.sha256])
            #expect(
                try await scene.service.reconcile(by: scene.agent, [pod])["agrees"]?.bool == true)
            let other = EnvironmentSnapshot.Item(name: "pod", images: [SHA256.hash("x")])
            let comparison = try await scene.service.reconcile(by: scene.agent, [other])
            #expect(
                scene.kinds(comparison) == ["running-not-permitted", "permitted-not-running"])
        }
    }

    @Test func `keeps a version from being retired while it is seen or nobody looks`()
        async throws
    {
        try await scene { scene in
            let service = scene.service
            let id = try await service.run(scene.version, by: scene.team.deployer)
            _ = try await service.reconcile(by: scene.agent, [scene.version.found()])
            _ = try await service.registry.endDeployment(
                id, reason: "done", service.request(scene.team.deployer))
            // Nobody has looked since it was said to have ended.
            #expect(try await scene.retire().denials == ["RET-009", "RET-010"])
            _ = try await service.reconcile(by: scene.agent, [])
            try await service.advanceAndCatchUp(seconds: 25 * 3_600)
            let stale = try await scene.retire()
            #expect(stale.denials == ["RET-009"])
            let missing = stale.decision["missing"]?.array ?? []
            #expect(missing.map { $0["kind"]?.string } == ["snapshot"])
            // The negative twin: looked at anew, and not there.
            _ = try await service.reconcile(by: scene.agent, [])
            #expect(try await scene.retire().verdict == "allow")
        }
    }

    @Test func `asks nothing of environments that no agent ever looked at`() async throws {
        try await scene { scene in
            let id = try await scene.service.run(scene.version, by: scene.team.deployer)
            _ = try await scene.service.registry.endDeployment(
                id, reason: "done", scene.service.request(scene.team.deployer))
            #expect(try await scene.retire().verdict == "allow")
        }
    }

    @Test func `is not put over a later state, and not taken from who may not say it`()
        async throws
    {
        try await scene { scene in
            let service = scene.service
            let first = try service.snapshot(by: scene.agent, [])
            #expect(try await scene.refusal(first) == nil)
            // The same again, one as old, and an older one.
            #expect(try await scene.refusal(first) == "snapshot-not-later")
            let taken = service.clock.now
            let next = try service.snapshot(by: scene.agent, []) { $0.takenAt = taken }
            #expect(try await scene.refusal(next) == nil)
            let twin = try service.snapshot(by: scene.agent, [scene.version.found()]) {
                $0.takenAt = taken
            }
            #expect(try await scene.refusal(twin) == "snapshot-not-later")
            let before = try service.snapshot(by: scene.agent, []) {
                $0.takenAt = taken.adding(milliseconds: -1)
            }
            #expect(try await scene.refusal(before) == "snapshot-not-later")
            // Another environment has a time of its own.
            let other = try service.snapshot(by: scene.agent, [], environment: "staging") {
                $0.takenAt = taken.adding(seconds: -60)
            }
            #expect(try await scene.refusal(other) == nil)
            let future = try service.snapshot(by: scene.agent, []) {
                $0.takenAt = service.clock.now.adding(seconds: 3_600)
            }
            #expect(try await scene.refusal(future) == "snapshot-not-entitled")
            let foreign = try service.snapshot(by: scene.agent, []) { $0.origin = "other" }
            #expect(try await scene.refusal(foreign) == "snapshot-not-entitled")
            let fraud = try service.snapshot(by: scene.agent, [], namespace: "fraud")
            #expect(try await scene.refusal(fraud) == "snapshot-not-entitled")
            // A deployer's word with an agent's name on it.
            let forged = try service.snapshot(by: scene.agent, [])
            let unsigned = try Statement(parsing: forged.payload).sign(with: [
                scene.team.deployer.key
            ])
            #expect(try await scene.refusal(unsigned) == "snapshot-not-entitled")
            let deployer = try service.snapshot(by: scene.team.deployer, [])
            #expect(
                try await scene.refusal(deployer, by: scene.team.deployer)
                    == "snapshot-not-entitled")
            let broken = Envelope(
                payloadType: Statement.payloadType, payload: Array("{}".utf8), signatures: [])
            #expect(try await scene.refusal(broken) == "snapshot-malformed")
        }
    }

    @Test func `counts no longer as fresh when its signer loses the key from before on`()
        async throws
    {
        try await scene { scene in
            let service = scene.service
            let id = try await service.run(scene.version, by: scene.team.deployer)
            _ = try await service.registry.endDeployment(
                id, reason: "done", service.request(scene.team.deployer))
            _ = try await service.reconcile(by: scene.agent, [])
            let status = try await service.registry.status(of: scene.version.reference)
            #expect(status["snapshots"]?[0]?["believed"]?.bool == true)
            #expect(status["snapshots"]?[0]?["overdue"]?.bool == false)
            _ = try await service.registry.revokeKey(
                scene.agent.key.publicKey.id, of: scene.agent.principal, reason: "stolen",
                effectiveFrom: service.clock.now.adding(seconds: -3_600),
                service.request(service.administrator))
            #expect(try await scene.retire().denials == ["RET-009"])
        }
    }

    @Test func `is not forgotten when its rows are, nor made fresh by other rows`() async throws {
        try await scene { scene in
            let service = scene.service
            _ = try await service.reconcile(by: scene.agent, [scene.version.found()])
            try await service.settled()
            try await service.sabotage([
                "UPDATE registry.snapshot SET running = '{}'",
                "DELETE FROM audit.document d USING registry.snapshot s WHERE d.sha256 = s.document",
            ])
            #expect(try await scene.retire().denials == ["RET-009", "RET-010"])
            try await service.sabotage(["DELETE FROM registry.snapshot"])
            #expect(try await scene.retire().denials == ["RET-009", "RET-010"])
        }
    }

    @Test func `is in the report, which anybody can check, and so is that it is overdue`()
        async throws
    {
        try await scene { scene in
            let service = scene.service
            _ = try await service.run(scene.version, by: scene.team.deployer)
            _ = try await service.reconcile(by: scene.agent, [scene.version.found()])
            func report() async throws -> ModelReport {
                try await service.settled()
                return try await service.registry.report(
                    model: scene.version.reference.model, for: service.administrator.caller)
            }
            let fresh = try await report()
            let seen = try #require(fresh.json["environments"]?[0])
            #expect(seen["overdue"]?.bool == false)
            #expect(seen["findings"]?.array == [])
            #expect(seen["running"]?.array == [.string(scene.version.reference.description)])
            #expect(check(fresh.json, service) == [])
            try await service.advanceAndCatchUp(seconds: 25 * 3_600)
            let stale = try await report()
            #expect(stale.json["environments"]?[0]?["overdue"]?.bool == true)
            #expect(stale.json["environments"]?[0]?["findings"]?.array?.count == 1)
            #expect(check(stale.json, service) == [])
            let page = String(decoding: ReportPage.render(stale.json), as: UTF8.self)
            #expect(page.contains("what runs there now is not known"))
            // Who hides the finding is found out.
            var members = stale.json.object ?? [:]
            members["environments"] = nil
            members["digest"] = .digest(ModelReport.digest(of: .object(members)))
            #expect(check(.object(members), service).contains("differs"))
        }
    }

    private func check(_ report: JSON, _ service: TestService) -> [String] {
        ReportCheck.check(report, root: service.registry.root, acceptingDevelopment: true)
            .findings.map(\.code)
    }

    @Test func `can be demanded for a deployment: a digest that the agent itself computed`()
        async throws
    {
        try await TestService.with { service in
            let files = try TestService.packFiles([:])
            let deploy = try #require(files.first { $0.path == "gates/deploy.yaml" })
            let rule = """

                  - id: DEP-901
                    title: An agent computed the digest on the target
                    mode: enforce
                    condition: artifact.digestSource == "agent-recomputed"
                    missing: { kind: snapshot, detail: environment }
                    reason: "the digest is {artifact.digestSource}"
                    waivable: false
                """
            let text = String(decoding: deploy.bytes, as: UTF8.self) + rule + "\n"
            try await service.activatePack(["gates/deploy.yaml": text])
            let team = try await service.makeTeam()
            let agent = try await service.enrol([.agent], kind: .service)
            let version = try await service.makeApproved(team)
            func denials() async throws -> [String] {
                try await service.settled()
                return try await service.deploy(version, by: team.deployer).denials
            }
            #expect(try await denials() == ["DEP-901"])
            // Passed on from somebody else, or of other bytes, or elsewhere: not the agent's word.
            _ = try await service.reconcile(
                by: agent, [version.found(digest: .claimed, state: .present)])
            #expect(try await denials() == ["DEP-901"])
            _ = try await service.reconcile(
                by: agent, [version.found(SHA256.hash("x"), state: .present)])
            #expect(try await denials() == ["DEP-901"])
            _ = try await service.reconcile(
                by: agent, [version.found(state: .present)], environment: "staging")
            #expect(try await denials() == ["DEP-901"])
            // On one target, and another is asked about.
            _ = try await service.reconcile(
                by: agent, [version.found(state: .present, target: "host-9")])
            #expect(try await denials() == ["DEP-901"])
            // The word of whoever asks, by the same principal and by another of the same person.
            var deployer = team.deployer
            deployer.assignments[.agent] = try await service.grant(.agent, to: deployer)
            _ = try await service.reconcile(by: deployer, [version.found(state: .present)])
            #expect(try await denials() == ["DEP-901"])
            let same = try await service.enrol(
                [.agent], kind: .service, as: team.deployer.principal)
            _ = try await service.reconcile(by: same, [version.found(state: .present)])
            #expect(try await denials() == ["DEP-901"])
            _ = try await service.reconcile(
                by: agent, [version.found(state: .present, target: "test")])
            #expect(try await denials() == [])
            _ = try await service.reconcile(by: agent, [version.found(state: .present)])
            #expect(try await denials() == [])
            try await service.advanceAndCatchUp(seconds: 25 * 3_600)
            #expect(try await denials() == ["DEP-901"])
        }
    }

    @Test func `may be full of what nobody ever submitted`() async throws {
        try await scene { scene in
            let items = (1...2_000).map { number in
                EnvironmentSnapshot.Item(version: VersionReference("credit/x@\(number)"))
            }
            let comparison = try await scene.service.reconcile(by: scene.agent, items)
            #expect(scene.kinds(comparison).count == 2_000)
            #expect(comparison["running"]?.array == [])
        }
    }
}

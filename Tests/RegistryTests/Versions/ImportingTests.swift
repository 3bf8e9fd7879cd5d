// What ran before anybody asked for approval: brought in, tolerated until a date, and no further.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

extension TestService {
    /// An import of versions' bytes into an environment, due in ten days.
    func legacyImport(
        _ versions: [TestVersion], by officer: TestPerson, and second: TestPerson,
        as role: Role = .riskOfficer, environment: String = "production",
        edit: (inout LegacyImport) -> Void = { _ in }
    ) throws -> Envelope {
        guard let environment = EnvironmentName(environment), let namespace = Namespace("credit")
        else { throw TestFailure("environment") }
        let now = clock.now
        var imported = LegacyImport(
            origin: origin, namespace: namespace, reason: "ran before the service",
            items: versions.map {
                .init(
                    model: $0.reference.model, artifact: $0.artifact, environment: environment,
                    dueAt: now.adding(seconds: 10 * 86_400))
            },
            complianceOfficer: officer.signing(as: .complianceOfficer),
            secondOfficer: second.signing(as: role), signedAt: now,
            expiresAt: now.adding(seconds: 86_400))
        edit(&imported)
        return try imported.statement.sign(with: [officer.key, second.key])
    }
}

@Suite struct `What came in as legacy` {
    private struct Scene {
        let service: TestService
        let team: TestTeam
        let risk: TestPerson
        /// Submitted, and approved by nobody.
        let version: TestVersion

        func bringIn(_ edit: (inout LegacyImport) -> Void = { _ in }) async throws {
            _ = try await service.registry.importLegacy(
                service.legacyImport([version], by: team.officer, and: risk, edit: edit),
                service.request(team.officer))
            try await service.settled()
        }

        func deploy(_ environment: String = "production") async throws -> Registry.GateAnswer {
            try await service.settled()
            return try await service.deploy(
                version, by: team.deployer, environment: environment)
        }

        func refusal(_ envelope: Envelope) async throws -> String? {
            try await service.refusal {
                try await service.registry.importLegacy(envelope, service.request(team.officer))
            }
        }
    }

    private func scene(_ body: (Scene) async throws -> Void) async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let risk = try await service.enrol([.riskOfficer])
            let version = try await service.submit(by: team.owner)
            try await body(Scene(service: service, team: team, risk: risk, version: version))
        }
    }

    private func outcome(_ answer: Registry.GateAnswer, _ id: String) -> JSON? {
        answer.decision["rules"]?.array?.first { $0["id"]?.string == id }
    }

    /// Ids of the rules that deny by themselves: what is tolerated fails too, and warns.
    private func denying(_ answer: Registry.GateAnswer) -> [String] {
        (answer.decision["rules"]?.array ?? []).filter {
            $0["result"]?.string == "error"
                || $0["result"]?.string == "fail" && $0["mode"]?.string == "enforce"
        }.compactMap { $0["id"]?.string }
    }

    @Test func `is allowed there with a warning until its date, and denied from then on`()
        async throws
    {
        try await scene { scene in
            // The negative twin: without the import nothing is tolerated, and nothing is said of it.
            let before = try await scene.deploy()
            #expect(before.verdict == "deny")
            #expect(outcome(before, "LEG-001") == nil)
            try await scene.bringIn()
            let answer = try await scene.deploy()
            #expect(answer.verdict == "allow", "\(answer.denials)")
            #expect(answer.document != nil)
            #expect(outcome(answer, "LEG-001")?["mode"]?.string == "warn")
            #expect(outcome(answer, "LEG-001")?["result"]?.string == "fail")
            #expect(outcome(answer, "DEP-101")?["mode"]?.string == "warn")
            let status = try await scene.service.registry.status(of: scene.version.reference)
            #expect(status["legacy"]?[0]?["overdue"]?.bool == false)
            try await scene.service.advanceAndCatchUp(seconds: 11 * 86_400)
            let late = try await scene.deploy()
            #expect(late.verdict == "deny")
            #expect(denying(late).contains("LEG-001"))
            #expect(denying(late).contains("DEP-101"))
            let overdue = try await scene.service.registry.status(of: scene.version.reference)
            #expect(overdue["legacy"]?[0]?["overdue"]?.bool == true)
        }
    }

    @Test func `is tolerated in its place alone`() async throws {
        try await scene { scene in
            try await scene.bringIn()
            let elsewhere = try await scene.deploy("staging")
            #expect(elsewhere.verdict == "deny")
            #expect(outcome(elsewhere, "LEG-001") == nil)
            let other = try await scene.service.submit(by: scene.team.owner, seed: "two")
            let bytes = try await scene.service.deploy(other, by: scene.team.deployer)
            #expect(bytes.verdict == "deny" && outcome(bytes, "LEG-001") == nil)
            let model = try await scene.service.submit(by: scene.team.owner, "credit/other")
            let named = try await scene.service.deploy(model, by: scene.team.deployer)
            #expect(named.verdict == "deny" && outcome(named, "LEG-001") == nil)
            // Who may not deploy may not deploy legacy, and what is suspended stays so.
            let stranger = try await scene.service.deploy(scene.version, by: scene.team.owner)
            #expect(denying(stranger) == ["DEP-401"])
            _ = try await scene.service.registry.suspend(
                scene.version.reference, reason: "drift", scene.service.request(scene.team.owner))
            #expect(try await denying(scene.deploy()) == ["DEP-301"])
        }
    }

    @Test func `is not tolerated in a version that one of the two made`() async throws {
        try await scene { scene in
            let service = scene.service
            let author = try await service.enrol([.owner, .complianceOfficer])
            let own = try await service.submit(by: author, "credit/own")
            _ = try await service.registry.importLegacy(
                service.legacyImport([own], by: author, and: scene.risk), service.request(author))
            try await service.settled()
            let answer = try await service.deploy(own, by: scene.team.deployer)
            #expect(answer.verdict == "deny")
            #expect(outcome(answer, "LEG-001") == nil)
            #expect(denying(answer).contains("DEP-101"))
            // The same bytes, submitted by somebody else, ran before anybody asked.
            let theirs = try await service.submit(by: scene.team.owner, "credit/own")
            #expect(theirs.artifact == own.artifact)
            let other = try await service.deploy(theirs, by: scene.team.deployer)
            #expect(other.verdict == "allow", "\(other.denials)")
        }
    }

    @Test(arguments: [
        "legacy:\n  redeploy: nowhere", "legacy:\n  redeploy: same-place\n  highest_tier: 1", "",
    ])
    func `is tolerated as far as the pack says`(_ stated: String) async throws {
        try await scene { scene in
            try await scene.bringIn()
            let permits = try #require(
                TestService.packFiles([:]).first { $0.path == "permits.yaml" })
            let text = String(decoding: permits.bytes, as: UTF8.self)
                .replacing("legacy:\n  redeploy: same-place\n  highest_tier: 2", with: stated)
            #expect(text != String(decoding: permits.bytes, as: UTF8.self))
            try await scene.service.activatePack(["permits.yaml": text])
            let answer = try await scene.deploy()
            #expect(answer.verdict == "deny")
            #expect(denying(answer).contains("LEG-001"))
            #expect(denying(answer).contains("DEP-101"))
        }
    }

    @Test func `is no longer legacy once it is approved`() async throws {
        try await scene { scene in
            try await scene.bringIn()
            let (service, team, version) = (scene.service, scene.team, scene.version)
            try await service.evaluate(version, by: team.reviewer)
            try await service.approve(version, by: team.validator, as: .validator)
            try await service.approve(version, by: team.officer, as: .complianceOfficer)
            try await service.advanceAndCatchUp(seconds: 11 * 86_400)
            let answer = try await scene.deploy()
            #expect(answer.verdict == "allow", "\(answer.denials)")
            #expect(outcome(answer, "LEG-001")?["result"]?.string == "pass")
        }
    }

    @Test func `is permitted no longer than until its date`() async throws {
        try await scene { scene in
            let service = scene.service
            let due = service.clock.now.adding(seconds: 600)
            try await scene.bringIn { $0.items[0].dueAt = due }
            func end(_ answer: Registry.GateAnswer) throws -> String {
                try Permit(Statement(parsing: #require(answer.document).payload)).notAfter
            }
            #expect(try await end(scene.deploy()) == due.description)
            let id = try await service.run(scene.version, by: scene.team.deployer)
            try await service.settled()
            let run = try await service.registry.permitRun(
                id, artifact: scene.version.artifact, service.request(scene.team.deployer))
            #expect(try end(run) == due.description)
        }
    }

    @Test func `runs no longer by what was tolerated when its date has passed`() async throws {
        try await scene { scene in
            try await scene.bringIn()
            let service = scene.service
            _ = try await service.run(scene.version, by: scene.team.deployer)
            try await service.settled()
            func admitted() async throws -> Bool {
                try await service.registry.admission(
                    .init(
                        environment: #require(EnvironmentName("production")), target: "test",
                        version: scene.version.reference, artifact: nil, images: [])
                ).isAllowed
            }
            #expect(try await admitted())
            try await service.advanceAndCatchUp(seconds: 11 * 86_400)
            #expect(try await !admitted())
        }
    }

    @Test func `is signed by two officers who may, and dated once`() async throws {
        try await scene { scene in
            let (service, team) = (scene.service, scene.team)
            func envelope(
                _ second: TestPerson, as role: Role,
                edit: (inout LegacyImport) -> Void = { _ in }
            ) throws -> Envelope {
                try service.legacyImport(
                    [scene.version], by: team.officer, and: second, as: role, edit: edit)
            }
            let both = try envelope(scene.risk, as: .riskOfficer)
            let one = try Statement(parsing: both.payload).sign(with: [team.officer.key])
            #expect(try await scene.refusal(one) == "import-not-entitled")
            // Two sign an import, and nobody else.
            let three = try both.adding(signatureBy: team.validator.key)
            #expect(try await scene.refusal(three) == "import-not-entitled")
            #expect(
                try await scene.refusal(envelope(team.owner, as: .riskOfficer))
                    == "import-not-entitled")
            for (edit, code): ((inout LegacyImport) -> Void, String) in [
                ({ $0.origin = "other" }, "import-not-entitled"),
                ({ $0.items[0].dueAt = $0.signedAt }, "import-malformed"),
                (
                    { $0.items[0].dueAt = $0.signedAt.adding(seconds: 367 * 86_400) },
                    "import-malformed"
                ),
                ({ $0.items.append($0.items[0]) }, "import-malformed"),
                ({ $0.items = [] }, "import-malformed"),
            ] {
                let wrong = try envelope(scene.risk, as: .riskOfficer, edit: edit)
                #expect(try await scene.refusal(wrong) == code)
            }
            #expect(try await scene.refusal(both) == nil)
            let again = try envelope(scene.risk, as: .riskOfficer) {
                $0.items[0].dueAt = $0.signedAt.adding(seconds: 300 * 86_400)
            }
            try await service.settled()
            #expect(try await scene.refusal(again) == "legacy-known")
        }
    }

    /// Whoever makes a model and imports it could bring in what never ran, with one other person.
    @Test(arguments: [Role.complianceOfficer, .riskOfficer])
    func `is tolerated for nothing where one of those who imported it made it`(
        _ role: Role
    ) async throws {
        try await scene { scene in
            let (service, team) = (scene.service, scene.team)
            let author = try await service.enrol([.owner, role])
            // A second account is the same person.
            let account = try await service.enrol([.owner], as: author.principal)
            var versions: [TestVersion] = []
            for (owner, seed) in [(author, "own"), (account, "account"), (author, "honest")] {
                versions.append(try await service.submit(by: owner, seed: seed))
            }
            let isFirst = role == .complianceOfficer
            let own = try service.legacyImport(
                Array(versions.prefix(2)), by: isFirst ? author : team.officer,
                and: isFirst ? scene.risk : author)
            #expect(try await scene.refusal(own) == nil)
            // The accepting twin: the same author, and two others import.
            let honest = try service.legacyImport([versions[2]], by: team.officer, and: scene.risk)
            #expect(try await scene.refusal(honest) == nil)
            try await service.settled()
            for version in versions.prefix(2) {
                let answer = try await service.deploy(version, by: team.deployer)
                #expect(answer.verdict == "deny")
                #expect(outcome(answer, "LEG-001") == nil)
                #expect(denying(answer).contains("DEP-101"))
            }
            let answer = try await service.deploy(versions[2], by: team.deployer)
            #expect(answer.verdict == "allow", "\(answer.denials)")
            // Nor does it keep others from importing the same place, for no longer.
            let again = try service.legacyImport(
                [versions[0]], by: team.officer, and: scene.risk
            ) { $0.items[0].dueAt = $0.signedAt.adding(seconds: 86_400) }
            #expect(try await scene.refusal(again) == nil)
            try await service.settled()
            let tolerated = try await service.deploy(versions[0], by: team.deployer)
            #expect(tolerated.verdict == "allow", "\(tolerated.denials)")
            #expect(try await scene.refusal(honest) == "legacy-known")
        }
    }

    /// What somebody held against a version.
    enum Judgement: CaseIterable { case suspended, rejected, retired }

    @Test(arguments: Judgement.allCases)
    func `is not tolerated as another version once it was judged`(
        _ judgement: Judgement
    ) async throws {
        try await scene { scene in
            try await scene.bringIn()
            let (service, team, version) = (scene.service, scene.team, scene.version)
            #expect(try await scene.deploy().verdict == "allow")
            // The accepting twin: the owner takes back a slip, and submits these bytes again.
            _ = try await service.registry.withdraw(
                version.reference, reason: "a slip in the card", service.request(team.owner))
            let second = try await service.submit(by: team.owner)
            try await service.settled()
            #expect(second.artifact == version.artifact && second.reference != version.reference)
            let answer = try await service.deploy(second, by: team.deployer)
            #expect(answer.verdict == "allow", "\(answer.denials)")
            switch judgement {
            case .suspended:
                _ = try await service.registry.suspend(
                    second.reference, reason: "biased", service.request(team.validator))
            case .rejected:
                try await service.approve(
                    second, by: team.validator, as: .validator, meaning: .reject)
            case .retired:
                try await service.advanceAndCatchUp(seconds: 3_600)
                try await service.retire(second, by: team)
            }
            let third = try await service.submit(by: team.owner)
            try await service.settled()
            #expect(third.artifact == version.artifact)
            let again = try await service.deploy(third, by: team.deployer)
            #expect(again.verdict == "deny")
            #expect(outcome(again, "LEG-001") == nil)
            #expect(denying(again).contains("DEP-101"))
            // Other bytes of the model are nobody's concern here.
            let other = try await service.submit(by: team.owner, seed: "two")
            let imported = try service.legacyImport([other], by: team.officer, and: scene.risk)
            #expect(try await scene.refusal(imported) == nil)
            try await service.settled()
            let allowed = try await service.deploy(other, by: team.deployer)
            #expect(allowed.verdict == "allow", "\(allowed.denials)")
        }
    }

    @Test func `is brought in again when the import no longer counts, and for no longer`()
        async throws
    {
        try await scene { scene in
            let (service, team) = (scene.service, scene.team)
            let due = service.clock.now.adding(seconds: 5 * 86_400)
            try await scene.bringIn { $0.items[0].dueAt = due }
            let honest = try await service.enrol([.riskOfficer])
            func again(_ seconds: Int64) throws -> Envelope {
                try service.legacyImport([scene.version], by: team.officer, and: honest) {
                    $0.items[0].dueAt = due.adding(seconds: seconds)
                }
            }
            try await service.settled()
            #expect(try await scene.refusal(again(0)) == "legacy-known")
            _ = try await service.registry.revokeKey(
                scene.risk.key.publicKey.id, of: scene.risk.principal, reason: "stolen before",
                effectiveFrom: service.clock.now.adding(seconds: -3_600),
                service.request(service.administrator))
            #expect(try await scene.deploy().verdict == "deny")
            #expect(try await scene.refusal(again(1)) == "legacy-later")
            #expect(try await scene.refusal(again(0)) == nil)
            #expect(try await scene.deploy().verdict == "allow")
            #expect(try await scene.refusal(again(-1)) == "legacy-known")
        }
    }

    @Test func `counts by its statement, not by its row`() async throws {
        try await scene { scene in
            try await scene.bringIn()
            #expect(try await scene.deploy().verdict == "allow")
            try await scene.service.sabotage([
                "UPDATE registry.legacy SET due_at = due_at + interval '10 years'"
            ])
            try await scene.service.advanceAndCatchUp(seconds: 11 * 86_400)
            #expect(try await denying(scene.deploy()).contains("LEG-001"))
            try await scene.service.sabotage([
                "DELETE FROM audit.document d USING registry.legacy l WHERE d.sha256 = l.document"
            ])
            let gone = try await scene.deploy()
            #expect(gone.verdict == "deny" && outcome(gone, "LEG-001") == nil)
        }
    }

    @Test func `is in the model's report, also before there is a version`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let risk = try await service.enrol([.riskOfficer])
            let envelope = try service.legacyImport([], by: team.officer, and: risk) {
                $0.items = [
                    .init(
                        model: ModelName("credit/old") ?? $0.items[0].model,
                        artifact: SHA256.hash("old"),
                        environment: EnvironmentName("production") ?? $0.items[0].environment,
                        dueAt: $0.signedAt.adding(seconds: 86_400))
                ]
            }
            _ = try await service.registry.importLegacy(envelope, service.request(team.officer))
            let model = try #require(ModelName("credit/old"))
            #expect(try await service.registry.versions(of: model)["legacy"]?.array?.count == 1)
            func report() async throws -> JSON {
                try await service.settled()
                return try await service.registry.report(
                    model: model, for: service.administrator.caller
                ).json
            }
            for isOverdue in [false, true] {
                let json = try await report()
                #expect(json["legacy"]?[0]?["overdue"]?.bool == isOverdue)
                let verdict = ReportCheck.check(
                    json, root: service.registry.root, acceptingDevelopment: true)
                #expect(verdict.findings == [])
                let page = String(decoding: ReportPage.render(json), as: UTF8.self)
                #expect(page.contains("Came in as legacy"))
                if !isOverdue { try await service.advanceAndCatchUp(seconds: 2 * 86_400) }
            }
        }
    }
}

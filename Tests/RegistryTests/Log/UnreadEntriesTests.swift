import Cryptography
import Database
import Governance
import Logging
import Registry
import TestSupport
import Testing
import TransparencyLog

@Suite struct `What restricts counts before it has a place in the log` {
    private func dead(_ service: TestService) async throws -> ServiceNode {
        let clock = service.clock
        var settings = NodeSettings(
            directory: service.directory, clock: { clock.now },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        settings.access = service.access
        settings.allowsDevelopment = true
        settings.allowsUnsafeDatabase = true
        return try await ServiceNode.open(settings)
    }

    private func ask(
        _ registry: Registry, _ service: TestService, _ version: TestVersion, _ team: TestTeam
    ) async throws -> Registry.GateAnswer {
        let production = try #require(EnvironmentName("production"))
        return try await registry.deploy(
            .init(
                version: version.reference, environment: production, target: "test",
                artifact: version.artifact, use: nil, dryRun: true),
            service.request(team.deployer))
    }

    /// A suspension that no sequencer has taken, with its row and its queue row taken away.
    private func hide(_ service: TestService, _ version: TestVersion, _ team: TestTeam) async throws
    {
        try await service.settled()
        await service.stop()
        _ = try await service.registry.suspend(
            version.reference, reason: "found biased", service.request(team.owner))
        try await service.sabotage([
            "DELETE FROM registry.restriction", "DELETE FROM audit.pending",
        ])
    }

    @Test func `for the process that committed it, and for any other`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            #expect(try await ask(service.registry, service, version, team).verdict == "allow")
            try await hide(service, version, team)
            let own = try await ask(service.registry, service, version, team)
            #expect(own.reasons.contains("suspension"), "\(own.reasons)")
            // Another process has only the entries.
            let other = try await dead(service)
            let answer = try await ask(other.registry, service, version, team)
            #expect(answer.reasons.contains("suspension"), "\(answer.reasons)")
            await other.close()
        }
    }

    @Test func `also when the row of the entry is deleted, for the process that committed it`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            try await hide(service, version, team)
            try await service.sabotage([
                "DELETE FROM audit.entry WHERE id = (SELECT max(id) FROM audit.entry)"
            ])
            let own = try await ask(service.registry, service, version, team)
            #expect(own.reasons.contains("suspension"), "\(own.reasons)")
        }
    }

    @Test func `that an emergency was not justified, also when the row of the entry is deleted`()
        async throws
    {
        try await BreakGlassScene.with { scene in
            let (service, version, team) = (scene.service, scene.version, scene.team)
            let glass = try await scene.open()
            // The accepting twin: it stands as long as nobody says so.
            #expect(try await ask(service.registry, service, version, team).verdict == "allow")
            let review = try service.breakGlassReview(
                of: glass, on: version, by: team.validator, .unjustified)
            try await service.settled()
            await service.stop()
            _ = try await service.registry.reviewBreakGlass(
                review, service.request(team.validator))
            try await service.sabotage([
                "DELETE FROM audit.pending",
                "DELETE FROM audit.entry WHERE id = (SELECT max(id) FROM audit.entry)",
            ])
            let own = try await ask(service.registry, service, version, team)
            #expect(own.verdict == "deny")
            #expect(scene.denying(own).contains("DEP-101"), "\(scene.denying(own))")
        }
    }

    @Test func `an entry that was passed over denies, and verification names it`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            try await hide(service, version, team)
            try await service.restarted { again in
                // Later entries get their places above the one that is hidden.
                _ = try await again.submit(by: team.owner, seed: "later")
                try await again.settled()
                again.clock.advance(milliseconds: 11_000)
                #expect(
                    try await again.eventually {
                        !again.registry.follower.snapshot.overdue.isEmpty
                    })
                let answer = try await ask(again.registry, again, version, team)
                #expect(answer.verdict == "deny")
                let report = try await Auditing.verify(
                    again.access.migrator, root: again.registry.root, pin: again.node.pin)
                #expect(report.findings.counts[.entryUnplaced] == 1)
            }
        }
    }

    @Test func `a transaction that was rolled back is no alarm`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            // A row id that is used up and never committed.
            try await service.asSuperuser(["SELECT nextval('audit.entry_id_seq')"])
            _ = try await service.submit(by: team.owner, seed: "beside")
            try await service.settled()
            service.clock.advance(milliseconds: 11_000)
            _ = try await service.submit(by: team.owner, seed: "beside two")
            try await service.settled()
            #expect(service.registry.follower.snapshot.overdue.isEmpty)
            #expect(version.reference.number == 1)
        }
    }

    @Test func `a revoked token writes nothing from the moment of its revocation`() async throws {
        try await TestService.with { service in
            let person = try await service.enrol([.owner])
            let token = try await service.registry.issueToken(
                for: person.principal, days: 1, service.request(service.administrator))
            try await service.settled()
            #expect(service.registry.authenticate(token.secret) != nil)
            let other = try await dead(service)
            await service.stop()
            _ = try await service.registry.revokeToken(
                token.id, reason: "lost", service.request(service.administrator))
            #expect(service.registry.authenticate(token.secret) == nil)
            // Another process cannot know it from the log yet, and still refuses to write.
            let caller = try #require(other.registry.authenticate(token.secret))
            #expect(
                try await service.refusal {
                    try await other.registry.issueToken(
                        for: person.principal, days: 1, Request(caller: caller, id: "test"))
                } == "unauthenticated")
            await other.close()
        }
    }

    @Test func `a subject that is read before anybody spoke of it is locked`() async throws {
        try await TestService.with { service in
            try await service.settled()
            let writer = service.registry.writer
            let request = Request(caller: nil, id: "test")
            let order = Collected<String>()
            async let first = writer.write(
                request, Subjects(written: ["first"], read: ["ghost"])
            ) { db, now in
                order.append("first decides")
                try db.execute("SELECT pg_sleep(0.5)")
                order.append("first decided")
                return Act(.evidenceRead(Self.read(at: now)))
            }
            try await Task.sleep(for: .milliseconds(200))
            async let second = writer.write(request, Subjects(written: ["ghost"])) { _, now in
                order.append("second decides")
                return Act(.evidenceRead(Self.read(at: now)))
            }
            let (one, two) = try await (first, second)
            #expect(order.all == ["first decides", "first decided", "second decides"])
            #expect(one.entryID < two.entryID)
            #expect(one.entry.subjects["ghost"] == .init(seq: 0, wrote: false))
            #expect(two.entry.subjects["ghost"] == .init(seq: 1, wrote: true))
            try await service.settled()
            let replay = try await Auditing.replay(
                service.access.migrator, root: service.registry.root)
            #expect(replay.isEqual, "\(replay.findings)")
        }
    }

    /// Something that needs no document and changes no row.
    private static func read(at time: Timestamp) -> EvidenceRead {
        EvidenceRead(
            what: "report", subject: "credit/ghost", digest: nil, first: nil, last: nil, count: 1,
            from: time, until: time)
    }

    @Test func `a clock that is set back while a writer waits writes nothing`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            try await service.settled()
            let waiting = try await service.holding(
                "LOCK TABLE registry.subject IN EXCLUSIVE MODE"
            ) {
                let waiting = Task {
                    try await service.refusal {
                        try await service.registry.suspend(
                            version.reference, reason: "r", service.request(team.owner))
                    }
                }
                try await Task.sleep(for: .milliseconds(300))
                service.clock.advance(days: -1)
                return waiting
            }
            let refusal = try await waiting.value
            #expect(refusal == "log-halted")
        }
    }
}

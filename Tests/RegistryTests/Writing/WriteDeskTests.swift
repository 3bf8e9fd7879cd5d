// Acts that share a transaction with others: each has the outcome that it would have had alone.

import Attestation
import CanonicalJSON
import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `Acts of many requests` {
    /// Nobody can lock a subject while it is held, so acts gather.
    private static let everything: SQL = "LOCK TABLE registry.subject IN EXCLUSIVE MODE"

    private func versions(
        _ count: Int, _ service: TestService, _ team: TestTeam
    ) async throws -> [VersionReference] {
        var versions: [VersionReference] = []
        for number in 0..<count {
            versions.append(
                try await service.submit(
                    by: team.owner, "credit/model\(number)", seed: "\(number)"
                ).reference)
        }
        // The first act on a subject makes its row, in a transaction of its own.
        for version in versions {
            _ = try await service.registry.suspend(
                version, reason: "first", service.request(team.owner))
        }
        try await service.settled()
        return versions
    }

    /// How many transactions wrote these entries.
    private func transactions(
        _ outcomes: [Registry.Outcome], _ service: TestService
    ) async throws -> Int64 {
        let ids = outcomes.map(\.recorded.entryID)
        return try await service.registry.database.read { db in
            try db.one(
                "SELECT count(DISTINCT xmin::text) FROM audit.entry WHERE id = ANY(\(ids))",
                as: Int64.self)
        }
    }

    private func restrictions(_ service: TestService) async throws -> Int64 {
        try await service.registry.database.read { db in
            try db.one("SELECT count(*) FROM registry.restriction", as: Int64.self)
        }
    }

    @Test func `share transactions when many come at once`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let versions = try await versions(4, service, team)
            let outcomes = try await withThrowingTaskGroup(of: Registry.Outcome.self) { group in
                for number in 0..<80 {
                    group.addTask {
                        try await service.registry.suspend(
                            versions[number % 4], reason: "\(number)", service.request(team.owner))
                    }
                }
                var outcomes: [Registry.Outcome] = []
                for try await outcome in group { outcomes.append(outcome) }
                return outcomes
            }
            let count = try await transactions(outcomes, service)
            #expect(count <= 40)
            for outcome in outcomes {
                #expect(try service.isVerified(outcome.receipt, of: outcome.recorded.bytes))
            }
        }
    }

    @Test func `one that is refused leaves the others`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let versions = try await versions(8, service, team)
            let registry = service.registry
            let issued = try await registry.issueToken(
                for: team.validator.principal, days: 1, service.request(service.administrator))
            let caller = Caller(
                principal: team.validator.principal, person: team.validator.principal,
                kind: .person, token: issued.id)
            let (kept, refused) = try await service.holding(Self.everything) {
                let kept = versions.map { version in
                    Task {
                        try await registry.suspend(
                            version, reason: "kept", service.request(team.owner))
                    }
                }
                let refused = Task {
                    try await service.refusal {
                        try await registry.suspend(
                            versions[7], reason: "refused", Request(caller: caller, id: "refused"))
                    }
                }
                try await Task.sleep(for: .milliseconds(300))
                // The row restricts before the log does: by now the validator's token is revoked.
                _ = try await service.asSuperuser([
                    "UPDATE registry.token SET revoked_at = now() WHERE id = '\(issued.id)'"
                ])
                return (kept, refused)
            }
            var outcomes: [Registry.Outcome] = []
            for task in kept { outcomes.append(try await task.value) }
            let code = try await refused.value
            #expect(code == "unauthenticated")
            for outcome in outcomes {
                #expect(try service.isVerified(outcome.receipt, of: outcome.recorded.bytes))
            }
            _ = try await service.asSuperuser([
                "UPDATE registry.token SET revoked_at = NULL WHERE id = '\(issued.id)'"
            ])
            let replay = try await Auditing.replay(service.access.migrator, root: registry.root)
            #expect(replay.isEqual, "\(replay.findings)")
        }
    }

    @Test func `nobody waits for a subject that a stranger holds, but who is concerned`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let versions = try await versions(4, service, team)
            let registry = service.registry
            let held = "version/\(versions[0])"
            let waiting = try await service.holding(
                "SELECT FROM registry.subject WHERE name = \(held) FOR UPDATE"
            ) {
                let waiting = (0..<4).map { _ in
                    Task {
                        try await registry.suspend(
                            versions[0], reason: "waits", service.request(team.owner))
                    }
                }
                try await Task.sleep(for: .milliseconds(200))
                for version in versions.dropFirst() {
                    let outcome = try await registry.suspend(
                        version, reason: "goes on", service.request(team.owner))
                    #expect(outcome.receipt != nil)
                }
                let count = try await restrictions(service)
                #expect(count == 7)
                return waiting
            }
            for task in waiting { #expect(try await task.value.receipt != nil) }
            #expect(try await restrictions(service) == 11)
        }
    }

    /// Runs acts as one bulk request; what came of each.
    private func together(
        _ acts: [@Sendable () async throws -> Void], _ service: TestService
    ) async -> [String] {
        var commands: [@Sendable () async -> String] = []
        for act in acts {
            commands.append {
                do {
                    try await act()
                    return "recorded"
                } catch let refusal as Refusal {
                    return refusal.code
                } catch {
                    return "\(error)"
                }
            }
        }
        return await service.registry.bulk(commands)
    }

    @Test func `of one bulk see of each other what only the log knows: builders' statements`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            let builder = try await service.enrol([], kind: .service)
            func attest(_ type: String) throws -> @Sendable () async throws -> Void {
                let envelope = try service.provenance(of: version, by: builder) {
                    $0 = [
                        "buildDefinition": ["buildType": .string(type)],
                        "runDetails": $0["runDetails"] ?? [:],
                    ]
                }
                return {
                    _ = try await service.registry.attest(
                        envelope, of: version.reference, service.request(team.owner))
                }
            }
            // The first makes the row of the version's subject, in a transaction of its own.
            try await attest("first")()
            #expect(
                try await together([attest("a"), attest("a"), attest("b")], service)
                    == ["recorded", "provenance-known", "recorded"])
            let many = try (1...19).map { try attest("\($0)") }
            let answers = await together(many, service)
            #expect(answers.count(where: { $0 == "recorded" }) == 17, "\(answers)")
            #expect(answers.count(where: { $0 == "provenance-too-much" }) == 2, "\(answers)")
        }
    }

    @Test func `of one bulk see of each other what only the log knows: imports and snapshots`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let risk = try await service.enrol([.riskOfficer])
            let agent = try await service.enrol([.agent], kind: .service)
            let version = try await service.submit(by: team.owner)
            func bringIn(_ days: Int64) throws -> @Sendable () async throws -> Void {
                let envelope = try service.legacyImport([version], by: team.officer, and: risk) {
                    $0.items[0].dueAt = $0.signedAt.adding(seconds: days * 86_400)
                }
                return {
                    _ = try await service.registry.importLegacy(
                        envelope, service.request(team.officer))
                }
            }
            #expect(
                try await together([bringIn(10), bringIn(20)], service)
                    == ["recorded", "legacy-known"])
            func look(_ seconds: Int64) throws -> @Sendable () async throws -> Void {
                let envelope = try service.snapshot(by: agent, []) {
                    $0.takenAt = $0.takenAt.adding(seconds: seconds)
                }
                return {
                    _ = try await service.registry.reconcile(envelope, service.request(agent))
                }
            }
            try await look(-180)()
            #expect(
                try await together([look(-60), look(-120)], service)
                    == ["recorded", "snapshot-not-later"])
        }
    }

    @Test func `the same retry key at the same moment is one act`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let versions = try await versions(3, service, team)
            let registry = service.registry
            let tasks = try await service.holding(Self.everything) {
                let tasks = [0, 1, 2, 2, 2, 2].map { number in
                    Task {
                        try await registry.suspend(
                            versions[number], reason: "r",
                            service.request(team.owner, key: "key \(number)"))
                    }
                }
                try await Task.sleep(for: .milliseconds(300))
                return tasks
            }
            var outcomes: [Registry.Outcome] = []
            for task in tasks { outcomes.append(try await task.value) }
            #expect(Set(outcomes.map(\.recorded.entryID)).count == 3)
            #expect(outcomes.count(where: \.recorded.wasReplayed) == 3)
        }
    }

    @Test func `a token does nothing behind its revocation, in whatever company`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let versions = try await versions(4, service, team)
            let registry = service.registry
            var refusals = 0
            for round in 0..<50 where refusals < 3 {
                let issued = try await registry.issueToken(
                    for: team.validator.principal, days: 1, service.request(service.administrator))
                let caller = Caller(
                    principal: team.validator.principal, person: team.validator.principal,
                    kind: .person, token: issued.id)
                let late = Request(caller: caller, id: "late \(round)")
                // While these are written the other two gather.
                let others = versions.dropFirst(2).map { version in
                    Task {
                        try await registry.suspend(
                            version, reason: "first", service.request(team.owner))
                    }
                }
                let revocation = Task {
                    try await registry.revokeToken(
                        issued.id, reason: "lost", service.request(service.administrator))
                }
                // One of these moments is that of the revocation.
                try await Task.sleep(for: .milliseconds(round))
                do {
                    let outcome = try await registry.suspend(
                        versions[0], reason: "in time", late)
                    #expect(
                        try await outcome.recorded.entryID < revocation.value.recorded.entryID)
                } catch let refusal as Refusal {
                    #expect(refusal.code == "unauthenticated")
                    refusals += 1
                }
                for task in others { _ = try await task.value }
                _ = try await revocation.value
                let code = try await service.refusal {
                    try await registry.suspend(versions[1], reason: "too late", late)
                }
                #expect(code == "unauthenticated")
            }
            #expect(refusals > 0)
        }
    }

    @Test func `an act that a crash took back is not said to be done`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let versions = try await versions(1, service, team)
            let registry = service.registry
            let last = try await registry.database.read { db in
                try db.one("SELECT max(id) FROM audit.entry", as: Int64.self)
            }
            // Nothing gets its place, so no receipt comes.
            try await service.asSuperuser([
                "REVOKE DELETE ON audit.pending FROM imprimatur_sequencer"
            ])
            let act = Task {
                try await registry.suspend(
                    versions[0], reason: "lost", service.request(team.owner))
            }
            let isThere = try await service.eventually {
                try await registry.database.read { db in
                    try db.one(
                        "SELECT EXISTS (SELECT FROM audit.entry WHERE id > \(last))", as: Bool.self)
                }
            }
            #expect(isThere)
            try await service.sabotage([
                "DELETE FROM audit.pending WHERE entry_id > \(last)",
                "DELETE FROM audit.entry WHERE id > \(last)",
            ])
            let result = await act.result
            #expect { try result.get() } throws: { ($0 as? DatabaseError)?.kind == .commitUnknown }
        }
    }

    @Test func `an act that the database refuses fails alone`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let versions = try await versions(6, service, team)
            let registry = service.registry
            _ = try await service.asSuperuser([
                """
                ALTER TABLE registry.restriction
                ADD CONSTRAINT unlucky CHECK (reason <> 'unlucky') NOT VALID
                """
            ])
            let tasks = try await service.holding(Self.everything) {
                let tasks = versions.enumerated().map { number, version in
                    Task {
                        try await registry.suspend(
                            version, reason: number == 4 ? "unlucky" : "fine",
                            service.request(team.owner))
                    }
                }
                try await Task.sleep(for: .milliseconds(300))
                return tasks
            }
            for (number, task) in tasks.enumerated() {
                let result = await task.result
                if number == 4 {
                    #expect(throws: DatabaseError.self) { try result.get() }
                } else {
                    #expect(try result.get().receipt != nil)
                }
            }
            #expect(try await restrictions(service) == 11)
        }
    }
}

// That the service counts its log, says so, and that nobody who reads the log takes a wrong count.

import CanonicalJSON
import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing
import TransparencyLog

extension CompletenessPeriods {
    /// Whenever there is anything to count.
    static let always = CompletenessPeriods(
        mapEntries: 1, mapSeconds: 0, heartbeatSeconds: 3_000_000_000)
}

extension TestService {
    /// Has the log count everything that it holds now.
    func count() async throws {
        try await settled()
        // Published is what the follower has pinned, too.
        _ = try await eventually {
            registry.follower.snapshot.published?.checkpoint.size
                == registry.follower.snapshot.fold.size
        }
        try await registry.keepAccount(.always)
        try await settled()
    }

    var pin: Pin { node.pin }
}

@Suite(.serialized) struct `Counting the log` {
    private func counts(_ service: TestService) async throws -> [(index: Int64, ActorsCounted)] {
        try await service.logged().compactMap { logged in
            guard case .actorsCounted(let event) = logged.entry.event else { return nil }
            return (logged.index, event)
        }
    }

    @Test func `states once what everybody did, and is believed`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            _ = try await service.submit(by: team.owner)
            try await service.count()
            try await service.count()
            let counts = try await counts(service)
            #expect(counts.count == 1)
            let (index, event) = try #require(counts.first)
            #expect(event.size == index)
            // The map's words, from the entries alone.
            let before = try await service.logged().filter { $0.index < event.size }
            let owners = before.filter { $0.entry.actor == team.owner.principal }
            let stated = service.registry.follower.snapshot.stated
            #expect(stated.index == index)
            let proof = try #require(stated.actors.inclusion(of: "\(team.owner.principal)"))
            #expect(proof.holds(in: event.actorMap))
            #expect(proof.count == .init(count: 1, last: try #require(owners.last).index))
            let model = try #require(stated.subjects.inclusion(of: "model/credit/scorecard"))
            #expect(model.holds(in: event.subjectMap))
            #expect(model.count.count == 1)
            let nobody = try #require(stated.actors.absence(of: "p-0000000000000000"))
            #expect(nobody.holds(in: event.actorMap))
            // More happens, and is counted again; then verified from the tables.
            _ = try await service.submit(by: team.owner, seed: "two")
            try await service.count()
            #expect(try await self.counts(service).count == 2)
            let report = try await Auditing.verify(
                service.scratch.superuserURL, root: service.registry.root, pin: service.pin)
            #expect(report.findings.kept.map(\.message) == [])
            let replayed = try await Auditing.replay(
                service.scratch.superuserURL, root: service.registry.root)
            #expect(replayed.isEqual)
            #expect(service.registry.halt.reason == nil)
        }
    }

    @Test func `a restart counts on where the log is`() async throws {
        try await TestService.with { service in
            try await service.count()
            try await service.restarted { again in
                try await again.count()
                #expect(try await counts(again).count == 2)
                #expect(again.registry.halt.reason == nil)
            }
        }
    }

    @Test func `two instances state it once`() async throws {
        try await TestService.with { service in
            try await TestService.opened(service.scratch, service.directory, service.clock) {
                other in
                try await service.settled()
                try await other.settled()
                await withTaskGroup(of: Void.self) { group in
                    for instance in [service, other, service, other] {
                        group.addTask { try? await instance.registry.keepAccount(.always) }
                    }
                }
                try await service.settled()
                try await other.settled()
                #expect(try await counts(service).count == 1)
                #expect(service.registry.halt.reason == nil && other.registry.halt.reason == nil)
            }
        }
    }

    @Test(arguments: ["actors", "subjects", "size"])
    func `a wrong count halts who follows, and is named by audits`(_ lie: String) async throws {
        try await TestService.with { service in
            _ = try await service.enrol([.owner])
            try await service.count()
            let good = try #require(try await counts(service).first).1
            let wrong = ActorsCounted(
                size: good.size + (lie == "size" ? 1 : 2), actors: good.actors,
                actorsRoot: lie == "actors" ? .zero : good.actorsRoot, subjects: good.subjects,
                subjectsRoot: lie == "subjects" ? .zero : good.subjectsRoot)
            _ = try await service.registry.writer.write(
                Request(caller: nil, id: "liar"), Subjects(written: [Subjects.completeness])
            ) { _, _ in Act(.actorsCounted(wrong)) }
            #expect(try await service.eventually { service.registry.halt.reason != nil })
            let reason = try #require(service.registry.halt.reason)
            #expect(reason.code == .inconsistent && reason.evidence.contains("actors.counted"))
            let report = try await Auditing.verify(
                service.scratch.superuserURL, root: service.registry.root, pin: service.pin)
            #expect(report.findings.kept.map(\.kind) == [.countWrong])
            let replayed = try await Auditing.replay(
                service.scratch.superuserURL, root: service.registry.root)
            #expect(replayed.findings.kept.map(\.kind) == [.countWrong])
        }
    }

    @Test func `silence is signed, and only after a while`() async throws {
        try await TestService.with { service in
            try await service.count()
            let periods = CompletenessPeriods(
                mapEntries: 1_000, mapSeconds: 7_200, heartbeatSeconds: 3_600)
            func beats() async throws -> [LogHeartbeat] {
                try await service.registry.keepAccount(periods)
                try await service.settled()
                return try await service.logged().compactMap {
                    guard case .logHeartbeat(let event) = $0.entry.event else { return nil }
                    return event
                }
            }
            let size = Int64(try await service.logged().count)
            #expect(try await beats().isEmpty)
            service.clock.advance(milliseconds: 3_500_000)
            #expect(try await beats().isEmpty)
            service.clock.advance(milliseconds: 200_000)
            #expect(try await beats().map(\.size) == [size])
            #expect(try await beats().count == 1)
            service.clock.advance(milliseconds: 3_700_000)
            #expect(try await beats().map(\.size) == [size, size + 1])
            // Heartbeats alone are never counted.
            service.clock.advance(milliseconds: 7_300_000)
            _ = try await beats()
            #expect(try await counts(service).count == 1)
            #expect(service.registry.halt.reason == nil)
        }
    }

    @Test func `the service does it by itself, as its settings say and its entries name`()
        async throws
    {
        try await TestService.with { service in
            await service.stop()
            var settings = try StoredSettings.read(
                File.read(service.directory.settings, limit: 1 << 20))
            settings.housekeeping.periods.mapEntries = 3
            try File.replace(
                service.directory.settings, with: settings.json.prettyBytes, mode: 0o600)
            let again = try await TestService.open(
                service.scratch, service.directory, service.clock, housekeeping: nil)
            let isCounted = try await again.eventually {
                again.registry.follower.snapshot.stated.index != nil
            }
            #expect(isCounted)
            let logged = try await again.logged()
            let starts = logged.compactMap { entry -> SHA256Digest? in
                guard case .serviceStarted(let event) = entry.entry.event else { return nil }
                return event.configuration
            }
            let document = try await again.document(try #require(starts.last))
            #expect(try JSON(parsing: document)["housekeeping"]?["mapEntries"] == 3)
            await again.stop()
        }
    }
}

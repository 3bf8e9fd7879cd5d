// swift-format-ignore-file: NeverForceUnwrap
import CanonicalJSON
import Cryptography
import Testing

@testable import Governance

@Suite struct `The counts of a log` {
    private static let start = Timestamp("2026-11-21T08:00:00.000Z")!
    private static let ada = PrincipalID("p-00000000000000ad")!
    private static let bob = PrincipalID("p-00000000000000b0")!
    private static let periods = CompletenessPeriods(
        mapEntries: 5, mapSeconds: 3_600, heartbeatSeconds: 600)

    private func entry(
        _ event: Event, by actor: PrincipalID? = nil, writing subjects: [String] = [],
        seconds: Int64 = 0
    ) -> Entry {
        Entry(
            actor: actor, configuration: nil, documents: [], idempotency: nil, event: event,
            origin: "example.com/log", policy: nil, request: "test",
            subjects: Dictionary(
                uniqueKeysWithValues: subjects.map { ($0, .init(seq: 1, wrote: true)) }
                    + [("only-read", .init(seq: 0, wrote: false))]),
            time: Self.start.adding(seconds: seconds))
    }

    private func act(
        by actor: PrincipalID?, writing subjects: [String] = [], seconds: Int64 = 0
    ) -> Entry {
        entry(
            .tokenRevoked(TokenRevoked(token: "t-1", principal: Self.ada, reason: "test")),
            by: actor, writing: subjects, seconds: seconds)
    }

    /// Ada, Bob, Ada, the service: four entries.
    private func counted() -> EntryCounts {
        var counts = EntryCounts()
        for entry in [
            act(by: Self.ada, writing: ["model/a/b"]),
            act(by: Self.bob, writing: ["version/a/b@1"]),
            act(by: Self.ada, writing: ["version/a/b@1", "policy"]), act(by: nil),
        ] { #expect(counts.apply(entry) == nil) }
        return counts
    }

    @Test func `are those of its entries by actor and subject`() {
        let counts = counted()
        var actors = CountMap(.actor)
        actors.update([
            "\(Self.ada)": .init(count: 2, last: 2), "\(Self.bob)": .init(count: 1, last: 1),
            "service": .init(count: 1, last: 3),
        ])
        var subjects = CountMap(.subject)
        subjects.update([
            "model/a/b": .init(count: 1, last: 0), "policy": .init(count: 1, last: 2),
            "version/a/b@1": .init(count: 2, last: 2),
        ])
        #expect(
            counts.statement()
                == ActorsCounted(
                    size: 4, actors: 3, actorsRoot: actors.root, subjects: 3,
                    subjectsRoot: subjects.root))
    }

    @Test func `stated rightly are accepted, also when others wrote in between`() {
        var counts = counted()
        let statement = counts.statement()
        #expect(counts.apply(act(by: Self.bob)) == nil)
        #expect(counts.apply(entry(.actorsCounted(statement), writing: ["completeness"])) == nil)
        #expect(counts.stated.index == 5)
        #expect(counts.stated.size == 4)
        // The next one counts what came in between, and the statement itself.
        let next = counts.statement()
        #expect(next.size == 6)
        #expect(counts.apply(entry(.actorsCounted(next))) == nil)
        #expect(counts.stated.actors["\(Self.bob)"] == .init(count: 2, last: 4))
        #expect(counts.stated.actors["service"] == .init(count: 2, last: 5))
        #expect(counts.stated.subjects["completeness"] == .init(count: 1, last: 5))
    }

    @Test(arguments: ["actorsRoot", "actors", "subjectsRoot", "subjects", "size", "ahead", "back"])
    func `stated wrongly are found`(_ member: String) {
        var counts = counted()
        let good = counts.statement()
        let wrong = ActorsCounted(
            size: member == "size" ? 3 : member == "ahead" ? 5 : member == "back" ? 0 : 4,
            actors: member == "actors" ? 2 : good.actors,
            actorsRoot: member == "actorsRoot" ? .zero : good.actorsRoot,
            subjects: member == "subjects" ? 4 : good.subjects,
            subjectsRoot: member == "subjectsRoot" ? .zero : good.subjectsRoot)
        #expect(counts.apply(entry(.actorsCounted(wrong))) != nil)
    }

    @Test func `without an entry that was left out are not those stated`() {
        let statement = counted().statement()
        var lacking = EntryCounts()
        for entry in [
            act(by: Self.ada, writing: ["model/a/b"]),
            act(by: Self.bob, writing: ["version/a/b@1"]),
            act(by: Self.ada, writing: ["policy"]), act(by: nil),
        ] { #expect(lacking.apply(entry) == nil) }
        #expect(lacking.apply(entry(.actorsCounted(statement))) != nil)
    }

    @Test func `are due after so many entries, and not for the service's own`() {
        var counts = counted()
        #expect(counts.due(at: Self.start, Self.periods) == nil)
        // As many as names: three actors and three subjects, not five.
        _ = counts.apply(act(by: Self.ada))
        #expect(counts.due(at: Self.start, Self.periods) == nil)
        _ = counts.apply(act(by: Self.ada))
        #expect(counts.due(at: Self.start, Self.periods) == .map)
        #expect(counts.apply(entry(.actorsCounted(counts.statement()))) == nil)
        for _ in 0..<50 {
            let size = counts.size
            _ = counts.apply(entry(.logHeartbeat(.init(size: size, quietSince: Self.start))))
        }
        #expect(counts.due(at: Self.start, Self.periods) == nil)
        #expect(counts.bookkept == 51)
    }

    @Test func `are due after a while when there was anything, and else a heartbeat is`() {
        var counts = counted()
        let later = Self.start.adding(seconds: 3_600)
        #expect(counts.due(at: Self.start.adding(seconds: 599), Self.periods) == nil)
        #expect(counts.due(at: Self.start.adding(seconds: 600), Self.periods) == .heartbeat)
        #expect(counts.due(at: later, Self.periods) == .map)
        #expect(counts.apply(entry(.actorsCounted(counts.statement()), seconds: 3_600)) == nil)
        #expect(counts.due(at: later.adding(seconds: 599), Self.periods) == nil)
        #expect(counts.due(at: later.adding(seconds: 999_999), Self.periods) == .heartbeat)
        #expect(EntryCounts().due(at: later, Self.periods) == nil)
    }

    @Test func `a heartbeat never goes back, and never says more than there is`() {
        var counts = counted()
        func beat(_ size: Int64) -> Entry {
            entry(.logHeartbeat(LogHeartbeat(size: size, quietSince: Self.start)))
        }
        #expect(counts.apply(beat(4)) == nil)
        #expect(counts.apply(beat(4)) == nil)
        #expect(counts.apply(beat(3)) != nil)
        #expect(counts.apply(beat(8)) != nil)
    }
}

@Suite struct `Entries about accesses` {
    private static let time = Timestamp("2026-11-21T08:00:00.000Z")!

    @Test func `survive their JSON, and refuse what they do not know`() throws {
        let events: [Event] = [
            .actorsCounted(
                .init(size: 9, actors: 2, actorsRoot: .zero, subjects: 1, subjectsRoot: .zero)),
            .logHeartbeat(.init(size: 9, quietSince: Self.time)),
            .evidenceRead(
                .init(
                    what: "report", subject: "model/a/b", digest: .zero, first: 0, last: 8,
                    count: 1,
                    from: Self.time, until: Self.time)),
            .accessRefused(
                .init(
                    from: Self.time, until: Self.time,
                    refusals: [
                        .init(
                            cause: .tokenUnknown, count: 3, principal: nil, token: nil,
                            source: "s-0123456789abcdef", subject: nil)
                    ], omitted: 2)),
        ]
        for event in events {
            let members = event.payload.members
            #expect(try Event(kind: event.kind, members: .object(members)) == event)
            var more = members
            more["more"] = 1
            #expect(throws: EntryError.self) {
                try Event(kind: event.kind, members: .object(more))
            }
            for name in members.keys {
                var less = members
                less[name] = nil
                #expect(throws: EntryError.self, "\(event.kind) \(name)") {
                    try Event(kind: event.kind, members: .object(less))
                }
            }
        }
    }
}

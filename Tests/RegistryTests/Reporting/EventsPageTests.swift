// The page that lists the events lists them all, with the members that entries have.

import CanonicalJSON
import Cryptography
import Governance
import Registry
import Testing

@Suite struct `The page of events` {
    /// Kind and members, as the page lists them.
    private static func listed() throws -> [String: Set<String>] {
        let path = TestService.repository + "/docs/reference/events.md"
        let text = String(decoding: try File.read(path, limit: 1 << 20), as: UTF8.self)
        var listed: [String: Set<String>] = [:]
        var kind: String?
        for line in text.split(separator: "\n") {
            if line.hasPrefix("### `") {
                kind = line.split(separator: "`").dropFirst().first.map(String.init)
                if let kind { listed[kind] = [] }
            } else if line.hasPrefix("#") {
                kind = nil
            } else if let kind, line.hasPrefix("| `") {
                let names = line.split(separator: "|")[0].split(separator: "`").enumerated()
                listed[kind]?.formUnion(
                    names.filter { $0.offset % 2 == 1 }.map { String($0.element) })
            }
        }
        return listed
    }

    @Test func `lists every kind, and no other`() throws {
        #expect(try Self.listed().keys.sorted() == Event.kinds)
    }

    @Test func `lists the members that entries of a whole life have`() async throws {
        let listed = try Self.listed()
        let life = try await ReportedLife.told()
        var compared: Set<String> = []
        for line in life.report["lines"]?.array ?? [] {
            let text = try #require(line["entry"]?.string)
            let bytes = try #require(Base64.decode(text))
            let entry = try Entry(parsing: SignedEntry(parsing: bytes).payload)
            compared.insert(entry.event.kind)
            #expect(Set(entry.event.payload.members.keys) == listed[entry.event.kind])
        }
        #expect(compared.count > 12)
    }

    @Test func `lists the members of what the service writes of its own accord`() throws {
        let listed = try Self.listed()
        let time = Timestamp(milliseconds: 0)
        let events: [Event] = [
            .actorsCounted(
                .init(size: 0, actors: 0, actorsRoot: .zero, subjects: 0, subjectsRoot: .zero)),
            .logHeartbeat(.init(size: 0, quietSince: time)),
            .accessRefused(.init(from: time, until: time, refusals: [], omitted: 0)),
            .evidenceRead(
                .init(
                    what: "report", subject: nil, digest: nil, first: nil, last: nil, count: 1,
                    from: time, until: time)),
        ]
        for event in events {
            #expect(Set(event.payload.members.keys) == listed[event.kind])
        }
    }
}

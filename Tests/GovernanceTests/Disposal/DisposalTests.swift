// The list that officers sign, what of an entry is on it, and the events: written and read, strictly.

import CanonicalJSON
import Cryptography
import Governance
import Testing

@Suite struct `Disposals` {
    private func version() throws -> VersionReference {
        try #require(VersionReference("credit/scorecard@3"))
    }

    @Test func `a list reads back as the same bytes, and nothing else is one`() throws {
        let list = try DisposalList(
            origin: "example.com/log", version: version(),
            documents: [SHA256.hash("b"), SHA256.hash("a")])
        #expect(list.documents == [SHA256.hash("b"), SHA256.hash("a")].sorted())
        let bytes = list.canonicalBytes
        #expect(DisposalList(parsing: bytes) == list)
        #expect(list.digest == SHA256.hash(bytes))
        let json = try JSON(parsing: bytes)
        func changed(_ name: String, _ value: JSON?) -> [UInt8] {
            var members = json.object ?? [:]
            members[name] = value
            return JSON.object(members).canonicalBytes
        }
        let names = json["documents"]?.array ?? []
        for wrong in [
            changed("type", "another"), changed("version", "credit/scorecard"),
            changed("extra", 1), changed("origin", nil), changed("documents", "none"),
            changed("documents", .array(names.reversed())),
            changed("documents", .array(names + names.suffix(1))),
            changed("documents", .array(names + ["0A"])), json.prettyBytes, [],
        ] {
            #expect(
                DisposalList(parsing: wrong) == nil, "\(String(decoding: wrong, as: UTF8.self))")
        }
    }

    @Test func `signed approvals, permits and certificates are never on a list`() throws {
        let version = try version()
        let environment = try #require(EnvironmentName("production"))
        let decided = DeploymentDecided(
            version: version, environment: environment, target: "", use: nil, verdict: .allow,
            artifact: SHA256.hash("artifact"), decision: SHA256.hash("decision"),
            facts: SHA256.hash("facts"), trustRoot: SHA256.hash("root"), trustRootVersion: 1,
            deployment: "d-1", permit: SHA256.hash("permit"),
            permitDocument: SHA256.hash("permit document"), notAfter: nil)
        let own = try #require(Event.deploymentDecided(decided).disposable)
        #expect(own.version == version)
        #expect(own.documents == [SHA256.hash("decision"), SHA256.hash("facts")])
        let disposed = DocumentsDisposed(
            version: version, list: SHA256.hash("list"), count: 2, bytes: 10,
            keptUntil: try #require(Timestamp("2026-11-21T08:00:00.000Z")),
            statement: SHA256.hash("statement"), document: SHA256.hash("document"))
        #expect(Event.documentsDisposed(disposed).disposable == nil)
    }

    @Test func `events read back as they were written, and others are refused`() throws {
        let version = try version()
        let until = try #require(Timestamp("2026-11-21T08:00:00.000Z"))
        let events: [Event] = [
            .disposalRefused(
                DisposalRefused(
                    version: version, statement: SHA256.hash("s"), document: SHA256.hash("d"),
                    grounds: [
                        DisposalGround(.notRetired, "It is not."),
                        DisposalGround(.retention, "Kept.", until: until),
                    ])),
            .documentsDisposed(
                DocumentsDisposed(
                    version: version, list: SHA256.hash("l"), count: 2, bytes: 10,
                    keptUntil: until, statement: SHA256.hash("s"), document: SHA256.hash("d"))),
        ]
        for event in events {
            let members = event.payload.members
            #expect(try Event(kind: event.kind, members: .object(members)) == event)
            #expect(!event.sentence.isEmpty)
            for name in members.keys {
                for value in [nil, JSON.bool(true), .array([])] {
                    var other = members
                    other[name] = value
                    #expect(throws: EntryError.self) {
                        try Event(kind: event.kind, members: .object(other))
                    }
                }
            }
        }
    }
}

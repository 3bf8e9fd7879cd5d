// The entries about holds and erasures: written and read, strictly.

import CanonicalJSON
import Cryptography
import Governance
import Testing

@Suite struct `Entries about personal data` {
    static let version = VersionReference("credit/scorecard@3")
    static let principal = PrincipalID("p-0123456789abcdef")

    static func events() throws -> [Event] {
        let version = try #require(version)
        let principal = try #require(principal)
        let namespace = try #require(Namespace("credit"))
        let until = try #require(Timestamp("2026-11-21T08:00:00.000Z"))
        return [
            .holdPlaced(
                HoldPlaced(
                    hold: "h-1", scope: .version(version), namespace: namespace, reason: "claim")),
            .holdReleased(
                HoldReleased(
                    hold: "h-1", scope: .principal(principal), reason: "settled",
                    statement: SHA256.hash("s"), document: SHA256.hash("d"))),
            .erasureRefused(
                ErasureRefused(
                    subject: .card(version), statement: SHA256.hash("s"),
                    document: SHA256.hash("d"),
                    grounds: [
                        ErasureGround(.legalHold, "Hold h-1."),
                        ErasureGround(.retention, "Kept.", until: until),
                    ])),
            .subjectErased(
                SubjectErased(
                    subject: .principal(principal), statement: SHA256.hash("s"),
                    document: SHA256.hash("d"), commitments: [SHA256.hash("c")],
                    key: SHA256.hash("k"))),
        ]
    }

    @Test func `read back as they were written`() throws {
        for event in try Self.events() {
            let json = JSON.object(event.payload.members)
            #expect(try Event(kind: event.kind, members: json) == event)
            let parsed = try JSON(parsing: json.canonicalBytes)
            #expect(try Event(kind: event.kind, members: parsed) == event)
            #expect(!event.sentence.isEmpty)
        }
    }

    @Test func `with a member more, less or malformed are refused`() throws {
        for event in try Self.events() {
            let members = event.payload.members
            for name in members.keys {
                var less = members
                less[name] = nil
                #expect(throws: EntryError.self) {
                    try Event(kind: event.kind, members: .object(less))
                }
                var other = members
                other[name] = 7
                #expect(throws: EntryError.self) {
                    try Event(kind: event.kind, members: .object(other))
                }
            }
            var more = members
            more["extra"] = "x"
            #expect(throws: EntryError.self) {
                try Event(kind: event.kind, members: .object(more))
            }
        }
    }

    @Test(arguments: [
        "", "card/", "card/credit", "card/credit/scorecard", "p-0123", "version/credit/scorecard@3",
        "card/credit/scorecard@0", "principal/p-0123456789abcdef", "p-0123456789abcdef/",
    ])
    func `a subject is a principal or a card, and nothing else`(text: String) {
        #expect(PersonalSubject(text) == nil)
    }

    @Test func `subjects and scopes read back`() throws {
        let (version, principal) = (try #require(Self.version), try #require(Self.principal))
        for subject in [PersonalSubject.card(version), .principal(principal)] {
            #expect(PersonalSubject(subject.description) == subject)
        }
        for scope in [HoldScope.version(version), .principal(principal)] {
            #expect(HoldScope(scope.description) == scope)
        }
        #expect(HoldScope("model/credit/scorecard") == nil)
    }
}

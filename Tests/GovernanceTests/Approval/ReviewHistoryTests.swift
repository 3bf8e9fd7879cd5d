// swift-format-ignore-file: NeverForceUnwrap
import CanonicalJSON
import Cryptography
import Governance
import Testing

@Suite struct `What has happened since an approval` {
    private static let production = EnvironmentName("production")!
    private static let given = SampleFacts.days(-10)

    /// The shipped pack with other frameworks and places.
    private static func pack(
        _ frameworks: [JSON], in places: [JSON] = ["eu"]
    ) throws -> PolicyPack {
        let plain = try ShippedPack.files("frameworks.yaml", "/frameworks") { old in
            .array((old?.array ?? []) + frameworks)
        }
        let placed = try ShippedPack.files("approvals.yaml", "/jurisdictions") { _ in
            [["environment": "production", "in": .array(places)]]
        }.first { $0.path == "approvals.yaml" }
        return try PolicyPack.parse(
            plain.map { $0.path == "approvals.yaml" ? placed ?? $0 : $0 })
    }

    private static func framework(_ id: String, _ more: [String: JSON]) -> JSON {
        .object(
            [
                "id": .string(id), "title": "A law", "kind": "law", "source": "nowhere",
                "controls": [["id": "1", "title": "Something", "evidence": "size(events) > 0"]],
            ].merging(more) { $1 })
    }

    private func due(
        _ packs: [(PolicyPack?, Int64)], at now: Timestamp = SampleFacts.now
    ) -> [ReviewDue] {
        ReviewHistory(
            of: SampleFacts.version, in: RestrictiveFold(),
            packs: packs.enumerated().map { index, pack in
                .init(
                    digest: pack.0?.digest ?? SampleFacts.digest("\(index)"),
                    since: SampleFacts.days(pack.1), pack: pack.0)
            }, at: now
        ).due(given: Self.given, by: [], in: Self.production)
    }

    @Test func `is nothing under the same pack, or one that says the same`() throws {
        let pack = try Self.pack([])
        #expect(due([(pack, -20)]) == [])
        #expect(due([(pack, -20), (pack, -5)]) == [])
        // Somewhere else in between, and back.
        let elsewhere = try Self.pack([], in: ["us"])
        #expect(due([(pack, -20), (elsewhere, -6), (pack, -5)]) == [])
    }

    @Test func `is that the environment lies elsewhere, since the pack that says so`() throws {
        let (old, new) = (try Self.pack([]), try Self.pack([], in: ["eu", "us-ny"]))
        let found = due([(old, -20), (new, -5), (new, -4)])
        #expect(found.map(\.trigger) == [.jurisdiction])
        #expect(found.first?.since == SampleFacts.days(-5))
        #expect(found.first?.reason == "production lies in eu, us-ny, and lay in eu")
        // It was so before the approval already.
        #expect(due([(old, -20), (new, -15)]) == [])
    }

    @Test func `is a later version of a framework that was in effect, and of no other`() throws {
        let old = try Self.pack([
            Self.framework("a-law", [:]), Self.framework("past", ["effective_until": "2026-01-01"]),
        ])
        let found = due([
            (old, -20), (try Self.pack([Self.framework("a-law", ["version": 2])]), -5),
        ])
        #expect(found.map(\.trigger) == [.framework])
        #expect(found.first?.since == SampleFacts.days(-5))
        let others = try Self.pack([
            Self.framework("a-law", [:]), Self.framework("past", ["version": 2]),
            Self.framework("new", ["version": 7]),
        ])
        #expect(due([(old, -20), (others, -5)]) == [])
    }

    @Test func `is a law that takes the place of another, from its day on`() throws {
        let pack = try Self.pack([
            Self.framework("a-law", ["superseded_by": "next"]),
            Self.framework("next", ["effective_from": "2026-11-21"]),
        ])
        #expect(due([(pack, -20)], at: SampleFacts.days(-1)) == [])
        let found = due([(pack, -20)], at: SampleFacts.days(1))
        #expect(found.map(\.trigger) == [.framework])
        #expect(found.first?.since == Timestamp("2026-11-21T00:00:00.000Z"))
    }

    @Test func `is everything where a pack cannot be read`() throws {
        let pack = try Self.pack([])
        for packs in [[(nil, -20), (pack, -5)], [(pack, -20), (nil, -5)]]
            as [[(PolicyPack?, Int64)]]
        {
            #expect(due(packs).map(\.trigger) == [.jurisdiction, .framework])
        }
    }
}

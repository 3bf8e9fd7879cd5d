// Retention: read strictly, counted from the recorded date, never shortened by a later pack.

import CanonicalJSON
import Cryptography
import Governance
import Testing

@Suite struct `Retention` {
    private func pack(_ high: Int64, _ personal: Int64) throws -> PolicyPack {
        let files = try ShippedPack.files("retention.yaml", "/classes/1") { old in
            guard var members = old?.object else { return old }
            members["record_days"] = .integer(high)
            members["personal_days"] = .integer(personal)
            return .object(members)
        }
        return try PolicyPack.parse(files)
    }

    private let recordedAt = Timestamp("2026-01-01T00:00:00.000Z")

    private func recorded(_ tier: Tier?) throws -> PersonalFold.Recorded {
        PersonalFold.Recorded(at: try #require(recordedAt), tier: tier, policy: .zero)
    }

    @Test func `runs from the recorded date, by the class of the tier`() throws {
        let term = try #require(
            RetentionTerm(try recorded(.high), packs: [try ShippedPack.pack()]))
        let from = try #require(recordedAt)
        #expect(term.recordUntil == from.adding(seconds: 3_653 * 86_400))
        #expect(term.personalUntil == from.adding(seconds: 183 * 86_400))
        #expect(term.classes == ["high-risk"])
        let low = try #require(
            RetentionTerm(try recorded(.minimal), packs: [try ShippedPack.pack()]))
        #expect(low.recordUntil == from.adding(seconds: 1_096 * 86_400))
    }

    @Test(arguments: [[10, 20], [20, 10], [20, 20, 1], [1, 20, 5]] as [[Int64]])
    func `is the longest of all packs in force since, in whatever order they came`(
        days: [Int64]
    ) throws {
        let packs = try days.map { try pack($0, $0) }
        let term = try #require(RetentionTerm(try recorded(.high), packs: packs))
        let from = try #require(recordedAt)
        #expect(term.recordUntil == from.adding(seconds: 20 * 86_400))
        #expect(term.personalUntil == from.adding(seconds: 20 * 86_400))
    }

    @Test func `has passed for nothing whose tier or packs are unknown`() throws {
        #expect(RetentionTerm(try recorded(nil), packs: [try ShippedPack.pack()]) == nil)
        #expect(RetentionTerm(try recorded(.high), packs: []) == nil)
    }

    @Test(
        arguments: [
            ("/classes/0/record_days", -1, "/classes/0/record_days"),
            ("/classes/0/record_days", 36_526, "/classes/0/record_days"),
            ("/classes/0/personal_days", 2_000, "/classes/0/personal_days"),
            ("/classes/0/basis", "", "/classes/0/basis"),
            ("/classes/0/name", "high-risk", "/classes"),
            ("/classes/0/owner", "me", "/classes/0/owner"),
            ("/tiers/0/class", "eternal", "/tiers"),
            ("/tiers/0/tier", 2, "/tiers"),
            ("/tiers/0", nil, "/tiers"),
            ("/classes", [], "/classes"),
        ] as [(String, JSON?, String)])
    func `is read strictly`(pointer: String, value: JSON?, place: String) throws {
        let files = try ShippedPack.files("retention.yaml", pointer) { _ in value }
        let error = try #require(throws: PackFindings.self) { try PolicyPack.parse(files) }
        #expect(
            error.findings.contains {
                $0.file == "retention.yaml" && $0.finding.pointer.description == place
            }, "\(error.findings.map(\.description))")
    }

    @Test func `a pack without it is refused`() throws {
        let files = try ShippedPack.files().filter { $0.path != "retention.yaml" }
        #expect(throws: PackFindings.self) { try PolicyPack.parse(files) }
    }
}

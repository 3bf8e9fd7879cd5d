import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Testing

@Suite struct `A pack statement` {
    static let origin = "example.com/log"

    static func make(predecessor: SHA256Digest? = nil) throws -> PackStatement {
        PackStatement(
            try ShippedPack.pack(), files: try ShippedPack.files(), origin: origin,
            predecessor: predecessor)
    }

    @Test func `is read back as it was made`() throws {
        for predecessor in [nil, SHA256.hash("the pack before")] {
            let made = try Self.make(predecessor: predecessor)
            let payload = made.statement.payload
            let read = try PackStatement(reading: Statement(parsing: payload))
            #expect(read == made)
            #expect(read.statement.payload == payload)
            let (pack, files) = (try ShippedPack.pack(), try ShippedPack.files())
            #expect(read.problems(with: pack, files: files, origin: Self.origin) == [])
        }
    }

    @Test(
        arguments: [
            ("author", JSON.string("me")), ("predecessor", "none"), ("predecessor", nil),
            ("version", "1"), ("version", 0), ("digest", nil), ("origin", nil), ("name", ""),
        ])
    func `with a member too many, too few or malformed is refused`(
        member: String, value: JSON?
    ) throws {
        let made = try Self.make().statement
        var members = try #require(made.predicate.object)
        members[member] = value
        let changed = Statement(
            subjects: made.subjects, predicateType: made.predicateType,
            predicate: .object(members))
        #expect(throws: JSONFindings.self) { try PackStatement(reading: changed) }
    }

    @Test func `of another type, or with a file twice, is refused`() throws {
        let made = try Self.make().statement
        let other = Statement(
            subjects: made.subjects, predicateType: ModelCard.predicateType,
            predicate: made.predicate)
        #expect(throws: JSONFindings.self) { try PackStatement(reading: other) }
        let twice = Statement(
            subjects: made.subjects + made.subjects.prefix(1), predicateType: made.predicateType,
            predicate: made.predicate)
        #expect(throws: JSONFindings.self) { try PackStatement(reading: twice) }
    }

    @Test func `is not over a pack with another file, or for another log`() throws {
        let made = try Self.make()
        let files = try ShippedPack.files("permits.yaml", "/deploy/lifetime_minutes") { _ in 5 }
        let other = try PolicyPack.parse(files)
        #expect(!made.problems(with: other, files: files, origin: Self.origin).isEmpty)
        let (pack, own) = (try ShippedPack.pack(), try ShippedPack.files())
        #expect(!made.problems(with: pack, files: own, origin: "example.com/other").isEmpty)
    }

    @Test func `follows only the pack that it names, with a higher version`() throws {
        let pack = try ShippedPack.pack()
        let before = SHA256.hash("the pack before")
        #expect(try Self.make().problems(after: nil) == [])
        #expect(try Self.make(predecessor: before).problems(after: nil).count == 1)
        let next = try Self.make(predecessor: before)
        func problems(_ name: String, _ version: Int64, _ digest: SHA256Digest) -> Int {
            next.problems(after: (name: name, version: version, digest: digest)).count
        }
        #expect(problems(pack.name, pack.version - 1, before) == 0)
        #expect(problems(pack.name, pack.version, before) == 1)
        #expect(problems(pack.name, pack.version - 1, SHA256.hash("another")) == 1)
        #expect(problems("other", pack.version - 1, before) == 1)
        #expect(problems("other", pack.version + 7, SHA256.hash("another")) == 3)
    }
}

// Commitments to personal fields: the round trip, and what does not verify.

import CanonicalJSON
import Cryptography
import Schema
import TestSupport
import Testing

@testable import Governance

@Suite struct PersonalFieldsTests {
    private static func salts(_ count: Int) -> [[UInt8]] {
        var random = SplitMix(state: 42)
        return (0..<count).map { _ in
            (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
    }

    private static func committed() throws -> (
        card: ModelCard, signed: ModelCard, disclosures: [PersonalDisclosure], schema: JSONSchema
    ) {
        let schema = try publishedSchema()
        let card = try ModelCard(parsing: exampleCard(), schema: schema)
        let places = PersonalFields.exposed(in: card, schema: schema)
        let (signed, disclosures) = try PersonalFields.commit(
            card, schema: schema, salts: salts(places.count))
        return (card, signed, disclosures, schema)
    }

    @Test func `the worked example holds`() throws {
        let disclosure = PersonalDisclosure(
            pointer: .root, salt: Array(repeating: 0, count: 32), value: "Ada")
        #expect(
            disclosure.commitment.hex
                == "c6184d9aad5b70f71aaa4f11b00f0c1498ee70fc8fe39c304e6cffc99cd0fec1")
    }

    @Test func `names and contacts are found wherever people stand in a card`() throws {
        let schema = try publishedSchema()
        let card = try ModelCard(parsing: exampleCard(), schema: schema)
        #expect(
            PersonalFields.exposed(in: card, schema: schema).map(\.description) == [
                "/people/accountable_owner/contact", "/people/accountable_owner/name",
                "/people/contacts/0/contact", "/people/developers/0/contact",
                "/people/developers/0/name", "/risk/classified_by/name",
            ])
    }

    @Test func `a committed card is a card, shows no name, and can be revealed`() throws {
        let (card, signed, disclosures, schema) = try Self.committed()
        #expect(findings(signed.json, schema) == [])
        #expect(PersonalFields.exposed(in: signed, schema: schema) == [])
        #expect(PersonalFields.findings(in: signed, schema: schema) == [])
        let text = String(decoding: signed.json.canonicalBytes, as: UTF8.self)
        for secret in ["Ada", "Ben", "Cleo", "bank.example\"}"] {
            #expect(!text.contains(secret))
        }
        for disclosure in disclosures {
            #expect(PersonalFields.verify(disclosure, against: signed))
            let read = try JSONReader.decode(disclosure.json) {
                $0.object { PersonalDisclosure.read($0) }
            }
            #expect(read == disclosure)
        }
        #expect(PersonalFields.reveal(signed, disclosures) == card)
        #expect(PersonalFields.reveal(signed, []) == signed)
    }

    @Test func `another value, salt or place does not verify`() throws {
        let (card, signed, disclosures, _) = try Self.committed()
        let one = disclosures[0]
        let two = disclosures[1]
        let wrong = [
            PersonalDisclosure(pointer: one.pointer, salt: one.salt, value: "Eve"),
            PersonalDisclosure(pointer: one.pointer, salt: two.salt, value: one.value),
            PersonalDisclosure(pointer: two.pointer, salt: one.salt, value: one.value),
            PersonalDisclosure(
                pointer: JSONPointer(["model", "name"]), salt: one.salt, value: one.value),
            PersonalDisclosure(
                pointer: one.pointer, salt: Array(one.salt.dropLast()), value: one.value),
        ]
        for disclosure in wrong {
            #expect(!PersonalFields.verify(disclosure, against: signed))
        }
        // A card that shows the value has committed to nothing.
        #expect(!PersonalFields.verify(one, against: card))
    }

    @Test func `guessing the name does not find the commitment, and equal names do not look equal`()
        throws
    {
        let (_, signed, disclosures, _) = try Self.committed()
        let commitments = Set(
            disclosures.compactMap { signed.json.value(at: $0.pointer)?["commitment"]?.string })
        for guess in ["Ada Example", "Ben Example", "Cleo Example"] {
            let json = JSON.string(guess)
            #expect(!commitments.contains(SHA256.hash(json.canonicalBytes).hex))
            #expect(!commitments.contains(SHA256.hash(Array(guess.utf8)).hex))
        }
        let same = Self.salts(2).map {
            PersonalDisclosure(pointer: .root, salt: $0, value: "Ada").commitment
        }
        #expect(same[0] != same[1])
    }

    @Test func `salts must be as many as the fields, whole and different`() throws {
        let schema = try publishedSchema()
        let card = try ModelCard(parsing: exampleCard(), schema: schema)
        let salts = Self.salts(6)
        #expect(throws: PersonalFields.Fault.saltCount(needed: 6, given: 5)) {
            try PersonalFields.commit(card, schema: schema, salts: Array(salts.dropLast()))
        }
        #expect(throws: PersonalFields.Fault.badSalt) {
            try PersonalFields.commit(
                card, schema: schema, salts: Array(salts.dropLast()) + [[1, 2, 3]])
        }
        #expect(throws: PersonalFields.Fault.badSalt) {
            try PersonalFields.commit(
                card, schema: schema, salts: Array(salts.dropLast()) + [salts[0]])
        }
    }

    @Test func `a name in clear in a card to be signed is a finding for each field`() throws {
        let (card, _, _, schema) = try Self.committed()
        let findings = PersonalFields.findings(in: card, schema: schema)
        #expect(findings.count == 6)
        #expect(findings.allSatisfy { $0.code == "personal" })
    }
}

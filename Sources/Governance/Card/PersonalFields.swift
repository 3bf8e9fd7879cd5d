// Personal data in cards: what is signed for ever holds commitments, what can be erased the values.
//
// A field that the schema marks "x-personal" appears in a signed card as
//
//     {"commitment": "<hex SHA-256 of salt ‖ value>"}
//
// where salt is 32 random bytes, one per field, and value the RFC 8785 bytes of the JSON value. The
// disclosure {pointer, salt, value} is kept beside the card under a key that can be destroyed. The
// salt is what protects the value: names and addresses are few, and a plain hash of one is found by
// trying them all; with 32 unknown bytes in front, trying tells nothing.
//
// Worked example: salt of 32 zero bytes, value "Ada" (JCS bytes `"Ada"`): the commitment is
// c6184d9a… (the whole of it in the tests).

package import CanonicalJSON
package import Cryptography
package import Schema

/// What is needed to show that a committed value was the one in the card.
package struct PersonalDisclosure: Sendable, Hashable {
    /// Where in the card.
    package let pointer: JSONPointer
    /// 32 random bytes.
    package let salt: [UInt8]
    package let value: JSON

    package init(pointer: JSONPointer, salt: [UInt8], value: JSON) {
        self.pointer = pointer
        self.salt = salt
        self.value = value
    }

    /// SHA-256(salt ‖ canonical bytes of the value).
    package var commitment: SHA256Digest {
        SHA256.hash(concatenating: salt, value.canonicalBytes)
    }

    /// {"pointer", "salt" in hex, "value"}.
    package var json: JSON {
        ["pointer": "\(pointer)", "salt": .string(Hex.encode(salt)), "value": value]
    }

    /// Reads what `json` writes, for use inside `JSONReader.decode`.
    package static func read(_ reader: JSONReader) -> PersonalDisclosure? {
        let pointer = reader.parsed("pointer", as: "a JSON pointer") { text -> JSONPointer? in
            try? JSONPointer(parsing: text)
        }
        let salt = reader.parsed("salt", as: "32 bytes in lowercase hex") { text -> [UInt8]? in
            Hex.decode(text).flatMap { $0.count == PersonalFields.saltBytes ? $0 : nil }
        }
        let value = reader.string("value", length: 1...PersonalFields.longestValue)
        guard let pointer, let salt else { return nil }
        return .init(pointer: pointer, salt: salt, value: .string(value))
    }
}

/// Committing to the personal fields of a card, and checking what was disclosed.
package enum PersonalFields {
    /// The length of a salt.
    package static let saltBytes = 32
    /// The longest personal value, in characters.
    package static let longestValue = 300

    /// Why fields cannot be committed to: the caller's mistake, not the card's.
    package enum Fault: Error, Sendable, Hashable {
        /// One salt per personal field is needed.
        case saltCount(needed: Int, given: Int)
        /// A salt is not 32 bytes long, or is there twice.
        case badSalt
    }

    /// The personal fields that are readable in the card, in order of place.
    package static func exposed(in card: ModelCard, schema: JSONSchema) -> [JSONPointer] {
        var places: [JSONPointer] = []
        schema.collectPersonal(card.json, 0, at: .root, &places)
        return places.sorted()
    }

    /// A finding for every personal field that a card about to be signed still shows.
    package static func findings(
        in card: ModelCard, schema: JSONSchema, at place: JSONPointer = .root
    ) -> [JSONFinding] {
        exposed(in: card, schema: schema).map {
            JSONPointer(place.tokens + $0.tokens).finding(
                "personal", "\($0.path) is personal data: a signed card holds a commitment to it.")
        }
    }

    /// Replaces every readable personal field by a commitment; `salts` are in the order of `exposed`.
    package static func commit(
        _ card: ModelCard, schema: JSONSchema, salts: [[UInt8]]
    ) throws(Fault) -> (card: ModelCard, disclosures: [PersonalDisclosure]) {
        let places = exposed(in: card, schema: schema)
        guard salts.count == places.count else {
            throw .saltCount(needed: places.count, given: salts.count)
        }
        guard salts.allSatisfy({ $0.count == saltBytes }), Set(salts).count == salts.count else {
            throw .badSalt
        }
        var json = card.json
        var disclosures: [PersonalDisclosure] = []
        for (place, salt) in zip(places, salts) {
            guard let value = json.value(at: place) else { continue }
            let disclosure = PersonalDisclosure(pointer: place, salt: salt, value: value)
            disclosures.append(disclosure)
            json = json.replacing(
                place.tokens[...], with: ["commitment": .string(disclosure.commitment.hex)])
        }
        return (ModelCard(uncheckedReplacing: json), disclosures)
    }

    /// Whether a disclosure is of the value that the card committed to.
    package static func verify(_ disclosure: PersonalDisclosure, against card: ModelCard) -> Bool {
        guard disclosure.salt.count == saltBytes,
            let committed = card.json.value(at: disclosure.pointer)?["commitment"]?.string
        else { return false }
        return SHA256Digest(hex: committed) == disclosure.commitment
    }

    /// The card with the values put back for every disclosure that verifies; the others stay as
    /// commitments, as after an erasure.
    package static func reveal(
        _ card: ModelCard, _ disclosures: [PersonalDisclosure]
    ) -> ModelCard {
        var json = card.json
        for disclosure in disclosures where verify(disclosure, against: card) {
            json = json.replacing(disclosure.pointer.tokens[...], with: disclosure.value)
        }
        return ModelCard(uncheckedReplacing: json)
    }
}

extension JSONSchema {
    /// Walks a value along the schema and notes the texts that are marked personal.
    fileprivate func collectPersonal(
        _ value: JSON, _ index: Int, at place: JSONPointer, _ places: inout [JSONPointer]
    ) {
        let node = resolved(index)
        switch value {
        case .string:
            if node.isPersonal { places.append(place) }
        case .array(let elements):
            guard let items = node.items else { return }
            for (index, element) in elements.enumerated() {
                collectPersonal(element, items, at: place.appending(index), &places)
            }
        case .object(let members):
            for (name, member) in members {
                guard let index = child(name, of: node) else { continue }
                collectPersonal(member, index, at: place.appending(name), &places)
            }
        case .null, .bool, .integer, .double: return
        }
    }
}

extension JSON {
    /// This value with another one at a place that exists; unchanged where it does not.
    fileprivate func replacing(_ tokens: ArraySlice<String>, with value: JSON) -> JSON {
        guard let token = tokens.first else { return value }
        switch self {
        case .object(var members):
            guard let member = members[token] else { return self }
            members[token] = member.replacing(tokens.dropFirst(), with: value)
            return .object(members)
        case .array(var elements):
            guard let index = Int(token), elements.indices.contains(index) else { return self }
            elements[index] = elements[index].replacing(tokens.dropFirst(), with: value)
            return .array(elements)
        case .null, .bool, .integer, .double, .string: return self
        }
    }
}

// Which fields a card must have, by tier, and which facts in a card raise its tier.
//
// A pattern is a JSON pointer (RFC 6901) in which the token "*" stands for every element of a list.
// A field is present when it is there and not null, "", [] or {}. Behind a "*" the list may not be
// empty and every element must have the field. Worked example: with the pattern
// /data/sets/*/name the card {"data":{"sets":[{"name":"a"},{}]}} lacks /data/sets/1/name, and the
// card {} lacks /data/sets/*/name.

package import CanonicalJSON

/// A JSON pointer in which `*` stands for every element of a list.
package struct FieldPattern: Sendable, Hashable, CustomStringConvertible {
    private let pointer: JSONPointer

    /// Reads a pattern; nil when it is no JSON pointer or points to the whole card.
    package init?(_ text: String) {
        guard let pointer = try? JSONPointer(parsing: text), (1...12).contains(pointer.tokens.count)
        else { return nil }
        self.pointer = pointer
    }

    /// The pattern as it was written.
    package var description: String { pointer.description }

    /// The places that the pattern wants and the card does not have, in order.
    package func missing(in card: JSON) -> [JSONPointer] {
        Self.missing(pointer.tokens[...], in: card, at: .root)
    }

    /// The values that the pattern reaches and that are not empty.
    package func values(in card: JSON) -> [JSON] {
        var values = [card]
        for token in pointer.tokens {
            values = values.flatMap { value in
                if token == "*" { return value.array ?? [] }
                return value.value(at: JSONPointer([token])).map { [$0] } ?? []
            }
        }
        return values.filter(Self.isFilled)
    }

    private static func missing(
        _ tokens: ArraySlice<String>, in value: JSON?, at place: JSONPointer
    ) -> [JSONPointer] {
        guard let token = tokens.first else {
            return value.map(isFilled) == true ? [] : [place]
        }
        let rest = tokens.dropFirst()
        guard token == "*" else {
            let child = value?.value(at: JSONPointer([token]))
            return missing(rest, in: child, at: place.appending(token))
        }
        guard let elements = value?.array, !elements.isEmpty else {
            return [JSONPointer(place.tokens + tokens)]
        }
        return elements.enumerated().flatMap { index, element in
            missing(rest, in: element, at: place.appending(index))
        }
    }

    private static func isFilled(_ value: JSON) -> Bool {
        switch value {
        case .null: false
        case .string(let text): !text.isEmpty
        case .array(let elements): !elements.isEmpty
        case .object(let members): !members.isEmpty
        case .bool, .integer, .double: true
        }
    }
}

/// Whether a card has a field, or has a certain value in it.
package struct FieldCondition: Sendable, Hashable {
    /// Where to look.
    package let pattern: FieldPattern
    /// The value wanted; nil when any value does.
    package let value: JSON?

    /// Whether the card meets the condition.
    package func holds(in card: JSON) -> Bool {
        let values = pattern.values(in: card)
        guard let value else { return !values.isEmpty }
        return values.contains(value)
    }

    /// Reads `pointer` with either `present: true` or `equals: VALUE`.
    static func read(_ reader: JSONReader) -> FieldCondition? {
        let pattern = reader.parsed("pointer", as: "a JSON pointer, with * for list elements") {
            FieldPattern($0)
        }
        let present = reader.optional("present") { $0.bool() }
        let value = reader.optional("equals") { $0.json() }
        guard (present == true) != (value != nil), present != false else {
            reader.refuse("condition", "Give either `present: true` or `equals`.")
            return nil
        }
        return pattern.map { FieldCondition(pattern: $0, value: value) }
    }
}

/// A field that cards must have from some tier on.
package struct RequiredField: Sendable, Hashable {
    /// The field.
    package let pattern: FieldPattern
    /// The lowest tier that requires it.
    package let from: Tier
    /// Cards that it is required of; nil for all.
    package let when: FieldCondition?

    static func read(_ reader: JSONReader) -> RequiredField? {
        let pattern = reader.parsed("pointer", as: "a JSON pointer, with * for list elements") {
            FieldPattern($0)
        }
        let from = PolicyPack.readTier(reader, "from")
        let when = reader.optional("when") { $0.object(FieldCondition.read) }
        guard let pattern, let from else { return nil }
        return RequiredField(pattern: pattern, from: from, when: when)
    }
}

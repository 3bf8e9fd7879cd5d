// How checks read facts: by name, never guessing. A fact that is absent or of another kind is an
// error with its name, and that error denies (I7).

package import CanonicalJSON
package import Cryptography

/// A fact that a rule needs is absent or malformed.
package struct UnknownFact: Error, Sendable, Hashable {
    /// Dotted path from the root of the facts, list positions included: `approvals.0.person`.
    package let name: String
    /// What to say instead of "unknown fact" when something else went wrong.
    package let cause: String?

    init(name: String, cause: String? = nil) {
        self.name = name
        self.cause = cause
    }
}

/// A cursor on one value among the facts.
package struct FactReader: Sendable {
    /// The value here.
    package let value: JSON
    private let place: Place

    /// Dotted path from the root; empty at the root.
    package var path: String { place.path }

    /// Starts at the root of a facts document.
    package init(_ facts: JSON) {
        self.init(facts, .root)
    }

    private init(_ value: JSON, _ place: Place) {
        self.value = value
        self.place = place
    }

    /// How the value was reached: written out for errors alone.
    private indirect enum Place: Sendable {
        case root
        case member(Place, String)
        case element(Place, Int)

        var path: String {
            switch self {
            case .root: ""
            case .member(.root, let name): name
            case .member(let parent, let name): "\(parent.path).\(name)"
            case .element(.root, let index): String(index)
            case .element(let parent, let index): "\(parent.path).\(index)"
            }
        }
    }

    /// The fact at a dotted path below here; throws when it is absent or null.
    package func fact(_ name: String) throws(UnknownFact) -> FactReader {
        guard let found = optional(name) else {
            throw UnknownFact(name: Place.member(place, name).path)
        }
        return found
    }

    /// The fact at a dotted path below here; nil when it is absent or null.
    package func optional(_ name: String) -> FactReader? {
        // Most names have one part; and dots are found faster among bytes than among characters.
        guard name.utf8.contains(Self.dot) else {
            return value[name].flatMap { $0.isNull ? nil : FactReader($0, .member(place, name)) }
        }
        var value = value
        for part in name.utf8.split(separator: Self.dot) {
            guard let next = value[String(Substring(part))] else { return nil }
            value = next
        }
        return value.isNull ? nil : FactReader(value, .member(place, name))
    }

    private static let dot = UInt8(ascii: ".")

    /// The string here.
    package func string() throws(UnknownFact) -> String { try expect(value.string) }

    /// The boolean here.
    package func bool() throws(UnknownFact) -> Bool { try expect(value.bool) }

    /// The integer here.
    package func integer() throws(UnknownFact) -> Int64 { try expect(value.integer) }

    /// The moment here.
    package func time() throws(UnknownFact) -> Timestamp {
        try expect(value.string.flatMap { Timestamp($0) })
    }

    /// The SHA-256 digest here.
    package func digest() throws(UnknownFact) -> SHA256Digest {
        try expect(value.string.flatMap { SHA256Digest(hex: $0) })
    }

    /// The tier here.
    package func tier() throws(UnknownFact) -> Tier { try expect(Tier(json: value)) }

    /// The role here.
    package func role() throws(UnknownFact) -> Role {
        try expect(value.string.flatMap { Role(rawValue: $0) })
    }

    /// The elements of the list here.
    package func list() throws(UnknownFact) -> [FactReader] {
        try expect(value.array).enumerated().map { FactReader($1, .element(place, $0)) }
    }

    /// The strings of the list here.
    package func strings() throws(UnknownFact) -> [String] {
        var result: [String] = []
        for element in try list() { result.append(try element.string()) }
        return result
    }

    private func expect<T>(_ found: T?) throws(UnknownFact) -> T {
        guard let found else { throw UnknownFact(name: path) }
        return found
    }
}

// The one value type for JSON: what we sign, store and answer is made of it.

/// A JSON value.
///
/// Two values are equal exactly when their strings agree byte for byte; Swift's own String
/// equality would call "é" and "e + U+0301" the same, although their digests differ.
package enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    /// An integer within `JSON.safeIntegers`.
    case integer(Int64)
    /// Any other finite number. Only foreign documents have them: our own are refused.
    case double(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    /// The integers that every JSON reader keeps exactly: |n| < 2^53 (RFC 7493 section 2.2).
    package static let safeIntegers: ClosedRange<Int64> =
        -9_007_199_254_740_991...9_007_199_254_740_991

    /// A number in the form the parser gives: `.integer` when it is one, otherwise `.double`.
    package static func number(_ value: Double) -> JSON {
        guard value.magnitude < 0x1p53 else { return .double(value) }
        let whole = Int64(value)
        return Double(whole) == value ? .integer(whole) : .double(value)
    }

    package static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.double(let a), .double(let b)): a == b
        case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): haveEqualMembers(a, b)
        case (.null, _), (.bool, _), (.integer, _), (.double, _), (.string, _), (.array, _),
            (.object, _):
            false
        }
    }

    private static func haveEqualMembers(_ a: [String: JSON], _ b: [String: JSON]) -> Bool {
        guard a.count == b.count else { return false }
        return a.allSatisfy { name, value in
            guard let index = b.index(forKey: name) else { return false }
            return b[index].key.utf8.elementsEqual(name.utf8) && b[index].value == value
        }
    }
}

extension JSON {
    /// The text of a string, nil for every other value.
    package var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    /// The value of an integer, nil for every other value (also for `.double`).
    package var integer: Int64? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    /// The value of any number as a Double, nil for every other value.
    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value
        case .null, .bool, .string, .array, .object: nil
        }
    }

    /// The value of a boolean, nil for every other value.
    package var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The elements of an array, nil for every other value.
    package var array: [JSON]? {
        guard case .array(let value) = self else { return nil }
        return value
    }

    /// The members of an object, nil for every other value.
    package var object: [String: JSON]? {
        guard case .object(let value) = self else { return nil }
        return value
    }

    /// Whether this is `null`.
    package var isNull: Bool { self == .null }

    /// The member of an object with this name; nil when absent or when this is no object.
    package subscript(key: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    /// The element of an array at this position; nil when outside or when this is no array.
    package subscript(index: Int) -> JSON? {
        guard case .array(let elements) = self, elements.indices.contains(index) else {
            return nil
        }
        return elements[index]
    }

    /// What kind of value this is, as a word for messages.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .double: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

// A statement whose text can only come from source code and whose values can only be bound.

/// SQL text with bound values: `"SELECT id FROM card WHERE owner = \(owner)"`.
///
/// Literals are `StaticString`, so text made at run time does not compile:
/// `SQL(stringLiteral: someString)`, `"…" + name` and `"\(anyOtherType)"` are all refused.
/// Varying names are an enum (`\(identifier: Table.card)`), varying clauses are nested `SQL`.
package struct SQL: Sendable, ExpressibleByStringInterpolation {
    /// Where each value lies in `payload`; NULL has length -1.
    struct Slot: Sendable {
        let offset: Int
        let length: Int
    }

    // A value is a NUL followed by a letter for its type. So the text is its own key for prepared
    // statements (the same words with other types are another statement), nesting is plain
    // appending, and `$1, $2` are written only when a statement is first sent.
    private(set) var template: String
    private(set) var payload: [UInt8]
    private(set) var slots: [Slot]

    package init(stringLiteral value: StaticString) {
        template = value.description
        payload = []
        slots = []
    }

    package init(stringInterpolation: StringInterpolation) {
        self = stringInterpolation.sql
    }

    /// The unsafe door: only for text this module builds from integers and checked names.
    init(uncheckedText: String) {
        template = uncheckedText
        payload = []
        slots = []
    }

    /// Joins fragments, for lists of conditions or columns.
    package init(joining fragments: [SQL], with separator: StaticString) {
        self.init(uncheckedText: "")
        for (index, fragment) in fragments.enumerated() {
            if index > 0 { template.append(separator.description) }
            append(fragment)
        }
    }

    private mutating func append(_ other: SQL) {
        let base = payload.count
        template.append(other.template)
        payload.append(contentsOf: other.payload)
        for slot in other.slots {
            slots.append(Slot(offset: base + slot.offset, length: slot.length))
        }
    }

    private mutating func bind<Value: SQLValue>(_ value: Value?) {
        template.append(Value.sqlType.placeholder)
        let start = payload.count
        if let value {
            value.encode(into: &payload)
            slots.append(Slot(offset: start, length: payload.count - start))
        } else {
            slots.append(Slot(offset: start, length: -1))
        }
    }

    /// Collects literals, values, names and nested statements.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var sql = SQL(uncheckedText: "")

        package init(literalCapacity: Int, interpolationCount: Int) {
            sql.template.reserveCapacity(literalCapacity + 2 * interpolationCount)
            sql.slots.reserveCapacity(interpolationCount)
        }

        package mutating func appendLiteral(_ literal: StaticString) {
            literal.withUTF8Buffer {
                sql.template.append(contentsOf: String(decoding: $0, as: UTF8.self))
            }
        }

        /// Binds a value.
        package mutating func appendInterpolation<Value: SQLValue>(_ value: Value) {
            sql.bind(value)
        }

        /// Binds a value or NULL.
        package mutating func appendInterpolation<Value: SQLValue>(_ value: Value?) {
            sql.bind(value)
        }

        /// Nests a statement or clause with its values.
        package mutating func appendInterpolation(_ fragment: SQL) {
            sql.append(fragment)
        }

        /// Names a table, column or channel out of a closed set, quoted.
        package mutating func appendInterpolation<Name>(identifier name: Name)
        where Name: RawRepresentable & CaseIterable, Name.RawValue == String {
            sql.template.append(SQL.quoted(name.rawValue))
        }
    }

    /// A name in double quotes.
    static func quoted(_ name: String) -> String {
        var text = "\""
        for character in name.unicodeScalars where character != "\0" {
            if character == "\"" { text.append("\"") }
            text.unicodeScalars.append(character)
        }
        return text + "\""
    }

    /// The text as the server gets it, with `$1, $2 …`, and the type of each.
    func rendered() -> (text: String, types: [UInt32]) {
        var text: [UInt8] = []
        text.reserveCapacity(template.utf8.count + slots.count)
        var types: [UInt32] = []
        var isType = false
        for byte in template.utf8 {
            if isType {
                isType = false
                types.append(SQLType(letter: byte)?.oid ?? 0)
                text.append(UInt8(ascii: "$"))
                text.append(contentsOf: String(types.count).utf8)
            } else if byte == 0 {
                isType = true
            } else {
                text.append(byte)
            }
        }
        return (String(decoding: text, as: UTF8.self), types)
    }
}

extension SQL: CustomStringConvertible {
    /// The text with placeholders; values are never shown.
    package var description: String { rendered().text }
}

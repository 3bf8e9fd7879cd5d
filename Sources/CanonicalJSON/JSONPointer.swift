// Where in a document something is.
//
// Specification: RFC 6901. A pointer is a sequence of reference tokens, each preceded by "/"; in a
// token "~1" stands for "/" and "~0" for "~". The empty pointer is the whole document. In an array
// a token is an index in decimal without leading zeros ("-", the place after the last, is never
// found here). Example: /card/owners/0/a~1b is member "a/b" of the first owner.

/// A JSON pointer.
package struct JSONPointer: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The reference tokens, unescaped.
    package let tokens: [String]

    /// The whole document.
    package static let root = JSONPointer([])

    package init(_ tokens: [String]) {
        self.tokens = tokens
    }

    /// Reads the text form; throws `pointer` when it is not one.
    package init(parsing text: String) throws(JSONError) {
        var tokens: [String] = []
        guard text.isEmpty || text.utf8.first == Ascii.slash else {
            throw JSONError(.pointer, at: 0, "A JSON pointer starts with a slash.")
        }
        let parts = text.utf8.split(separator: Ascii.slash, omittingEmptySubsequences: false)
        for part in parts.dropFirst() {
            guard let token = Self.unescape(part) else {
                throw JSONError(.pointer, at: 0, "In a JSON pointer ~ is followed by 0 or 1.")
            }
            tokens.append(token)
        }
        self.tokens = tokens
    }

    private static func unescape(_ part: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        var rest = part.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "~") else {
                bytes.append(byte)
                continue
            }
            switch rest.next() {
            case UInt8(ascii: "0"): bytes.append(UInt8(ascii: "~"))
            case UInt8(ascii: "1"): bytes.append(UInt8(ascii: "/"))
            default: return nil
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The pointer to a member of what this points to.
    package func appending(_ name: String) -> JSONPointer {
        JSONPointer(tokens + [name])
    }

    /// The pointer to an element of what this points to.
    package func appending(_ index: Int) -> JSONPointer {
        JSONPointer(tokens + [String(index)])
    }

    /// The text form; the inverse of `init(parsing:)`.
    package var description: String {
        var bytes: [UInt8] = []
        for token in tokens {
            bytes.append(Ascii.slash)
            for byte in token.utf8 {
                switch byte {
                case UInt8(ascii: "~"): bytes.append(contentsOf: "~0".utf8)
                case UInt8(ascii: "/"): bytes.append(contentsOf: "~1".utf8)
                default: bytes.append(byte)
                }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    package static func < (left: JSONPointer, right: JSONPointer) -> Bool {
        left.tokens.lexicographicallyPrecedes(right.tokens)
    }
}

extension JSON {
    /// The value that a pointer leads to, nil when there is none.
    package func value(at pointer: JSONPointer) -> JSON? {
        var value = self
        for token in pointer.tokens {
            guard let next = value.child(token) else { return nil }
            value = next
        }
        return value
    }

    /// The value that a pointer leads to, nil when there is none.
    package subscript(pointer: JSONPointer) -> JSON? { value(at: pointer) }

    private func child(_ token: String) -> JSON? {
        switch self {
        case .object(let members): members[token]
        case .array: Int(token).flatMap { String($0) == token ? self[$0] : nil }
        case .null, .bool, .integer, .double, .string: nil
        }
    }
}

// The sentence that a failed rule answers with, in which the values that decided are filled in.
//
// A template is text with placeholders in braces, each the name of a value that the rule's check
// yields: "the bytes presented are {artifact.presentedDigest}". There is no other syntax and no way
// to write a brace. Lists are joined by ", ", an empty list reads "none", an absent value
// "unknown".

package import CanonicalJSON

/// A reason text with named placeholders.
package struct ReasonTemplate: Sendable, Hashable {
    /// The text as the pack has it.
    package let text: String
    private let parts: [Part]

    private enum Part: Sendable, Hashable {
        case text(String)
        case value(String)
    }

    /// Longest template in bytes.
    package static let maximumLength = 500

    /// Reads a template; nil when braces do not pair or a name is empty.
    package init?(_ text: String) {
        var parts: [Part] = []
        var rest = text[...]
        while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            let after = rest.index(after: open)
            guard rest[open] == "{",
                let close = rest[after...].firstIndex(where: { $0 == "{" || $0 == "}" }),
                rest[close] == "}", close > after
            else { return nil }
            parts.append(.text(String(rest[..<open])))
            parts.append(.value(String(rest[after..<close])))
            rest = rest[rest.index(after: close)...]
        }
        parts.append(.text(String(rest)))
        self.text = text
        self.parts = parts
    }

    /// The names of the values that the text wants, in order of appearance.
    package var placeholders: [String] {
        parts.compactMap { if case .value(let name) = $0 { name } else { nil } }
    }

    /// The sentence with the values filled in.
    package func filled(with values: [String: JSON]) -> String {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .value(let name): values[name].map(Self.words) ?? "unknown"
            }
        }.joined()
    }

    private static func words(_ value: JSON) -> String {
        switch value {
        case .string(let text): text
        case .array(let elements) where elements.isEmpty: "none"
        case .array(let elements): elements.map(words).joined(separator: ", ")
        case .null, .bool, .integer, .double, .object:
            String(decoding: value.canonicalBytes, as: UTF8.self)
        }
    }
}

// Markup whose text can only come from source code, and whose values are escaped.
//
// Literals are `StaticString`, so markup made at run time does not compile. Interpolated text is
// escaped scalar by scalar: & < > " ' become references, and characters that change the direction of
// text, are invisible or are controls are shown as ⟦U+202E⟧, so that a page never looks like
// something else than it says. Interpolated `HTML` and `[HTML]` pass. An address is a `Link`, which
// has no form that could be `javascript:`; text where an address belongs is a mistake in the source.

internal import CanonicalJSON

/// A piece of a page.
package struct HTML: Sendable, Hashable, ExpressibleByStringInterpolation {
    /// The markup.
    package private(set) var text: String

    package init(stringLiteral value: StaticString) { text = value.description }

    package init(stringInterpolation: StringInterpolation) { self = stringInterpolation.html }

    private init(unchecked text: String) { self.text = text }

    /// Nothing.
    package static let empty: HTML = ""

    /// Pieces one after the other.
    package init(_ pieces: [HTML]) {
        text = ""
        for piece in pieces { text += piece.text }
    }

    /// Text as it is shown.
    package init(escaping text: String) {
        self.init(unchecked: Self.escape(text))
    }

    static func escape(_ text: String) -> String {
        var escaped = ""
        escaped.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case " "..."~", "\n", "\t": escaped.unicodeScalars.append(scalar)
            default:
                if TextHygiene.fault(in: String(scalar)) == nil {
                    escaped.unicodeScalars.append(scalar)
                } else {
                    let hex = String(scalar.value, radix: 16, uppercase: true)
                    escaped +=
                        "⟦U+" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex + "⟧"
                }
            }
        }
        return escaped
    }

    /// Collects literals and values.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var html = HTML.empty

        package init(literalCapacity: Int, interpolationCount: Int) {
            html.text.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        package mutating func appendLiteral(_ literal: StaticString) {
            literal.withUTF8Buffer { html.text += String(decoding: $0, as: UTF8.self) }
        }

        /// Escapes text.
        package mutating func appendInterpolation(_ text: String) {
            let attribute = html.text.utf8.suffix(12).split(separator: UInt8(ascii: " ")).last
            let start = attribute.map { String(decoding: $0, as: UTF8.self) } ?? ""
            precondition(
                !start.hasSuffix("=") && !start.hasSuffix("href=\"") && !start.hasSuffix("src=\"")
                    && !start.hasSuffix("action=\""),
                "an address is a Link, and an attribute is quoted")
            html.text += HTML.escape(text)
        }

        /// Writes a number.
        package mutating func appendInterpolation(_ number: some BinaryInteger) {
            html.text += "\(number)"
        }

        /// Passes markup on.
        package mutating func appendInterpolation(_ piece: HTML) { html.text += piece.text }

        /// Passes pieces on, one after the other.
        package mutating func appendInterpolation(_ pieces: [HTML]) {
            for piece in pieces { html.text += piece.text }
        }

        /// Writes an address.
        package mutating func appendInterpolation(_ link: Link) {
            html.text += HTML.escape(link.text)
        }
    }
}

/// An address that a page may point to.
package struct Link: Sendable, Hashable {
    let text: String

    /// A place in the same page; characters that no id of ours has become hyphens.
    package static func fragment(_ id: String) -> Link { Link(text: "#" + anchor(id)) }

    /// The id that `fragment` points to.
    package static func anchor(_ id: String) -> String {
        String(id.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
    }
}

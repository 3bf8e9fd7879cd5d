// How a rule names the control of a framework that it serves.

/// A framework and one of its controls: `eu-ai-act/15.5`, `iso-42001/A.6.2.5`.
package struct ControlName: Sendable, Hashable, CustomStringConvertible {
    /// The framework's id.
    package let framework: String
    /// The control within it, as the framework numbers it.
    package let control: String

    /// Reads what `description` writes; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, NameSegment.isValid(String(parts[0])),
            Self.isControl(String(parts[1]))
        else { return nil }
        framework = String(parts[0])
        control = String(parts[1])
    }

    /// Whether a text can be the number of a control: letters, digits, `.`, `-`, `(`, `)`.
    package static func isControl(_ text: String) -> Bool {
        (1...40).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                    || (0x61...0x7A).contains(byte) || ".-()".utf8.contains(byte)
            }
    }

    package var description: String { "\(framework)/\(control)" }
}

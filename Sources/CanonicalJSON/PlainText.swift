// Text of others as it is shown to people: without what a terminal obeys, or what hides or turns round
// what stands beside it.

extension Unicode.Scalar {
    /// Whether it shows as nothing, or makes something else of what is shown: controls, separators of
    /// lines, and what Unicode calls default ignorable, which bidirectional overrides are.
    package var isHidden: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: properties.isDefaultIgnorableCodePoint
        }
    }
}

extension String {
    /// The text with U+FFFD in place of everything hidden.
    ///
    /// - Parameter kept: what may stay all the same, as "\n" where lines are meant.
    package func plain(keeping kept: Set<Unicode.Scalar> = []) -> String {
        guard unicodeScalars.contains(where: { $0.isHidden && !kept.contains($0) }) else {
            return self
        }
        var text = UnicodeScalarView()
        for scalar in unicodeScalars {
            text.append(scalar.isHidden && !kept.contains(scalar) ? "\u{FFFD}" : scalar)
        }
        return String(text)
    }
}

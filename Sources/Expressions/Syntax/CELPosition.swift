// Where in a file an expression, or a part of it, stands.

/// A place in a text, as editors count: both numbers begin at one, columns are code points.
package struct CELPosition: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let line: Int
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package var description: String { "\(line):\(column)" }

    package static func < (left: Self, right: Self) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// Where an expression begins in the file that holds it, so that faults name the file's own lines.
package struct CELOrigin: Sendable, Hashable {
    /// The file as the reader knows it; nil for an expression that stands alone.
    package let file: String?
    /// The place of the expression's first character.
    package let start: CELPosition
    /// How many columns the lines after the first are indented in the file.
    package let indent: Int

    package init(
        file: String? = nil, start: CELPosition = CELPosition(line: 1, column: 1), indent: Int = 0
    ) {
        self.file = file
        self.start = start
        self.indent = indent
    }

    /// The place in the file of a place in the expression.
    func position(line: Int, column: Int) -> CELPosition {
        line == 1
            ? CELPosition(line: start.line, column: start.column + column - 1)
            : CELPosition(line: start.line + line - 1, column: indent + column)
    }
}

/// Why an expression is refused before it is ever evaluated.
package struct CELFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// Kinds of faults, stable, for programs.
    package enum Code: String, Sendable, Hashable {
        /// Not of the grammar.
        case syntax
        /// Part of CEL that this implementation leaves out; the message says what to write instead.
        case unsupported
        /// Longer, deeper or larger than we are willing to read.
        case limit
        /// A name that is not declared.
        case name
        /// Types that do not fit.
        case type
        /// A constant argument that can never be right, such as a malformed time.
        case value
    }

    package let code: Code
    /// The file that the expression is part of, if it is known.
    package let file: String?
    package let position: CELPosition
    /// What is wrong and what would be right.
    package let message: String

    /// `gates/deploy.yaml:12:14: …`, as editors and compilers write it.
    package var description: String { "\(file.map { $0 + ":" } ?? "")\(position): \(message)" }
}

// What a fairness evaluation is willing to read and to hold, declared once.

/// The bounds of an evaluation.
package enum FairnessLimits {
    /// Most rows: keeps every exact computation within 128 bits (see `ExactFraction`).
    package static let rows: Int64 = 1_000_000_000
    /// Most sensitive columns in one evaluation.
    package static let groupColumns = 6
    /// Most distinct values of one sensitive column: more is an identifier, not a group.
    package static let valuesPerColumn = 200
    /// Most combinations of sensitive values; the document lists every one.
    package static let cells = 2_000
    /// Longest sensitive value and longest column name, in bytes.
    package static let valueBytes = 200
    /// Most columns in a file.
    package static let fileColumns = 1_024
    /// Longest record of a file, in bytes.
    package static let recordBytes = 1 << 20
}

/// How groups are compared: part of the signed document, because the result depends on it.
package struct FairnessParameters: Sendable, Hashable {
    /// Groups with fewer rows are shown but not compared.
    package var minimumGroupSize: Int64
    /// A rate whose denominator is smaller is shown but not compared: size alone says nothing about
    /// a true positive rate over three positives.
    package var minimumDenominator: Int64
    /// The reference value of a sensitive column, where one is named.
    package var references: [String: String]

    package init(
        minimumGroupSize: Int64 = 1, minimumDenominator: Int64 = 1,
        references: [String: String] = [:]
    ) {
        self.minimumGroupSize = max(1, minimumGroupSize)
        self.minimumDenominator = max(1, minimumDenominator)
        self.references = references
    }
}

// The sufficient statistics of an evaluation: one set of counts per combination of sensitive values.

/// The rows that share one combination of sensitive values; nil is a missing value.
package struct FairnessCell: Sendable, Hashable {
    /// One value per sensitive column, in the order of the columns.
    package let values: [String?]
    package var counts: ConfusionCounts

    package init(values: [String?], counts: ConfusionCounts) {
        self.values = values
        self.counts = counts
    }
}

/// What a predictions file comes down to; everything else is computed from it.
package struct FairnessCounts: Sendable, Hashable {
    /// The sensitive columns.
    package let columns: [String]
    /// One cell per combination that occurs, in byte order of the values, missing first.
    package let cells: [FairnessCell]

    /// Adds up cells of the same combination and puts them in order.
    package init(columns: [String], cells: [FairnessCell]) {
        // Keyed by bytes: String equality would merge values that differ only in normalisation.
        var sums: [[[UInt8]?]: FairnessCell] = [:]
        for cell in cells {
            let key = cell.values.map { $0.map { Array($0.utf8) } }
            sums[key, default: .init(values: cell.values, counts: .init())].counts += cell.counts
        }
        self.columns = columns
        self.cells = sums.sorted { Self.precedes($0.key, $1.key) }.map(\.value)
    }

    /// All rows.
    package var total: ConfusionCounts { cells.reduce(into: .init()) { $0 += $1.counts } }

    /// The counts of two files with the same columns together.
    package func merging(_ other: Self) -> Self {
        precondition(columns == other.columns, "counts of different columns cannot be merged")
        return .init(columns: columns, cells: cells + other.cells)
    }

    private static func precedes(_ a: [[UInt8]?], _ b: [[UInt8]?]) -> Bool {
        for (left, right) in zip(a, b) where left != right {
            guard let left else { return true }
            guard let right else { return false }
            return left.lexicographicallyPrecedes(right)
        }
        return false
    }
}

// Compares what the log says of its own counts with its entries.
//
// Counting needs every entry: where one is missing or not authentic, that is the finding, and what the
// counts after it say is not judged.

internal import Governance

/// The counts of the entries that an audit reads.
struct CountCheck: Sendable {
    private var counts = EntryCounts()
    private var isWhole = true

    /// Takes in the next entry, in log order; answers what it says wrongly of those before.
    mutating func take(_ examined: ExaminedEntry, at index: Int64) -> String? {
        guard isWhole else { return nil }
        guard index == counts.size, examined.isAuthentic, let entry = examined.entry else {
            isWhole = false
            return nil
        }
        return counts.apply(entry)
    }
}

// What a sequencer has just published, on its way to the follower of the same process.

internal import TransparencyLog

/// Entries of one or more batches that follow on each other, and the newest checkpoint over them.
struct FreshBatch: Sendable {
    /// Most entries that wait for a follower.
    static let mostEntries = 10_000

    /// The index of the first entry.
    let start: Int64
    private(set) var entries: [Integrator.Placed]
    /// The tiles from which these entries are proved, later forms behind earlier ones.
    private(set) var tiles: [Tile]
    private(set) var published: Published

    init(_ batch: Integrator.Batch, _ published: Published) {
        start = batch.range.size - Int64(batch.entries.count)
        entries = batch.entries
        tiles = batch.tiles
        self.published = published
    }

    /// Both as one; nil when the other does not begin where this one ends.
    func followed(by next: FreshBatch) -> FreshBatch? {
        guard next.start == start + Int64(entries.count) else { return nil }
        var both = self
        both.entries += next.entries
        both.tiles += next.tiles
        both.published = next.published
        return both
    }
}

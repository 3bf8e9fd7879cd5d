// Entry bundles: the entries themselves, 256 to a file, beside the tiles (c2sp.org/tlog-tiles).
//
// A bundle is the concatenation, for each entry in order of index, of the length of the entry as
// 16 bits big-endian and the entry's bytes. Bundle N holds the entries 256·N … 256·N + 255; the last
// one is partial with the width of tile N of level 0. Its path is "tile/entries/<N>[.p/<W>]".
// An entry has at most 65,535 bytes; of anything larger the log records a digest.
//
// Worked example: the entries "one" and "" are 00 03 6f 6e 65 00 00.

/// The place and width of a bundle of entries.
package struct EntryBundleID: Sendable, Hashable, CustomStringConvertible {
    /// The zero-based position of the bundle.
    package let number: Int64
    /// The number of entries, 1 … 256.
    package let width: Int

    /// A bundle by its place; nil when a number is out of range.
    package init?(number: Int64, width: Int = TileID.fullWidth) {
        guard let tile = TileID(level: 0, number: number, width: width) else { return nil }
        self.number = tile.number
        self.width = tile.width
    }

    /// The bundle that holds entry `index` in a tree of `treeSize`; nil when it holds none.
    package init?(index: Int64, treeSize: Int64) {
        guard index >= 0, index < treeSize,
            let tile = TileID.inTree(of: treeSize, level: 0, number: index >> 8)
        else { return nil }
        self.init(number: tile.number, width: tile.width)
    }

    /// The path of tlog-tiles.md, without a leading slash.
    package var path: String { "tile/entries/" + TilePath.encode(number: number, width: width) }

    package var description: String { path }

    /// The indexes of the entries in it.
    package var indexes: Range<Int64> { (number * 256)..<(number * 256 + Int64(width)) }

    /// Whether a log that has published `treeSize` leaves can serve this bundle.
    package func exists(inTreeOf treeSize: Int64) -> Bool {
        TileID(level: 0, number: number, width: width)?.exists(inTreeOf: treeSize) ?? false
    }
}

/// The bytes of a bundle.
package enum EntryBundle {
    /// Why entries cannot be bundled, or bytes are no bundle.
    package enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// An entry is longer than 65,535 bytes.
        case entryTooLarge(position: Int, bytes: Int)
        /// A bundle holds 1 … 256 entries.
        case entryCount(Int)
        /// The bytes end within the entry at this position.
        case truncated(position: Int)

        package var description: String {
            switch self {
            case .entryTooLarge(let position, let bytes):
                "entry \(position) has \(bytes) bytes, more than \(LogLimits.entryBytes)"
            case .entryCount(let count): "a bundle of \(count) entries is not possible"
            case .truncated(let position): "the bundle ends within entry \(position)"
            }
        }
    }

    /// The bundle of 1 … 256 entries.
    ///
    /// Throws `.entryTooLarge`, `.entryCount`.
    package static func encode(_ entries: [[UInt8]]) throws(Failure) -> [UInt8] {
        guard (1...TileID.fullWidth).contains(entries.count) else {
            throw .entryCount(entries.count)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(entries.reduce(0) { $0 + 2 + $1.count })
        for (position, entry) in entries.enumerated() {
            guard entry.count <= LogLimits.entryBytes else {
                throw .entryTooLarge(position: position, bytes: entry.count)
            }
            bytes.append(UInt8(entry.count >> 8))
            bytes.append(UInt8(entry.count & 0xff))
            bytes += entry
        }
        return bytes
    }

    /// The entries of a bundle.
    ///
    /// Throws `.truncated`, `.entryCount`.
    package static func decode(_ bytes: [UInt8]) throws(Failure) -> [[UInt8]] {
        var entries: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard entries.count < TileID.fullWidth else { throw .entryCount(entries.count + 1) }
            guard rest.count >= 2 else { throw .truncated(position: entries.count) }
            let length = Int(rest.removeFirst()) << 8 | Int(rest.removeFirst())
            guard rest.count >= length else { throw .truncated(position: entries.count) }
            entries.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        guard !entries.isEmpty else { throw .entryCount(0) }
        return entries
    }
}

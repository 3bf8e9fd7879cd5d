// The paths under which a log serves its tiles and bundles (grammar: see TileID.swift).
//
// Parsing is exact: whatever is accepted is written back byte for byte the same, so that no tile
// has two addresses (a cache would hold it twice) and nothing but digits ever reaches the storage.
//
// Worked example: "tile/15/x123/x456/789.p/41" is level 15, number 123456789, width 41.

/// What a request path names.
package enum TilePath: Sendable, Hashable {
    /// A tile of hashes: "tile/<L>/<N>[.p/<W>]".
    case hashes(TileID)
    /// A bundle of entries: "tile/entries/<N>[.p/<W>]".
    case entries(EntryBundleID)

    /// Reads a path without a leading slash; nil for anything that is not exactly of that form.
    package init?(_ path: String) {
        // The longest possible path has well below 64 bytes.
        let bytes = Array(path.utf8.prefix(65))
        guard bytes.count <= 64 else { return nil }
        var parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count >= 3, parts.removeFirst().elementsEqual("tile".utf8) else { return nil }
        let kind = parts.removeFirst()

        var width = TileID.fullWidth
        if parts.count >= 2, parts[parts.count - 2].suffix(2).elementsEqual(".p".utf8) {
            guard let partial = Decimal.parse(parts.removeLast()), (1...255).contains(partial)
            else {
                return nil
            }
            width = Int(partial)
            parts[parts.count - 1] = parts[parts.count - 1].dropLast(2)
        }
        guard let number = Self.number(in: parts) else { return nil }

        if kind.elementsEqual("entries".utf8) {
            guard let id = EntryBundleID(number: number, width: width) else { return nil }
            self = .entries(id)
        } else {
            guard let level = Decimal.parse(kind), level <= TileID.maximumLevel,
                let id = TileID(level: Int(level), number: number, width: width)
            else { return nil }
            self = .hashes(id)
        }
    }

    /// The path that names this.
    package var path: String {
        switch self {
        case .hashes(let id): id.path
        case .entries(let id): id.path
        }
    }

    /// "x001/x234/067", followed by ".p/<W>" when partial.
    static func encode(number: Int64, width: Int) -> String {
        var text = threeDigits(number % 1000)
        var rest = number / 1000
        while rest > 0 {
            text = "x" + threeDigits(rest % 1000) + "/" + text
            rest /= 1000
        }
        return width == TileID.fullWidth ? text : text + ".p/\(width)"
    }

    private static func threeDigits(_ value: Int64) -> String {
        let digits = String(value)
        return String(repeating: "0", count: 3 - digits.count) + digits
    }

    /// The number in groups of three digits, all but the last preceded by "x".
    private static func number(in groups: [ArraySlice<UInt8>]) -> Int64? {
        // 7 groups reach 10^21 > Int64.max; the multiplication below guards the rest.
        guard (1...7).contains(groups.count) else { return nil }
        var number: Int64 = 0
        for (position, group) in groups.enumerated() {
            var digits = group
            if position < groups.count - 1 {
                guard digits.popFirst() == UInt8(ascii: "x") else { return nil }
            }
            guard digits.count == 3,
                digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
            else { return nil }
            let value = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
            // A first group x000 would be a second spelling of a shorter path.
            if position == 0, groups.count > 1, value == 0 { return nil }
            let (shifted, overflow) = number.multipliedReportingOverflow(by: 1000)
            let (sum, carry) = shifted.addingReportingOverflow(value)
            guard !overflow, !carry else { return nil }
            number = sum
        }
        return number
    }
}

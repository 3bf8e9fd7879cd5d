// One number of ours beside the same number of a peer, from runs that took turns.

import CanonicalJSON
import Registry

/// A measured pair.
struct Comparison: Sendable {
    let name: String
    let unit: String
    /// Of each run, in order.
    let ours: [Double]
    let peer: [Double]

    /// The median of ours ÷ the median of the peer's.
    var ratio: Double { ours.median / peer.median }

    /// One line each, aligned.
    static func table(_ comparisons: [Comparison]) -> String {
        let header = ["name", "unit", "ours", "peer", "ours/peer", "runs"]
        let rows = comparisons.map { one in
            [
                one.name, one.unit, one.ours.median.short, one.peer.median.short, one.ratio.short,
                "\(one.ours.count)",
            ]
        }
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            row.indices.map { column in
                column < 2
                    ? row[column].padded(to: widths[column])
                    : row[column].padded(to: widths[column], leading: true)
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}

/// What other programs read.
enum Report {
    /// Writes a list of {"name","unit","ours","peer","ratio","runs"}, medians all.
    static func write(_ comparisons: [Comparison], to path: String) throws {
        let list = JSON.array(
            comparisons.map { one in
                [
                    "name": .string(one.name), "unit": .string(one.unit),
                    "ours": .number(one.ours.median), "peer": .number(one.peer.median),
                    "ratio": .number(one.ratio), "runs": .integer(Int64(one.ours.count)),
                ]
            })
        try File.replace(path, with: list.prettyBytes, mode: 0o644)
    }
}

extension [Double] {
    /// The middle value, or the mean of the two in the middle; 0 of nothing.
    var median: Double {
        let sorted = sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2)
            ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    /// The value below which this part of a sorted list lies (nearest rank); 0 of nothing.
    func percentile(_ part: Double) -> Double {
        guard !isEmpty else { return 0 }
        let rank = Int((part * Double(count)).rounded(.up))
        return self[Swift.min(count, Swift.max(1, rank)) - 1]
    }
}

extension Double {
    /// Four significant digits, or all of a larger integer part.
    var short: String {
        guard isFinite else { return "\(self)" }
        var digits = 0
        var bound = 1000.0
        while magnitude < bound, digits < 7 {
            bound /= 10
            digits += 1
        }
        return fixed(digits)
    }

    /// So many digits behind the point.
    func fixed(_ digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let value = Int64((magnitude * scale).rounded())
        let whole = value / Int64(scale)
        let part = String(value % Int64(scale)).padded(to: digits, with: "0", leading: true)
        return (self < 0 ? "-" : "") + (digits == 0 ? "\(whole)" : "\(whole).\(part)")
    }
}

extension String {
    /// With fill characters behind it, or before it.
    func padded(to width: Int, with fill: Character = " ", leading: Bool = false) -> String {
        let padding = String(repeating: fill, count: max(0, width - count))
        return leading ? padding + self : self + padding
    }
}

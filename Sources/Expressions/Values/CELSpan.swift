// Spans of time: "90s", "1h30m", "-1.5h", "250ms"; units h, m, s, ms, us and ns.
//
// A day is not a unit: 24h is. What CEL writes is always seconds: "5400s", "0.25s".

/// A span of time.
package struct CELSpan: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    private static let units: [(name: String, nanoseconds: Int128)] = [
        ("ms", 1_000_000), ("us", 1_000), ("\u{B5}s", 1_000), ("\u{3BC}s", 1_000), ("ns", 1),
        ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
    ]

    /// Reads a span; nil when it has another form or does not fit into 64 bits of nanoseconds.
    package init?(_ text: String) {
        var rest = text.utf8[...]
        let negative = rest.first == UInt8(ascii: "-")
        if negative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        if rest.elementsEqual("0".utf8) {
            nanoseconds = 0
            return
        }
        var total: Int128 = 0
        guard !rest.isEmpty, text.utf8.count <= 64 else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
            rest = rest.dropFirst(number.count)
            guard let unit = Self.units.first(where: { rest.starts(with: $0.name.utf8) }),
                let value = Self.scaled(number, by: unit.nanoseconds)
            else { return nil }
            rest = rest.dropFirst(unit.name.utf8.count)
            total += value
            guard total <= Int128(Int64.max) + 1 else { return nil }
        }
        guard let nanoseconds = Int64(exactly: negative ? -total : total) else { return nil }
        self.nanoseconds = nanoseconds
    }

    /// The number in nanoseconds; digits beyond a nanosecond are dropped.
    private static func scaled(_ number: Substring.UTF8View, by unit: Int128) -> Int128? {
        let parts = number.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard let whole = parts.first, parts.count <= 2, number.count > (parts.count - 1),
            whole.count <= 19
        else { return nil }
        var value: Int128 = 0
        for digit in whole { value = value * 10 + Int128(digit - 0x30) }
        var (total, step) = (value * unit, unit)
        for digit in parts.dropFirst().joined() {
            step /= 10
            total += Int128(digit - 0x30) * step
        }
        return total
    }

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Seconds with as many decimals as are needed, and an s.
    package var description: String {
        let (whole, rest) = nanoseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        return (nanoseconds < 0 ? "-" : "") + "\(whole)\(Self.fractionText(Int64(rest)))s"
    }

    /// ".25" for a quarter of a second, nothing for nought.
    static func fractionText(_ nanoseconds: Int64) -> String {
        guard nanoseconds > 0 else { return "" }
        var digits = String(nanoseconds + 1_000_000_000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "." + digits
    }
}

// Exact numbers in the place of CEL's binary floating-point numbers.
//
// A threshold written 0.8 must mean 8/10: as a binary float it is not, and 0.1 + 0.2 == 0.3 would be
// false in a rule that decides about people. A value is a fraction in lowest terms with a positive
// denominator, both within 128 bits, so sums, products and quotients are exact too (a rate of 854 in
// 2454 is not a decimal, but it is a number). A result that does not fit is an overflow, which is an
// error and therefore denies.
//
// Texts: an optional minus, digits, an optional point with digits, an optional exponent
// ("0.80", "-12", "1e-3"), or two integers with a slash between them ("427/1227"), the form in which
// evaluations carry measures. Worked example: 0.1 + 0.2 is 1/10 + 1/5 = 3/10, which prints as "0.3";
// 1.0 / 3.0 prints as "1/3".

/// An exact rational number.
package struct CELDecimal: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let numerator: Int128
    package let denominator: Int128

    /// The number n.
    package init(_ integer: Int64) {
        numerator = Int128(integer)
        denominator = 1
    }

    /// The fraction in lowest terms; nil when the divisor is nought or the parts do not fit.
    package init?(_ numerator: Int128, over denominator: Int128) {
        guard denominator != 0 else { return nil }
        let common = Self.commonDivisor(numerator.magnitude, denominator.magnitude)
        let (above, below) = (numerator.magnitude / common, denominator.magnitude / common)
        guard let above = Int128(exactly: above), let below = Int128(exactly: below) else {
            return nil
        }
        self.numerator = (numerator < 0) == (denominator < 0) ? above : -above
        self.denominator = below
    }

    /// Most digits of a text, and the greatest exponent.
    private static let mostDigits = 36

    /// Reads a decimal or a fraction; nil when it is neither or does not fit.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if parts.count == 2 {
            guard let above = Self.integer(parts[0]), let below = Self.integer(parts[1]), below > 0
            else { return nil }
            self.init(above, over: below)
        } else {
            self.init(decimal: Array(text.utf8))
        }
    }

    private static func integer(_ text: Substring.UTF8View) -> Int128? {
        var digits = text[...]
        let negative = digits.first == UInt8(ascii: "-")
        if negative { digits = digits.dropFirst() }
        guard (1...mostDigits).contains(digits.count) else { return nil }
        var value: Int128 = 0
        for byte in digits {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int128(byte - 0x30)
        }
        return negative ? -value : value
    }

    private init?(decimal text: [UInt8]) {
        var rest = text[...]
        let negative = rest.first == UInt8(ascii: "-")
        if negative { rest = rest.dropFirst() }
        var (mantissa, digits, decimals): (Int128, Int, Int) = (0, 0, 0)
        var sawPoint = false
        while let byte = rest.first {
            if byte == UInt8(ascii: "."), !sawPoint {
                sawPoint = true
            } else if (0x30...0x39).contains(byte) {
                digits += 1
                decimals += sawPoint ? 1 : 0
                guard digits <= Self.mostDigits else { return nil }
                mantissa = mantissa * 10 + Int128(byte - 0x30)
            } else {
                break
            }
            rest = rest.dropFirst()
        }
        guard digits > 0, !sawPoint || decimals > 0 else { return nil }
        var exponent = 0
        if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            let sign = rest.first
            if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
            guard (1...3).contains(rest.count) else { return nil }
            while let byte = rest.first, (0x30...0x39).contains(byte) {
                exponent = exponent * 10 + Int(byte - 0x30)
                rest = rest.dropFirst()
            }
            if sign == UInt8(ascii: "-") { exponent = -exponent }
        }
        guard rest.isEmpty, let scale = Self.power(abs(exponent - decimals)) else { return nil }
        if negative { mantissa = -mantissa }
        if exponent >= decimals {
            let (value, overflow) = mantissa.multipliedReportingOverflow(by: scale)
            guard !overflow else { return nil }
            self.init(value, over: 1)
        } else {
            self.init(mantissa, over: scale)
        }
    }

    private static func power(_ exponent: Int) -> Int128? {
        guard exponent <= mostDigits else { return nil }
        return (0..<exponent).reduce(1) { value, _ in value * 10 }
    }

    private static func commonDivisor(_ left: UInt128, _ right: UInt128) -> UInt128 {
        var (a, b) = (left, right)
        while b != 0 { (a, b) = (b, a % b) }
        return a == 0 ? 1 : a
    }
}

extension CELDecimal {
    /// The sum; nil on overflow.
    func adding(_ other: Self) -> Self? {
        let common = Int128(
            exactly: Self.commonDivisor(denominator.magnitude, other.denominator.magnitude))
        guard let common else { return nil }
        let (left, a) = numerator.multipliedReportingOverflow(by: other.denominator / common)
        let (right, b) = other.numerator.multipliedReportingOverflow(by: denominator / common)
        let (sum, c) = left.addingReportingOverflow(right)
        let (below, d) = denominator.multipliedReportingOverflow(by: other.denominator / common)
        return a || b || c || d ? nil : Self(sum, over: below)
    }

    /// The product; nil on overflow.
    func multiplied(by other: Self) -> Self? {
        // Reduced crosswise first, so that only results that do not fit overflow.
        guard let left = Self(numerator, over: other.denominator),
            let right = Self(other.numerator, over: denominator)
        else { return nil }
        let (above, a) = left.numerator.multipliedReportingOverflow(by: right.numerator)
        let (below, b) = left.denominator.multipliedReportingOverflow(by: right.denominator)
        return a || b ? nil : Self(above, over: below)
    }

    /// The number with the other sign; nil on overflow.
    var negated: Self? { numerator == .min ? nil : Self(-numerator, over: denominator) }

    /// One divided by the number; nil for nought and on overflow.
    var inverse: Self? { Self(denominator, over: numerator) }

    package var isZero: Bool { numerator == 0 }

    /// The integer nearest to nought of those between nought and the number; nil if out of range.
    var truncated: Int64? { Int64(exactly: numerator / denominator) }

    package static func < (left: Self, right: Self) -> Bool {
        switch (left.numerator < 0, right.numerator < 0) {
        case (true, false): return true
        case (false, true): return false
        case (let negative, _):
            let a = left.numerator.magnitude.multipliedFullWidth(by: right.denominator.magnitude)
            let b = right.numerator.magnitude.multipliedFullWidth(by: left.denominator.magnitude)
            let (first, second) = negative ? (b, a) : (a, b)
            return (first.high, first.low) < (second.high, second.low)
        }
    }

    /// "0.3" when the decimal ends, else "1/3"; reading it gives the same number.
    package var description: String {
        var (rest, twos, fives) = (denominator, 0, 0)
        while rest % 2 == 0 { (rest, twos) = (rest / 2, twos + 1) }
        while rest % 5 == 0 { (rest, fives) = (rest / 5, fives + 1) }
        let decimals = max(twos, fives)
        guard rest == 1, let scale = Self.power(decimals) else {
            return "\(numerator)/\(denominator)"
        }
        let (scaled, overflow) = numerator.multipliedReportingOverflow(by: scale / denominator)
        let digits = String(scaled.magnitude)
        guard !overflow, digits.utf8.count <= Self.mostDigits else {
            return "\(numerator)/\(denominator)"
        }
        let padded =
            String(repeating: "0", count: max(0, decimals + 1 - digits.utf8.count)) + digits
        let sign = numerator < 0 ? "-" : ""
        return decimals == 0
            ? sign + digits : "\(sign)\(padded.dropLast(decimals)).\(padded.suffix(decimals))"
    }
}

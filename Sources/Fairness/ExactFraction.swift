// Exact fractions of integers: what a fairness measure is before anybody rounds it.
//
// A rate is k/n with 0 <= k <= n <= 10^9 (`FairnessLimits.rows`), so below 2^30. A difference or a
// ratio of two rates has a denominator below 2^60, the mean of two such values one below 2^121:
// everything fits into Int128 with room to spare, and a comparison multiplies into 256 bits, so
// nothing here can overflow for counts within that limit. A value is kept in lowest terms.
//
// Worked example (COMPAS, selection rates): 854/2454 over 2174/3696 is 854*3696 / (2454*2174) =
// 263032/444583 = 0.591638…, which is less than "0.8" because 263032*10 < 8*444583.

/// A fraction in lowest terms with a positive denominator.
package struct ExactFraction: Sendable, Hashable, Comparable {
    package let numerator: Int128
    package let denominator: Int128

    /// Reduces numerator/denominator; the denominator must be positive.
    package init(_ numerator: Int128, over denominator: Int128 = 1) {
        precondition(denominator > 0, "a fraction needs a positive denominator")
        let divisor = Int128(
            Self.greatestCommonDivisor(numerator.magnitude, denominator.magnitude))
        self.numerator = numerator / divisor
        self.denominator = denominator / divisor
    }

    /// True for the number nought.
    package var isZero: Bool { numerator == 0 }

    /// The exact difference of two fractions.
    package static func - (left: Self, right: Self) -> Self {
        .init(
            left.numerator * right.denominator - right.numerator * left.denominator,
            over: left.denominator * right.denominator)
    }

    /// The exact quotient; nil where the divisor is not above nought.
    package func divided(by divisor: Self) -> Self? {
        guard divisor.numerator > 0 else { return nil }
        return .init(numerator * divisor.denominator, over: denominator * divisor.numerator)
    }

    /// The exact mean of two fractions.
    package static func mean(_ left: Self, _ right: Self) -> Self {
        .init(
            left.numerator * right.denominator + right.numerator * left.denominator,
            over: left.denominator * right.denominator * 2)
    }

    package static func < (left: Self, right: Self) -> Bool {
        switch (left.numerator < 0, right.numerator < 0) {
        case (true, false): return true
        case (false, true): return false
        case (let negative, _):
            let a = left.numerator.magnitude.multipliedFullWidth(by: right.denominator.magnitude)
            let b = right.numerator.magnitude.multipliedFullWidth(by: left.denominator.magnitude)
            let less = (a.high, a.low) < (b.high, b.low)
            let equal = (a.high, a.low) == (b.high, b.low)
            return negative ? !less && !equal : less
        }
    }

    /// "263032/444583", the form that documents carry.
    package var text: String { "\(numerator)/\(denominator)" }

    /// The nearest decimal with six places, halves away from nought: for people, never for a decision.
    package var decimal: String {
        let divisor = denominator.magnitude
        var (whole, rest) = numerator.magnitude.quotientAndRemainder(dividingBy: divisor)
        var digits: UInt128 = 0
        for _ in 0..<6 {
            let step = (rest * 10).quotientAndRemainder(dividingBy: divisor)
            digits = digits * 10 + step.quotient
            rest = step.remainder
        }
        if rest * 2 >= divisor { digits += 1 }
        if digits == 1_000_000 { (whole, digits) = (whole + 1, 0) }
        let tail = String(digits)
        let sign = numerator < 0 && (whole > 0 || digits > 0) ? "-" : ""
        return sign + "\(whole)." + String(repeating: "0", count: 6 - tail.count) + tail
    }

    private static func greatestCommonDivisor(_ a: UInt128, _ b: UInt128) -> UInt128 {
        var (a, b) = (a, b)
        while b != 0 { (a, b) = (b, a % b) }
        return a == 0 ? 1 : a
    }
}

/// A decimal written as text ("0.8"), as policies write thresholds; exact, never a binary float.
package struct ExactDecimal: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The decimal as it was written.
    package let text: String
    /// The same number as a fraction.
    package let fraction: ExactFraction

    /// Reads an optional minus, one to eighteen digits and up to eighteen decimals; nil otherwise.
    package init?(_ text: String) {
        var digits = Array(text.utf8)[...]
        let negative = digits.first == UInt8(ascii: "-")
        if negative { digits = digits.dropFirst() }
        let parts = digits.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard let whole = parts.first, parts.count <= 2, (1...18).contains(whole.count) else {
            return nil
        }
        if whole.count > 1, whole.first == UInt8(ascii: "0") { return nil }
        let decimals = parts.count == 2 ? parts[1] : []
        if parts.count == 2, !(1...18).contains(decimals.count) { return nil }
        var (mantissa, scale): (Int128, Int128) = (0, 1)
        for digit in whole + decimals {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            mantissa = mantissa * 10 + Int128(digit - UInt8(ascii: "0"))
        }
        for _ in decimals { scale *= 10 }
        self.text = text
        fraction = ExactFraction(negative ? -mantissa : mantissa, over: scale)
    }

    package var description: String { text }

    package static func < (left: Self, right: Self) -> Bool { left.fraction < right.fraction }
}

// The text of a double as ECMAScript writes it.
//
// Specification: ECMA-262 Number::toString, which RFC 8785 section 3.2.2.3 prescribes. Take the
// shortest digits d1…dk (and of those the closest) that read back as the same double, and n such
// that the value is 0.d1…dk × 10^n. Then
//   0 < n ≤ 21 and k ≤ n    the digits, then n − k zeros          1e20       100000000000000000000
//   0 < n ≤ 21              the digits with a point after n        123.45     123.45
//   −6 < n ≤ 0              0. then −n zeros, then the digits      1e-6       0.000001
//   otherwise               d1[.d2…dk]e±(n − 1)                    1e21       1e+21
// Both zeros are "0". NaN and infinities have no form and are a mistake of the caller.
//
// Swift's `description` gives exactly those digits (shortest, then closest) in a layout of its own,
// so digits and exponent are taken from there and laid out anew.

/// Numbers in their canonical text.
enum JSONNumber {
    /// The ECMAScript text of a finite double.
    static func text(of value: Double) -> String {
        precondition(value.isFinite, "NaN and infinities have no JSON form.")
        guard value != 0 else { return "0" }
        let (digits, pointPosition) = shortestDecimal(of: value.magnitude)
        return (value < 0 ? "-" : "") + layout(digits, pointPosition)
    }

    /// Digits without zeros at either end, and n so that the value is 0.digits × 10^n.
    private static func shortestDecimal(of value: Double) -> (digits: String, n: Int) {
        let parts = value.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        var digits = mantissa.joined()[...]
        var n = mantissa[0].count
        if parts.count > 1, let exponent = Int(parts[1]) { n += exponent }
        while digits.first == "0" {
            digits.removeFirst()
            n -= 1
        }
        while digits.last == "0" { digits.removeLast() }
        return (String(digits), n)
    }

    private static func layout(_ digits: String, _ n: Int) -> String {
        let k = digits.count
        switch n {
        case 1...21 where k <= n:
            return digits + String(repeating: "0", count: n - k)
        case 1...21:
            return digits.prefix(n) + "." + digits.dropFirst(n)
        case -5...0:
            return "0." + String(repeating: "0", count: -n) + digits
        default:
            let fraction = k > 1 ? "." + digits.dropFirst() : ""
            return digits.prefix(1) + fraction + "e" + (n > 0 ? "+" : "-") + String(abs(n - 1))
        }
    }
}

// Decimal numbers as C2SP formats write them: digits only, no sign, no leading zero but "0" itself.

/// Exact decimal numbers of checkpoints, proofs and paths.
enum Decimal {
    /// The number that these ASCII digits spell; nil for any other spelling or above `Int64.max`.
    static func parse(_ digits: some Collection<UInt8>) -> Int64? {
        guard let first = digits.first, digits.count <= 19 else { return nil }
        if first == UInt8(ascii: "0"), digits.count > 1 { return nil }
        var number: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (shifted, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = shifted.addingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            number = sum
        }
        return number
    }
}

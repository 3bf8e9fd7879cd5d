// Exact fractions and decimals.

import Testing

@testable import Fairness

@Suite struct ExactFractionTests {
    @Test func `the worked example holds`() throws {
        let ratio = try #require(
            ExactFraction(854, over: 2454).divided(by: .init(2174, over: 3696)))
        #expect(ratio.text == "263032/444583")
        #expect(ratio.decimal == "0.591638")
        #expect(try ratio < #require(ExactDecimal("0.8")).fraction)
    }

    @Test(
        arguments: [
            (0, 1, "0.000000"), (1, 3, "0.333333"), (2, 3, "0.666667"), (-2, 3, "-0.666667"),
            (1, 2_000_000, "0.000001"), (1, 2_000_001, "0.000000"), (-1, 9_000_000, "0.000000"),
            (9_999_999, 10_000_000, "1.000000"), (7, 2, "3.500000"),
        ] as [(Int128, Int128, String)])
    func `decimals are rounded half away from nought`(
        _ numerator: Int128, _ denominator: Int128, _ text: String
    ) {
        #expect(ExactFraction(numerator, over: denominator).decimal == text)
    }

    @Test func `the greatest values do not overflow`() {
        let n: Int128 = 1_000_000_000
        let a = ExactFraction(n - 1, over: n)
        let b = ExactFraction(n - 2, over: n - 3)
        let c = ExactFraction(1, over: n - 7)
        let mean = ExactFraction.mean(a - c, b - c)
        #expect(mean > a - c)
        #expect(mean < b - c)
        #expect(mean.decimal == "1.000000")
        // Differs from one half only in the 36th digit: beyond any binary float.
        let nearlyHalf = ExactFraction(Int128(1) << 119 - 1, over: Int128(1) << 120)
        #expect(nearlyHalf < ExactFraction(1, over: 2))
        #expect(nearlyHalf > ExactFraction(4_999_999_999, over: 10_000_000_000))
    }

    @Test func `negative fractions are ordered`() {
        let values: [ExactFraction] = [
            .init(-1), .init(-2, over: 3), .init(-1, over: 2), .init(0), .init(1, over: 3),
        ]
        #expect(values.shuffled().sorted() == values)
        #expect(!(values[1] < values[1]))
    }

    @Test(arguments: ["0", "0.8", "-0.05", "1", "123456789012345678.123456789012345678"])
    func `a decimal is read`(_ text: String) throws {
        #expect(try #require(ExactDecimal(text)).text == text)
    }

    @Test(arguments: [
        "", ".8", "8.", "0.8 ", " 0.8", "+0.8", "0,8", "1e-1", "NaN", "Infinity", "-", "--1",
        "00.8",
        "0.8.1", "٠", "1234567890123456789", "0.1234567890123456789", "0x1", "8/10",
    ])
    func `anything else is not a decimal`(_ text: String) {
        #expect(ExactDecimal(text) == nil)
    }

    @Test func `a threshold is met exactly at its limit, and not a hair below`() throws {
        let limit = try #require(ExactDecimal("0.8"))
        #expect(ExactFraction(4, over: 5) >= limit.fraction)
        #expect(ExactFraction(799_999_999, over: 999_999_999) < limit.fraction)
        // As doubles these two are equal to the limit; as fractions they are not.
        let hair = ExactFraction(
            Int128(8) * 1_000_000_000_000_000_000 - 1, over: 10_000_000_000_000_000_000)
        #expect(Double(hair.numerator) / Double(hair.denominator) == 0.8)
        #expect(hair < limit.fraction)
    }
}

import CanonicalJSON
import Testing

@Suite struct `The canonical form` {
    @Test func `the worked example holds`() throws {
        let json = try JSON(parsing: #"{"b":[1.0,"\u00e9"],"a":null}"#)
        #expect(json == ["b": [1, "é"], "a": .null])
        #expect(json.canonicalText == #"{"a":null,"b":[1,"é"]}"#)
    }

    /// RFC 8785 section 3.2.2.
    @Test func `the sample of RFC 8785 is written as published`() throws {
        let json = try JSON(
            parsing: #"""
                {
                  "numbers": [333333333.33333329, 1E30, 4.50,
                              2e-3, 0.000000000000000000000000001],
                  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
                  "literals": [null, true, false]
                }
                """#)
        #expect(
            json.canonicalText == #"{"literals":[null,true,false],"#
                + #""numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#
                + #""string":"€$\u000f\nA'B\"\\\\\"/"}"#)
    }

    /// RFC 8785 section 3.2.3.
    @Test func `names are sorted by UTF-16 code units`() throws {
        let json = try JSON(
            parsing: #"""
                {
                  "\u20ac": "Euro Sign", "\r": "Carriage Return",
                  "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
                  "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control",
                  "\u00f6": "Latin Small Letter O With Diaeresis"
                }
                """#)
        let order = [
            "Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis",
            "Euro Sign", "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh",
        ]
        let text = json.canonicalText
        let places = order.map { text.range(of: $0)?.lowerBound }
        #expect(!places.contains(nil))
        #expect(zip(places, places.dropFirst()).allSatisfy { $0! < $1! })
    }

    /// RFC 8785 appendix B: the bits of a double and its text.
    @Test(
        arguments: [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
            (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xC340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"),
            (0x44B5_2D02_C7E1_4AF6, "1e+23"),
            (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"),
            (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
            (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"),
            (0x444B_1AE4_D6E2_EF50, "1e+21"),
            (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"),
            (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
            (0x41B3_DE43_5555_5553, "333333333.3333332"),
            (0x41B3_DE43_5555_5554, "333333333.33333325"),
            (0x41B3_DE43_5555_5555, "333333333.3333333"),
            (0x41B3_DE43_5555_5556, "333333333.3333334"),
            (0x41B3_DE43_5555_5557, "333333333.33333343"),
            (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
            (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
        ] as [(UInt64, String)])
    func `numbers are written as in appendix B`(bits: UInt64, text: String) throws {
        let json = JSON.number(Double(bitPattern: bits))
        #expect(json.canonicalText == text)
        #expect(try JSON(parsing: text) == json)
    }

    @Test(arguments: [
        (JSON.integer(0), "0"), (.integer(-1), "-1"), (.integer(10), "10"),
        (.integer(9_007_199_254_740_991), "9007199254740991"),
        (.integer(-9_007_199_254_740_991), "-9007199254740991"),
    ])
    func `integers are plain digits`(json: JSON, text: String) {
        #expect(json.canonicalText == text)
    }

    @Test func `controls, quotes and backslashes are escaped and nothing else`() {
        let text = String(String.UnicodeScalarView((0..<0x30).compactMap { Unicode.Scalar($0) }))
        #expect(
            JSON.string(text + "\\\u{7F}\u{2028}é😀").canonicalText
                == #""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#
                + #"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b"#
                + ##"\u001c\u001d\u001e\u001f !\"#$%&'()*+,-./\\"## + "\u{7F}\u{2028}é😀\"")
    }

    @Test func `a number without a JSON form stops the process`() async {
        await #expect(processExitsWith: .failure) { _ = JSON.double(.nan).canonicalBytes }
        await #expect(processExitsWith: .failure) { _ = JSON.integer(1 << 53).canonicalBytes }
    }
}

extension String {
    /// The place of a text, by bytes (this target does without Foundation where it can).
    fileprivate func range(of text: String) -> Range<Int>? {
        let here = Array(utf8)
        let wanted = Array(text.utf8)
        return (0...max(0, here.count - wanted.count)).first {
            here[$0...].starts(with: wanted)
        }.map { $0..<$0 + wanted.count }
    }
}

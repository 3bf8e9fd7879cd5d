import CanonicalJSON
import Testing

@Suite struct `The JSON parser` {
    @Test(
        arguments: [
            ("null", .null), (" true\n", true), ("\t\r[ ]", []), ("{ }", [:]), ("0", 0), ("-0", 0),
            ("-0.0e5", 0), ("1.0", 1), ("1e3", 1_000), ("1E+2", 100), ("12e-1", .double(1.2)),
            ("9007199254740991", 9_007_199_254_740_991),
            ("-9007199254740991", -9_007_199_254_740_991),
            ("9007199254740992", .double(0x1p53)), ("9007199254740993", .double(0x1p53)),
            ("123456789012345678901234567890", .double(1.2345678901234568e29)),
            ("1e-400", 0), (#""""#, ""), (#""\/\b\f\n\r\t\"\\""#, "/\u{8}\u{C}\n\r\t\"\\"),
            (#""\u00e9\uD83D\uDE00é😀""#, "é😀é😀"), (#""\u0000""#, "\0"),
            (#"{"a":{"a":1},"A":2}"#, ["a": ["a": 1], "A": 2]),
            (#"[1,[2,[3]],{"x":[]}]"#, [1, [2, [3]], ["x": []]]),
        ] as [(String, JSON)])
    func `well-formed texts are read`(text: String, expected: JSON) throws {
        #expect(try JSON(parsing: text) == expected)
    }

    @Test(
        arguments: [
            ("", .syntax), (" ", .syntax), ("nul", .syntax), ("nulll", .syntax), ("True", .syntax),
            ("NaN", .syntax), ("Infinity", .syntax), ("-Infinity", .syntax), ("+1", .syntax),
            ("01", .syntax), ("-01", .syntax), ("1.", .syntax), (".5", .syntax), ("1e", .syntax),
            ("1e+", .syntax), ("-", .syntax), ("0x10", .syntax), ("1 2", .syntax), ("1,", .syntax),
            ("[1,]", .syntax), ("[,1]", .syntax), ("[1", .syntax), ("[1 2]", .syntax),
            ("]", .syntax),
            ("{", .syntax), (#"{"a"}"#, .syntax), (#"{"a":}"#, .syntax), (#"{"a":1,}"#, .syntax),
            (#"{a:1}"#, .syntax), (#"{'a':1}"#, .syntax), (#"{"a":1 "b":2}"#, .syntax),
            (#"{"a":1}}"#, .syntax), ("[1]//", .syntax), ("/**/1", .syntax), ("\u{A0}1", .syntax),
            (#"""#, .syntax), (#""a"#, .syntax), ("\"a\nb\"", .syntax), ("\"\0\"", .syntax),
            (#""\a""#, .syntax), (#""\x41""#, .syntax), (#""\u12""#, .syntax),
            (#""\u12G4""#, .syntax),
            (#""\"#, .syntax), (#""\u"#, .syntax), (#""\U0041""#, .syntax),
            (#""\uD83D""#, .encoding), (#""\uDE00""#, .encoding), (#""\uD83Dx""#, .encoding),
            (#""\uD83D\n""#, .encoding), (#""\uD83D\uD83D""#, .encoding),
            (#""\uDE00\uD83D""#, .encoding),
            ("\u{FEFF}1", .encoding), ("1e400", .number), ("-1e400", .number),
            (#"{"a":1,"a":1}"#, .duplicateKey), (#"{"a":1,"\u0061":2}"#, .duplicateKey),
            (#"[{"x":{"a":1,"b":2,"a":3}}]"#, .duplicateKey), (#"{"":1,"":2}"#, .duplicateKey),
            (#"{"\u00e9":1,"e\u0301":2}"#, .duplicateKey),
        ] as [(String, JSONError.Code)])
    func `ill-formed texts are refused`(text: String, code: JSONError.Code) {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
        #expect(error?.code == code)
        #expect((error?.offset ?? -1) <= text.utf8.count)
    }

    @Test(
        arguments: [
            // overlong, surrogates, beyond U+10FFFF, cut short
            [0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xE0, 0x80, 0xAF], [0xF0, 0x80, 0x80, 0xAF],
            [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xFE],
            [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98],
        ] as [[UInt8]])
    func `strings that are not UTF-8 are refused`(bytes: [UInt8]) {
        let plain = [0x22] + bytes + [0x22]
        let escaped = Array(#""\n"#.utf8) + bytes + [0x22]
        let name = [0x7B, 0x22] + bytes + [0x22, 0x3A, 0x31, 0x7D]
        for text in [plain, escaped, name] {
            let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
            #expect(error?.code == .encoding)
        }
        #expect(throws: JSONError.self) { try JSON(parsing: bytes) }
    }

    @Test func `UTF-16 and UTF-32 are not read`() {
        for text: [UInt8] in [[0xFF, 0xFE, 0x31, 0], [0, 0x31], [0x31, 0], [0x31, 0, 0, 0]] {
            #expect(throws: JSONError.self) { try JSON(parsing: text) }
        }
    }

    @Test func `nesting up to the limit is read and one more level is not`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSON(parsing: nested(64))
        _ = try JSON(parsing: nested(2), limits: .init(depth: 2))
        _ = try JSON(parsing: #"[{},{},{"a":[]}]"#, limits: .init(depth: 3))
        _ = try JSON(parsing: nested(256), limits: .init(depth: 1_000_000))
        let tooDeep = [(nested(65), 64), (nested(3), 2), (#"{"a":{}}"#, 1), ("[]", 0)]
        for (text, depth) in tooDeep {
            let error = #expect(throws: JSONError.self) {
                try JSON(parsing: text, limits: .init(depth: depth))
            }
            #expect(error?.code == .depth)
        }
        let million = [UInt8](repeating: 0x5B, count: 1_000_000)
        let error = #expect(throws: JSONError.self) {
            try JSON(parsing: million, limits: .init(depth: .max))
        }
        #expect(error?.code == .depth)
    }

    @Test func `a text longer than the limit is not looked at`() throws {
        _ = try JSON(parsing: "[1]", limits: .init(bytes: 3))
        let error = #expect(throws: JSONError.self) {
            try JSON(parsing: "[1] ", limits: .init(bytes: 3))
        }
        #expect(error?.code == .size)
    }

    @Test(arguments: ["1.5", "1.0", "1e2", "9007199254740992", "-9007199254740992"])
    func `our own documents have no numbers but safe integers`(text: String) throws {
        _ = try JSON(parsing: text)
        let error = #expect(throws: JSONError.self) { try JSON(parsing: text, limits: .own) }
        #expect(error?.code == .number)
        #expect(try JSON(parsing: "-9007199254740991", limits: .own).integer != nil)
    }

    @Test func `a number of absurd length is refused`() {
        let text = String(repeating: "1", count: 2_000)
        let error = #expect(throws: JSONError.self) { try JSON(parsing: "0.\(text)") }
        #expect(error?.code == .number)
    }

    @Test func `an error says where and never what`() throws {
        let error = try #require(throws: JSONError.self) {
            try JSON(parsing: #"{"salary":1,"salary":2}"#)
        }
        #expect(error.offset == 12)
        #expect(!error.description.contains("salary"))
    }
}

// The grammar: what is read as what, where, and what is refused.

import Testing

@testable import Expressions

@Suite struct CELParserTests {
    @Test(
        arguments: [
            ("a||b&&c==d+e*!f.g", "a || b && c == d + e * !f.g"),
            ("(a||b)&&c", "(a || b) && c"), ("a-(b-c)", "a - (b - c)"), ("(a-b)-c", "a - b - c"),
            ("a?b:c?d:e", "a ? b : c ? d : e"), ("(a?b:c)?d:e", "(a ? b : c) ? d : e"),
            ("-5", "-5"), ("-(5)", "-(5)"), ("--5", "--(5)"), ("- 5", "-5"), ("5 .f", "(5).f"),
            ("-5.f()", "(-5).f()"), ("(-a).f", "(-a).f"), ("-a.f", "-a.f"), ("!(!a)", "!!a"),
            ("has(a.b.c)", "has(a.b.c)"), ("a.exists(x,x.y)", "a.exists(x, x.y)"),
            ("a.map(x,x>1,x)", "a.map(x, x > 1, x)"), ("{'a':1,}", #"{"a": 1}"#),
            ("[1,2,]", "[1, 2]"), ("a in[1]", "a in [1]"), ("a[0].b['c']", #"a[0].b["c"]"#),
            (".5", "0.5"), ("1e3", "1000.0"), ("1.50", "1.5"), ("0x1F", "31"), ("0", "0"),
            ("a // comment\n && b", "a && b"), ("a.package", "a.package"), ("f()", "f()"),
            (#"'é\n"'"#, #""\U000000e9\n\"""#), ("a.f().g(b)", "a.f().g(b)"),
        ])
    func `an expression has one canonical spelling`(_ text: String, _ spelling: String) throws {
        let tree = try CELParser.parse(text)
        #expect(tree.description == spelling)
        #expect(try CELParser.parse(spelling) == tree)
    }

    @Test(
        arguments: [
            (#"'a\tb'"#, "a\tb"), (#"r'a\tb'"#, #"a\tb"#), (#"R"\""#, #"\"#),
            ("'''a'b''c'''", "a'b''c"),
            ("\"\"\"two\nlines\"\"\"", "two\nlines"), (#"'\x41\u00e9\U0001F600\101'"#, "Aé😀A"),
            (#"'\a\b\f\v\?\`\'\"\\\r\n'"#, "\u{7}\u{8}\u{C}\u{B}?`'\"\\\r\n"), (#"'\377'"#, "ÿ"),
        ])
    func `strings are read with their escapes`(_ text: String, _ expected: String) throws {
        #expect(try CELParser.parse(text).kind == .literal(.string(CELText(expected))))
    }

    @Test(
        arguments: [
            ("a &&", 1, 5), ("a = b", 1, 3), ("(a", 1, 3), ("a b", 1, 3), ("1x", 1, 2),
            ("a\n  && ]", 2, 6), ("'open", 1, 1), ("a +\n '''open\n\n", 2, 2), ("'\\", 1, 2),
            ("'a\nb'", 1, 1), (#"'\q'"#, 1, 2),
            (#"'\ud800'"#, 1, 2), (#"'\400'"#, 1, 2), ("9223372036854775808", 1, 1),
            ("99999999999999999999", 1, 1), ("é", 1, 1), ("'é' é", 1, 5), ("f(a,)", 1, 5),
            ("has(a)", 1, 1), ("a.exists(1, b)", 1, 10), ("a.all(x)", 1, 3), ("if", 1, 1),
            ("a.in", 1, 3), ("", 1, 1), ("a ? b", 1, 6), ("!-a", 1, 2), ("a..b", 1, 3),
        ])
    func `what is no expression is refused at its place`(
        _ text: String, _ line: Int, _ column: Int
    ) throws {
        let fault = #expect(throws: CELFault.self) { try CELParser.parse(text) }
        #expect(fault?.code == .syntax)
        #expect(fault?.position == CELPosition(line: line, column: column), "\(text)")
    }

    @Test(arguments: ["1u", "b'a'", "br'a'", "T{a: 1}", ".a", "a.?b", "a[?0]", "[?a]"])
    func `what is left out of CEL says so`(_ text: String) throws {
        let fault = #expect(throws: CELFault.self) { try CELParser.parse(text) }
        #expect(fault?.code == .unsupported, "\(text)")
    }

    @Test func `texts that look like something else are refused`() throws {
        for mark in ["\u{202E}", "\u{200B}", "\u{0}"] {
            #expect(throws: CELFault.self) { try CELParser.parse("a == '\(mark)'") }
        }
        #expect(throws: Never.self) { try CELParser.parse("a == 'é' \r\n && b") }
    }

    @Test func `size, nesting, depth and number of parts have limits`() throws {
        func code(_ text: String) -> CELFault.Code? {
            do throws(CELFault) {
                _ = try CELParser.parse(text)
                return nil
            } catch {
                return error.code
            }
        }
        func nested(_ count: Int) -> String {
            String(repeating: "(", count: count) + "a" + String(repeating: ")", count: count)
        }
        func row(_ count: Int) -> String {
            Array(repeating: "a", count: count).joined(separator: "+")
        }
        #expect(code(nested(CELLimits.nesting - 1)) == nil)
        #expect(code(nested(CELLimits.nesting)) == .limit)
        #expect(code(nested(5_000)) == .limit)
        #expect(code(row(CELLimits.depth)) == nil)
        #expect(code(row(CELLimits.depth + 1)) == .limit)
        #expect(code(String(repeating: "-", count: 5_000) + "a") == .limit)
        #expect(code("[" + String(repeating: "a,", count: 4_000) + "]") == nil)
        #expect(code("[" + String(repeating: "a,", count: 4_100) + "]") == .limit)
        #expect(code("'" + String(repeating: "a", count: CELLimits.bytes) + "'") == .limit)
    }

    @Test func `positions are those of the file that holds the expression`() throws {
        let origin = CELOrigin(
            file: "gates/deploy.yaml", start: CELPosition(line: 12, column: 16), indent: 6)
        let first = #expect(throws: CELFault.self) { try CELParser.parse("a &&", origin: origin) }
        #expect(first?.position == CELPosition(line: 12, column: 20))
        let second = #expect(throws: CELFault.self) {
            try CELProgram("tier > 1 &&\n  teir < 3", in: gate, origin: origin)
        }
        #expect(
            second?.description
                == "gates/deploy.yaml:13:9: There is no variable “teir” (did you mean “tier”?).")
    }
}

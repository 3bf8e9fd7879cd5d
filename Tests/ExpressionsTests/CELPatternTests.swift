// Regular expressions: what they mean, what is refused, and that nothing makes them slow.

import Testing

@testable import Expressions

@Suite struct CELPatternTests {
    @Test(
        arguments: [
            ("^gr(a|e)y$", ["grey", "gray"], ["greys", "griy", "Grey"]),
            ("a.c", ["abc", "xa-cx"], ["ac", "a\nc"]), ("^a{2,3}$", ["aa", "aaa"], ["a", "aaaa"]),
            ("^a{2}$", ["aa"], ["a", "aaa"]), ("^a{2,}$", ["aa", "aaaaa"], ["a"]),
            ("^(ab)?c+?$", ["c", "abccc"], ["ab", "abab"]), ("[^0-9]", ["a", "1a"], ["1", ""]),
            (#"^\d+\.\d+$"#, ["1.0", "12.34"], ["1", "1x0"]),
            (#"^[\w.-]+$"#, ["a_1.b-c"], ["a b", ""]),
            (#"\S\s\S"#, ["a b"], ["ab", " a "]), ("^[]a]$", ["]", "a"], ["b"]),
            ("^(?:a|b)*$", ["", "abba"], ["abc"]), ("a|^$", ["", "xa"], ["b"]),
            ("^é+$", ["éé"], ["e"]), ("x{", ["x{"], ["x"]), ("^[a-c-]$", ["b", "-"], ["d"]),
            (#"^[\]\\]$"#, ["]", #"\"#], ["a"]), ("$^", [""], ["a"]), ("^a{0}$", [""], ["a"]),
        ])
    func `patterns mean what they say`(
        _ pattern: String, _ matching: [String], _ others: [String]
    ) throws {
        let compiled = try CELPattern(pattern)
        for text in matching { #expect(compiled.matches(text), "\(pattern) on \(text)") }
        for text in others { #expect(!compiled.matches(text), "\(pattern) on \(text)") }
    }

    @Test(arguments: [
        "(", ")", "a)", "[a", "[b-a]", "*a", "a**", "(?i)a", "(?P<n>a)", #"\bx"#, #"\1"#, #"\p{L}"#,
        "[[:alpha:]]", "a{3,2}", "a{999}", "{2}", "\\", "((a{128}){128}){128}",
        String(repeating: "(", count: 40) + String(repeating: ")", count: 40),
    ])
    func `what is left out or makes no sense is refused`(_ pattern: String) {
        #expect(throws: CELProblem.self) { try CELPattern(pattern) }
    }

    @Test(.timeLimit(.minutes(1)))
    func `patterns that ruin a backtracking matcher take linear time`() throws {
        let text = String(repeating: "a", count: 5_000) + "b"
        for pattern in ["^(a+)+$", "^(a|aa)*$", "^(a*)*$", "^(a?){64}a{64}$"] {
            #expect(try !CELPattern(pattern).matches(text))
        }
    }
}

// The pattern language of the schema.

import Testing

@testable import Schema

@Suite struct SchemaPatternTests {
    @Test(arguments: [
        ("^p-[0-9a-f]{4}$", ["p-00ff"], ["p-00FF", "p-00ff0", "xp-00ff", "p-00f", ""]),
        ("^a*$", ["", "a", "aaaa"], ["b", "ab"]),
        ("^a+b?$", ["a", "ab", "aaab"], ["", "b", "abb"]),
        ("^(ab|c)$", ["ab", "c"], ["a", "abc", ""]),
        (
            "^(0|[1-9][0-9]{0,2})(\\.[0-9]{1,2})?$", ["0", "999", "1.25"],
            ["00", "1000", "1.", ".5"]
        ),
        ("^[A-Z]{2}(-[A-Z0-9]{1,3})?$", ["DE", "US-NY"], ["de", "US-", "US-ABCD"]),
        ("^(a|b|c)+$", ["abc", "cab"], ["", "abd"]),
        ("^[a.-]$", ["a", ".", "-"], ["b"]),
        ("^x{3}$", ["xxx"], ["xx", "xxxx"]),
        ("^é$", ["é"], ["e", "e\u{301}"]),
    ])
    func `a pattern accepts and refuses`(_ text: String, _ good: [String], _ bad: [String]) throws {
        let pattern = try #require(SchemaPattern(text))
        for word in good { #expect(pattern.matches(word), "\(word)") }
        for word in bad { #expect(!pattern.matches(word), "\(word)") }
    }

    @Test(arguments: [
        "abc", "^abc", "abc$", "^.$", "^[^a]$", "^(?:a)$", "^\\d$", "^a{2,1}$", "^a{,3}$",
        "^a{1,}$",
        "^a{999}$", "^a**$", "^(a$", "^a)$", "^[a$", "^[]$", "^*a$", "^a\\$", "^[z-a]$", "^$^$",
    ])
    func `a pattern outside the subset is refused`(_ text: String) {
        #expect(SchemaPattern(text) == nil)
    }

    @Test func `a pattern that ruins backtracking matchers is answered at once`() throws {
        let pattern = try #require(SchemaPattern("^(a|a|aa)+b$"))
        #expect(!pattern.matches(String(repeating: "a", count: 5_000)))
    }
}

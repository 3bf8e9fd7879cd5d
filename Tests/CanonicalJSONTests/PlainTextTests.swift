import CanonicalJSON
import Testing

@Suite struct `Text of others` {
    @Test(arguments: [
        ("plain ü 日本", "plain ü 日本"), ("a\u{1B}[2J", "a\u{FFFD}[2J"), ("a\nb", "a\u{FFFD}b"),
        ("a\u{202E}b\u{2066}", "a\u{FFFD}b\u{FFFD}"), ("a\u{9B}b\u{7F}", "a\u{FFFD}b\u{FFFD}"),
        ("a\u{2028}b\u{200B}", "a\u{FFFD}b\u{FFFD}"), ("e\u{301}", "e\u{301}"), ("", ""),
    ])
    func `is shown without what hides or commands`(_ text: String, _ expected: String) {
        #expect(Array(text.plain().utf8) == Array(expected.utf8))
    }

    @Test func `keeps what the caller means`() {
        #expect("a\nb\tc\r".plain(keeping: ["\n"]) == "a\nb\u{FFFD}c\u{FFFD}")
    }
}

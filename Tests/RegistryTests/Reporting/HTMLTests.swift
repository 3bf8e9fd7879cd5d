import CanonicalJSON
import Cryptography
import Registry
import Testing

@Suite struct HTMLTests {
    @Test(arguments: [
        ("<script>", "&lt;script&gt;"), ("a & b", "a &amp; b"),
        ("\"it's\"", "&quot;it&#39;s&quot;"),
        ("größer ü €", "größer ü €"), ("e\u{301}", "e\u{301}"), ("日本", "日本"),
        ("a\u{202E}b", "a⟦U+202E⟧b"), ("\u{2066}x\u{2069}", "⟦U+2066⟧x⟦U+2069⟧"),
        ("nul\u{0}", "nul⟦U+0000⟧"), ("zero\u{200B}width", "zero⟦U+200B⟧width"),
        ("line\nbreak\ttab", "line\nbreak\ttab"), ("", ""), ("&amp;", "&amp;amp;"),
    ])
    func `text is escaped scalar by scalar`(_ text: String, _ expected: String) {
        #expect(("\(text)" as HTML).text == expected)
        #expect(("<p title=\"\(text)\">" as HTML).text == "<p title=\"\(expected)\">")
    }

    @Test func `markup passes and numbers are written`() {
        let item: HTML = "<li>\("a<b")</li>"
        #expect(
            ("<ul>\([item, item])</ul>\(item) \(-3)" as HTML).text
                == "<ul><li>a&lt;b</li><li>a&lt;b</li></ul><li>a&lt;b</li> -3")
    }

    @Test(arguments: ["javascript:alert(1)", "\" onclick=\"x", "//evil.example"])
    func `an address cannot be anything but a place in the page`(_ text: String) {
        let page: HTML = "<a href=\"\(Link.fragment(text))\">x</a>"
        #expect(page.text.hasPrefix("<a href=\"#"))
        #expect(!page.text.contains(":"))
        #expect(page.text.count { $0 == "\"" } == 2)
    }

    @Test func `text where an address belongs stops the program`() async {
        await #expect(processExitsWith: .failure) {
            let text = "javascript:alert(1)"
            _ = ("<a href=\"\(text)\">" as HTML).text
        }
    }

    @Test func `a page of hostile names and reasons has no markup of theirs`() async throws {
        let life = try await ReportedLife.told()
        let page = String(decoding: ReportPage.render(life.report), as: UTF8.self)
        #expect(
            page.contains(
                "Zoë &lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; O&#39;Müller⟦U+202E⟧"))
        #expect(
            page.contains("drift &amp; &quot;bias&quot; &lt;img src=x onerror=alert(1)&gt; größer"))
        #expect(page.contains("Reviewed the &lt;b&gt;whole&lt;/b&gt; file"))
        #expect(!page.contains("<script"))
        #expect(!page.contains("<img"))
        #expect(!page.contains("\u{202E}"))
        #expect(!page.contains("javascript:"))
        #expect(!page.contains("style=\""))
        #expect(!page.contains("http://") && !page.contains("src=\""))
    }

    @Test func `the page shows what a regulator looks for`() async throws {
        let life = try await ReportedLife.told()
        let page = String(decoding: ReportPage.render(life.report), as: UTF8.self)
        for text in [
            "Development root.", "History of credit/scorecard", "Ada Okonkwo", "Jürgen Weiß",
            "What this report does not prove", "How to check it", "DEP-001", "Disparate impact",
            "at least 0.80", "Policy packs", "Signed head",
        ] {
            #expect(page.contains(text), "\(text)")
        }
        let digest = try #require(life.report["digest"]?.string)
        #expect(page.ranges(of: digest).count >= 3)
    }

    @Test func `the page's own policy allows exactly its style sheets`() async throws {
        let life = try await ReportedLife.told()
        let page = String(decoding: ReportPage.render(life.report), as: UTF8.self)
        let sheets = page.split(separator: "<style>").dropFirst().compactMap {
            $0.split(separator: "</style>").first
        }
        let digests = sheets.map { "'sha256-\(Base64.encode(SHA256.hash(Array($0.utf8)).bytes))'" }
        let policy = ReportPage.contentSecurityPolicy(of: life.report)
        #expect(policy.contains("style-src \(digests.joined(separator: " "));"))
        #expect(page.ranges(of: "<style").count == 2)
    }
}

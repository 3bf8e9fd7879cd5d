// Patterns of paths in packs.

import Testing

@testable import Governance

@Suite struct `A pattern of paths` {
    @Test(
        arguments: [
            ("*.sig", "m.sig", true), ("*.sig", "a/b/m.sig", true), ("*.sig", ".sig", true),
            ("*.sig", "m.sig/x", false), ("*.sig", "m.SIG", false), ("*.sig", "m.sign", false),
            ("README", "a/README", true), ("README", "README.md", false),
            ("docs/*.md", "docs/a.md", true), ("docs/*.md", "docs/a/b.md", false),
            ("docs/*.md", "x/docs/a.md", false), ("a*b*c", "abbc", true), ("a*b*c", "acb", false),
            ("*", "a/b", true), ("a/*/c", "a/b/c", true), ("a/*/c", "a/b/b/c", false),
            ("*.sig", "", false), ("x*", "\u{445}y", false),
        ])
    func `fits these and not those`(pattern: String, path: String, fits: Bool) {
        #expect(PathPattern(pattern).matches(path) == fits)
    }
}

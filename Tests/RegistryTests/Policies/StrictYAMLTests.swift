import CanonicalJSON
import Governance
import Registry
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite struct `Strict YAML` {
    @Test(
        arguments: [
            ("tier: 2\nthreshold: \"0.80\"\n", ["threshold": "0.80", "tier": 2]),
            ("a: true\nb: false\nc: null\n", ["a": true, "b": false, "c": .null]),
            ("- x\n- [1, -2]\n- {k: v}\n", ["x", [1, -2], ["k": "v"]]),
            (
                "t: |\n  two\n  lines\nu: >-\n  one\n  line\n",
                ["t": "two\nlines\n", "u": "one line"]
            ),
            ("\"yes\": 'no'\n", ["yes": "no"]),
            (
                "d: 2026-01-01\nv: 1.2.3\nw: R&D & more\n",
                [
                    "d": "2026-01-01", "v": "1.2.3",
                    "w": "R&D & more",
                ]
            ),
            ("# comment\nü: é\n", ["ü": "é"]), ("a: 'true'\n", ["a": "true"]), ("[]", []),
        ] as [(String, JSON)])
    func `is read as the JSON that it looks like`(text: String, json: JSON) throws {
        #expect(try StrictYAML.json(Array(text.utf8)) == json)
    }

    @Test(
        arguments: [
            ("mode: no\n", 1, 7), ("a: Yes\n", 1, 4), ("a: ON\n", 1, 4), ("a: True\n", 1, 4),
            ("a: ~\n", 1, 4), ("a:\nb: 1\n", nil, nil), ("a: NULL\n", 1, 4), ("a: y\n", 1, 4),
            ("a: 0.80\n", 1, 4), ("a: 1e3\n", 1, 4), ("a: 010\n", 1, 4), ("a: 0x1F\n", 1, 4),
            ("a: 1_000\n", 1, 4), ("a: 1:30\n", 1, 4), ("a: .inf\n", 1, 4), ("a: -.5\n", 1, 4),
            ("a: +1\n", 1, 4), ("a: 9007199254740992\n", 1, 4), ("a: 1234567e8\n", 1, 4),
            ("a: &x 1\nb: *x\n", 1, 4), ("a: && 1\n", nil, nil), ("a: &&x 1\n", 1, 4),
            ("a: *&\n", nil, nil), ("{a: &x 1}\n", 1, 5), ("? &x a\n: 1\n", 1, 3),
            ("a: *x\n", nil, nil), ("a: !!str 1\n", 1, nil), ("a: !custom x\n", 1, nil),
            ("a: ! true\n", 1, nil), ("a: !!set {x}\n", 1, nil), ("!t a: 1\n", 1, 1),
            ("a: !x [1]\n", 1, nil),
            ("a: 1\na: 2\n", nil, nil), ("a: 1\n\"a\": 2\n", nil, nil),
            ("a: {b: 1, b: 2}\n", 1, nil),
            ("1: a\n", 1, 1), ("true: a\n", 1, 1), ("no: a\n", 1, 1), ("[a]: b\n", 1, 1),
            ("<<: {a: 1}\n", 1, 1), ("a: 1\n---\nb: 2\n", 2, 1), ("", 1, 1), ("# only\n", 1, 1),
            ("a: [1\n", nil, nil), ("a: \"x\n", nil, nil), ("\ta: 1\n", nil, nil),
            ("\u{FEFF}a: 1\n", 1, 1), ("a: \u{0}\n", nil, nil),
        ] as [(String, Int?, Int?)])
    func `is refused with line and column`(text: String, line: Int?, column: Int?) {
        do {
            let json = try StrictYAML.json(Array(text.utf8))
            Issue.record("accepted as \(json)")
        } catch {
            if let line { #expect(error.line == line, "\(error)") }
            if let column { #expect(error.column == column, "\(error)") }
            #expect(!error.message.isEmpty)
        }
    }

    @Test func `has limits on bytes, depth, nodes and encoding`() {
        var limits = StrictYAML.Limits()
        limits.bytes = 10
        #expect(throws: YAMLError.self) {
            try StrictYAML.json(Array("a: 12345678".utf8), limits: limits)
        }
        limits = StrictYAML.Limits()
        limits.nodes = 3
        #expect(throws: YAMLError.self) {
            try StrictYAML.json(Array("[1, 2, 3]".utf8), limits: limits)
        }
        for depth in [34, 200, 5_000] {
            let flow = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            #expect(throws: YAMLError.self) { try StrictYAML.json(Array(flow.utf8)) }
            let block = String(repeating: "- ", count: depth) + "x"
            #expect(throws: YAMLError.self) { try StrictYAML.json(Array(block.utf8)) }
        }
        #expect(throws: YAMLError.self) { try StrictYAML.json([0x61, 0x3A, 0x20, 0xFF]) }
        #expect(throws: YAMLError.self) { try StrictYAML.json([0xC3, 0x28]) }
    }

    @Test func `refuses a billion laughs before composing them`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...30 {
            let last = "*a\(level - 1)"
            text += "a\(level): &a\(level) [\(last), \(last), \(last), \(last), \(last)]\n"
        }
        text += "? *a30\n: 1\n"
        #expect(throws: YAMLError.self) { try StrictYAML.json(Array(text.utf8)) }
    }

    @Test func `reads the shipped pack without findings`() throws {
        let parts = #filePath.split(separator: "/").dropLast(4)
        let folder = "/" + parts.joined(separator: "/") + "/policies/"
        let files = try PolicyPack.paths.map { path in
            let data = try #require(FileManager.default.contents(atPath: folder + path))
            return PackFile(
                path: path, bytes: Array(data), tree: try StrictYAML.json(Array(data)))
        }
        let pack = try PolicyPack.parse(files)
        let stated = files.first { $0.path == "gates/deploy.yaml" }?.tree["rules"]?.array
        #expect(try pack.rules[.deploy]?.count == #require(stated).count)
    }
}

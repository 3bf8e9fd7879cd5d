// Compares the parser with the one of Python, where there is a python3.

import CanonicalJSON
import Foundation
import Testing

@Suite(.enabled(if: Python.isThere, "there is no python3"))
struct `Against Python` {
    @Test func `the same texts are accepted, with the same values`() throws {
        var generator = Generator(seed: 4)
        let texts = (0..<6_000).map { _ in generator.nearlyJSON() }
        let answers = try Python.run(Self.script, input: texts.map(hex).joined(separator: "\n"))
        try #require(answers.count == texts.count)
        for (text, answer) in zip(texts, answers) {
            let ours = (try? JSON(parsing: text)).map(tree) ?? "refused"
            #expect(ours == answer, "\(String(decoding: text, as: UTF8.self).debugDescription)")
        }
        #expect(answers.count { $0 == "refused" } > 1_000)
        #expect(answers.count { $0 != "refused" } > 1_000)
    }

    @Test func `doubles have as few digits as Python finds necessary`() throws {
        var generator = Generator(seed: 5)
        let texts = (0..<5_000).map { _ in generator.number().canonicalText }
        let answers = try Python.run(Self.digits, input: texts.joined(separator: "\n"))
        #expect(answers == Array(repeating: "same", count: texts.count))
    }

    /// What RFC 7493 adds, Python does not check by itself: names, halves of pairs, infinities.
    static let script = """
        import json, struct, sys, unicodedata
        def pairs(items):
            names = [unicodedata.normalize("NFC", k) for k, _ in items]
            if len(set(names)) < len(names): raise ValueError
            return dict(items)
        def refuse(_): raise ValueError
        def tree(v):
            if v is None: return "n"
            if v is True: return "t"
            if v is False: return "f"
            if isinstance(v, (int, float)):
                if not isinstance(v, int) or abs(v) >= 2 ** 53: v = float(v)
                if v in (float("inf"), float("-inf")): raise ValueError
                if isinstance(v, float) and v == int(v) and abs(v) < 2 ** 53: v = int(v)
                if isinstance(v, int): return "i%d" % v
                return "d" + struct.pack(">d", v).hex()
            if isinstance(v, str): return "s" + v.encode("utf-8").hex()
            if isinstance(v, list): return "[" + ",".join(map(tree, v)) + "]"
            items = sorted((k.encode("utf-8").hex(), tree(x)) for k, x in v.items())
            return "{" + ",".join(k + ":" + x for k, x in items) + "}"
        for line in sys.stdin:
            try:
                text = bytes.fromhex(line.strip()).decode("utf-8")
                value = json.loads(text, object_pairs_hook=pairs, parse_constant=refuse)
                print(tree(value))
            except (ValueError, OverflowError):
                print("refused")
        """

    static let digits = """
        import sys
        def digits(t): return t.lstrip("-").split("e")[0].replace(".", "").strip("0")
        for line in sys.stdin:
            t = line.strip()
            print("same" if digits(t) == digits(repr(float(t))) else t)
        """

    private func tree(_ json: JSON) -> String {
        switch json {
        case .null: return "n"
        case .bool(let value): return value ? "t" : "f"
        case .integer(let value): return "i\(value)"
        case .double(let value):
            let bits = String(value.bitPattern, radix: 16)
            return "d" + String(repeating: "0", count: 16 - bits.count) + bits
        case .string(let value): return "s" + hex(Array(value.utf8))
        case .array(let elements): return "[" + elements.map(tree).joined(separator: ",") + "]"
        case .object(let members):
            let items = members.map { (hex(Array($0.key.utf8)), tree($0.value)) }
                .sorted { $0.0 < $1.0 }
            return "{" + items.map { "\($0.0):\($0.1)" }.joined(separator: ",") + "}"
        }
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// Runs a script with lines in and lines out.
enum Python {
    static let isThere = (try? run("print(1)", input: "")) == ["1"]

    static func run(_ script: String, input: String) throws -> [String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script]
        let folder = FileManager.default.temporaryDirectory
        let file = folder.appendingPathComponent("imprimatur-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(input.utf8).write(to: file)
        let output = Pipe()
        process.standardInput = try FileHandle(forReadingFrom: file)
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

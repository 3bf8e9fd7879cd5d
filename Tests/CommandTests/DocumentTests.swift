// Every command that README and docs show is one that the program has, with the options that they give
// it: what a page says is not let fall behind.

import Foundation
import Testing

@Suite struct `Commands in the documents` {
    /// What the program says about itself, asked once for each command.
    private final class Help {
        private let program: Program
        private var texts: [[String]: String] = [:]

        init() throws { program = try Program() }

        private func text(_ path: [String]) throws -> String {
            if let known = texts[path] { return known }
            let text = try program.run(["help"] + path).output
            texts[path] = text
            return text
        }

        /// The subcommands of a command, and the one that is meant when none is given.
        func subcommands(_ path: [String]) throws -> (names: Set<String>, standard: String?) {
            var names: Set<String> = []
            var standard: String?
            var isListed = false
            for line in try text(path).split(separator: "\n", omittingEmptySubsequences: false) {
                if line.hasSuffix("SUBCOMMANDS:") { isListed = true }
                if line.isEmpty { isListed = false }
                guard isListed, line.hasPrefix("  "), !line.hasPrefix("   ") else { continue }
                let words = line.split(separator: " ").map(String.init)
                names.insert(words[0])
                if words.dropFirst().first == "(default)" { standard = words[0] }
            }
            return (names, standard)
        }

        func options(_ path: [String]) throws -> Set<String> {
            let words = try text(path).split {
                !($0.isASCII && ($0.isLetter || $0.isNumber)) && $0 != "-"
            }
            return Set(words.filter { $0.hasPrefix("-") }.map(String.init))
        }
    }

    /// What is wrong with a command without its first word `imprimatur`; nil when nothing is.
    private static func fault(in words: [String], _ help: Help) throws -> String? {
        var path: [String] = []
        while path.count < words.count,
            try help.subcommands(path).names.contains(words[path.count])
        { path.append(words[path.count]) }
        guard !path.isEmpty else { return "no command: \(words.joined(separator: " "))" }
        let given = words.dropFirst(path.count)
        if let standard = try help.subcommands(path).standard { path.append(standard) }
        let known = try help.options(path)
        let unknown = given.filter { word in
            word.count > 1 && word.hasPrefix("-")
                && !known.contains(String(word.prefix { $0 != "=" }))
        }
        return unknown.isEmpty
            ? nil : "\(path.joined(separator: " ")) has no \(unknown.joined(separator: ", "))"
    }

    /// The commands in the code of a page, each in words.
    private static func commands(in page: String) -> [[String]] {
        var found: [[String]] = []
        var isCode = false
        let lines = page.replacingOccurrences(of: "\\\n", with: " ").split(separator: "\n")
        for line in lines {
            if line.hasPrefix("```") { isCode.toggle() }
            guard isCode || line.hasPrefix("    ") else { continue }
            // What stands in quotation marks is one word, whatever it says.
            let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
            let plain = parts.enumerated().map { $0.offset.isMultiple(of: 2) ? $0.element : "Q" }
            for piece in plain.joined(separator: "").split(whereSeparator: {
                "|&;()>#".contains($0)
            }) {
                var words = piece.split(separator: " ").map(String.init)
                if let end = words.lastIndex(of: "--") { words.removeFirst(end + 1) }
                while let first = words.first, first == "$" || first == "do" || first.contains("=")
                { words.removeFirst() }
                // A folder of this name, with what it holds beside it, is no command.
                if piece.contains("imprimatur   ") { continue }
                guard let name = words.first, ["imprimatur", "imprimatur-check"].contains(name)
                else { continue }
                found.append(words.dropFirst().filter { $0 != "…" })
            }
        }
        return found
    }

    /// The commands of the reference, which leaves `imprimatur` out and marks choices by brackets.
    private static func reference(_ page: String, _ names: Set<String>) -> [[String]] {
        page.components(separatedBy: "\n```\n").enumerated()
            .filter { !$0.offset.isMultiple(of: 2) }
            .flatMap { block -> [String] in
                var lines: [String] = []
                for line in block.element.split(separator: "\n") {
                    if line.hasPrefix(" "), let last = lines.popLast() {
                        lines.append(last + " " + line.trimmingCharacters(in: .whitespaces))
                    } else {
                        lines.append(String(line))
                    }
                }
                // Commands and what is said about them stand beside each other, three spaces apart.
                return lines.flatMap { $0.components(separatedBy: "   ") }
            }
            .map { $0.split { " []()|…".contains($0) }.map(String.init) }
            .filter { $0.first.map(names.contains) ?? false }
    }

    @Test func `are known to the program with every option`() throws {
        let help = try Help()
        let root = URL(fileURLWithPath: Program.repository)
        let docs = root.appendingPathComponent("docs")
        let files = FileManager.default.enumerator(at: docs, includingPropertiesForKeys: nil)
        let pages =
            [root.appendingPathComponent("README.md")]
            + (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "md" }
        let names = try help.subcommands([]).names
        var count = 0
        for page in pages {
            let text = try String(contentsOf: page, encoding: .utf8)
            let shown =
                page.lastPathComponent == "cli.md"
                ? Self.reference(text, names) : Self.commands(in: text)
            count += shown.count
            for words in shown {
                if let fault = try Self.fault(in: words, help) {
                    Issue.record("\(page.lastPathComponent): \(fault)")
                }
            }
        }
        #expect(count > 200)
    }

    @Test func `are found wanting when the program has no such command or option`() throws {
        let help = try Help()
        let page = """
            ```sh
            A=$(imprimatur deploy model --no-such "imprimatur --x" --environment \\
                production | imprimatur witness --data-dir D --listen 127.0.0.1:0)
            runuser -u x -- imprimatur nothing
            ```
            """
        let shown = Self.commands(in: page)
        #expect(shown.count == 3)
        let faults = try shown.compactMap { try Self.fault(in: $0, help) }
        #expect(faults == ["deploy has no --no-such", "no command: nothing"])
    }
}

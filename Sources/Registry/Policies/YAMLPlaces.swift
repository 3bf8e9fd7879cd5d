// Where in a text of YAML a value stands: for findings that name a JSON pointer, line and column.

package import CanonicalJSON
package import Governance
internal import Yams

/// A place in a text, both counted from 1.
package struct YAMLPlace: Sendable, Hashable {
    package let line: Int
    /// In Unicode scalars.
    package let column: Int
}

/// The places of a document's values.
package struct YAMLPlaces: Sendable {
    private var places: [JSONPointer: YAMLPlace] = [:]
    private let lines: [[Unicode.Scalar]]
    private var texts: [JSONPointer: String] = [:]

    /// Of a text that the strict reader has accepted; nothing is known of any other.
    package init(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
            Array($0.unicodeScalars)
        }
        guard (try? StrictYAML.json(bytes)) != nil,
            let root = try? Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
        else { return }
        note(root, at: .root)
    }

    /// The place of a value; of what is not there, that of the value around it.
    package subscript(pointer: JSONPointer) -> YAMLPlace {
        var tokens = pointer.tokens[...]
        while true {
            if let place = places[JSONPointer(Array(tokens))] { return place }
            guard !tokens.isEmpty else { return YAMLPlace(line: 1, column: 1) }
            tokens = tokens.dropLast()
        }
    }

    /// The place of a character within the text of a value, given by its line and column there: a
    /// condition that is folded over several lines is one line to the reader of conditions.
    package func place(in pointer: JSONPointer, line: Int, column: Int) -> YAMLPlace {
        let start = self[pointer]
        guard let text = texts[pointer] else { return start }
        // What both texts have in common, whatever the style: the characters that are no space.
        var wanted = 0
        var (atLine, atColumn) = (1, 1)
        for scalar in text.unicodeScalars {
            if (atLine, atColumn) >= (line, column) { break }
            if scalar == "\n" {
                (atLine, atColumn) = (atLine + 1, 1)
                continue
            }
            atColumn += 1
            if !scalar.properties.isWhitespace { wanted += 1 }
        }
        let first = text.unicodeScalars.first { !$0.properties.isWhitespace }
        var row = start.line - 1
        var at = start.column - 1
        guard lines.indices.contains(row) else { return start }
        if lines[row].indices.contains(at), "|>".unicodeScalars.contains(lines[row][at]) {
            (row, at) = (row + 1, 0)
        } else if lines[row].indices.contains(at), lines[row][at] != first {
            at += 1  // a quotation mark
        }
        while lines.indices.contains(row) {
            while lines[row].indices.contains(at) {
                if !lines[row][at].properties.isWhitespace {
                    guard wanted > 0 else { return YAMLPlace(line: row + 1, column: at + 1) }
                    wanted -= 1
                }
                at += 1
            }
            (row, at) = (row + 1, 0)
        }
        return start
    }

    private mutating func note(_ node: Node, at pointer: JSONPointer) {
        if let mark = node.mark {
            places[pointer] = YAMLPlace(line: mark.line, column: mark.column)
        }
        switch node {
        case .scalar(let scalar): texts[pointer] = scalar.string
        case .sequence(let sequence):
            for (index, element) in sequence.enumerated() {
                note(element, at: pointer.appending(index))
            }
        case .mapping(let mapping):
            for (key, element) in mapping {
                guard case .scalar(let name) = key else { continue }
                note(element, at: pointer.appending(name.string))
            }
        case .alias: return
        }
    }
}

extension PackFinding {
    /// The finding with file, line and column: `gates/deploy.yaml:13:9: Expected a name.`
    package func place(in files: [PackFile]) -> (place: YAMLPlace, text: String) {
        guard let file = files.first(where: { $0.path == self.file }) else {
            return (YAMLPlace(line: 1, column: 1), "\(self.file): \(finding.message)")
        }
        let places = YAMLPlaces(file.bytes)
        var place = places[finding.pointer]
        var message = finding.message
        // The fault of an expression begins with its own line and column.
        let parts = message.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        if parts.count == 3, let line = Int(parts[0]), let column = Int(parts[1]) {
            place = places.place(in: finding.pointer, line: line, column: column)
            message = String(parts[2].drop { $0 == " " })
        }
        return (place, "\(self.file):\(place.line):\(place.column): \(message)")
    }
}

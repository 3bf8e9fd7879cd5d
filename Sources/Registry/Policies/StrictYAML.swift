// YAML as people write it, JSON as we read it: nothing is guessed.
//
// A strict subset of YAML 1.2. One document in UTF-8; mappings, sequences, scalars, comments, and
// the styles of YAML. Refused, each with line and column:
//
//   - anchors, aliases, tags and merge keys; keys that are not strings; a key twice
//   - plain scalars that other readers take for something else: yes, no, on, off, y, n, ~, True,
//     0x1F, 010, 1_000, 1:30, .inf, an empty value; they are wanted in quotes, or as true, false, null
//   - numbers that are not integers below 2^53: decimals are strings, "0.80"
//   - more bytes, depth or nodes than the limits
//
// An ampersand that starts a word is taken for an anchor before anything is composed, in quotes
// too: aliases in keys would make the composing itself take for ever ("billion laughs"). Two of them that
// stand alone are the && of a condition: no anchor has that name, libyaml knows letters and digits only.
//
// Example: "tier: 2\nthreshold: \"0.80\"\n" is {"threshold":"0.80","tier":2}; "mode: no" is refused
// at line 1, column 7.

package import CanonicalJSON
internal import Yams

/// Why a text is not in the subset.
package struct YAMLError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Line, counted from 1; 0 when the whole text is meant.
    package let line: Int
    /// Column in Unicode scalars, counted from 1; 0 when the whole line is meant.
    package let column: Int
    /// What is wrong and what would be right.
    package let message: String

    /// Line, column and sentence, for people.
    package var description: String { "line \(line), column \(column): \(message)" }
}

/// The strict reader.
package enum StrictYAML {
    /// How much is read.
    package struct Limits: Sendable, Hashable {
        /// Longest text in bytes.
        package var bytes = 1 << 20
        /// Deepest nesting of mappings and sequences.
        package var depth = 32
        /// Most values, keys apart.
        package var nodes = 100_000

        package init() {}

        package static let `default` = Limits()
    }

    /// Reads one document.
    package static func json(
        _ bytes: [UInt8], limits: Limits = .default
    ) throws(YAMLError) -> JSON {
        guard bytes.count <= limits.bytes else {
            throw YAMLError(line: 0, column: 0, message: "More than \(limits.bytes) bytes.")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw YAMLError(line: 0, column: 0, message: "The text is not UTF-8.")
        }
        try YAMLSurface.check(bytes)
        guard let root = try compose(text) else {
            throw YAMLError(line: 1, column: 1, message: "There is no document.")
        }
        var converter = YAMLConverter(limits: limits)
        return try converter.value(root, depth: 0)
    }

    private static func compose(_ text: String) throws(YAMLError) -> Node? {
        do {
            return try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
        } catch let error as YamlError {
            throw YAMLError(error)
        } catch {
            throw YAMLError(line: 0, column: 0, message: "The text cannot be read.")
        }
    }
}

extension YAMLError {
    fileprivate init(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.init(line: mark.line, column: mark.column, message: "Not YAML: \(problem).")
        case .duplicatedKeysInMapping(_, let context):
            self.init(
                line: context.mark.line, column: context.mark.column,
                message: "A key is here twice in one mapping.")
        case .reader(let problem, _, _, _):
            self.init(line: 0, column: 0, message: "Not YAML: \(problem).")
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            self.init(line: 0, column: 0, message: "The text cannot be read.")
        @unknown default:
            self.init(line: 0, column: 0, message: "The text cannot be read.")
        }
    }
}

/// What is refused before anything is composed, because composing would be too costly.
private enum YAMLSurface {
    /// Flow brackets that may be open at once, and columns that a line may be indented by.
    static let maximumNesting = 128

    static func check(_ bytes: [UInt8]) throws(YAMLError) {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw YAMLError(line: 1, column: 1, message: "A byte order mark is not allowed.")
        }
        var (line, column, open) = (1, 1, 0)
        var isIndentation = true
        var previous: UInt8 = 0x0A
        for (index, byte) in bytes.enumerated() {
            let next = index + 1 < bytes.count ? bytes[index + 1] : 0x0A
            switch byte {
            case UInt8(ascii: "&")
            where startsToken(previous) && !isSpace(next) && !isConjunction(bytes, index):
                throw YAMLError(
                    line: line, column: column, message: "Anchors and aliases are not allowed.")
            case UInt8(ascii: "["), UInt8(ascii: "{"): open += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): open = max(0, open - 1)
            default: break
            }
            isIndentation = isIndentation && " -?\t".utf8.contains(byte)
            if open > maximumNesting || (isIndentation && column > maximumNesting) {
                throw YAMLError(line: line, column: column, message: "Nested too deeply.")
            }
            if byte == 0x0A {
                (line, column, isIndentation) = (line + 1, 1, true)
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
            previous = byte
        }
    }

    /// Whether && stands here, with spaces around it.
    private static func isConjunction(_ bytes: [UInt8], _ index: Int) -> Bool {
        index + 2 < bytes.count && bytes[index + 1] == UInt8(ascii: "&")
            && isSpace(bytes[index + 2])
    }

    private static func startsToken(_ previous: UInt8) -> Bool {
        isSpace(previous) || "[{,:".utf8.contains(previous)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }
}

/// Turns composed nodes into JSON.
private struct YAMLConverter {
    let limits: StrictYAML.Limits
    private var count = 0

    init(limits: StrictYAML.Limits) { self.limits = limits }

    mutating func value(_ node: Node, depth: Int) throws(YAMLError) -> JSON {
        count += 1
        guard count <= limits.nodes else {
            throw refusal(node, "More than \(limits.nodes) values.")
        }
        guard depth <= limits.depth else { throw refusal(node, "Nested too deeply.") }
        switch node {
        case .scalar(let scalar): return try self.scalar(scalar, node)
        case .sequence(let sequence):
            guard sequence.tag.description.isEmpty else { throw tagRefusal(node) }
            var elements: [JSON] = []
            for element in sequence { elements.append(try value(element, depth: depth + 1)) }
            return .array(elements)
        case .mapping(let mapping):
            guard mapping.tag.description.isEmpty else { throw tagRefusal(node) }
            var members: [String: JSON] = [:]
            for (key, element) in mapping {
                let name = try self.key(key)
                let member = try value(element, depth: depth + 1)
                guard members.updateValue(member, forKey: name) == nil else {
                    throw refusal(key, "This key is here twice.")
                }
            }
            return .object(members)
        case .alias: throw refusal(node, "Anchors and aliases are not allowed.")
        }
    }

    private func key(_ node: Node) throws(YAMLError) -> String {
        guard case .scalar(let scalar) = node else {
            throw refusal(node, "A key must be a string.")
        }
        // Composing compares keys, which resolves their tags to "string": that one is no sign.
        let tag = scalar.tag.description
        guard tag.isEmpty || tag == Tag.Name.str.rawValue else { throw tagRefusal(node) }
        guard scalar.style == .plain else { return scalar.string }
        if scalar.string == "<<" { throw refusal(node, "Merge keys are not allowed.") }
        guard case .string(let name) = PlainScalar(scalar.string) else {
            throw refusal(node, "A key must be a string: put it in quotes.")
        }
        return name
    }

    private func scalar(_ scalar: Node.Scalar, _ node: Node) throws(YAMLError) -> JSON {
        let tag = scalar.tag.description
        guard scalar.style == .plain else {
            guard tag.isEmpty || tag == Tag.Name.str.rawValue else { throw tagRefusal(node) }
            return .string(scalar.string)
        }
        guard tag.isEmpty else { throw tagRefusal(node) }
        switch PlainScalar(scalar.string) {
        case .string(let text): return .string(text)
        case .value(let json): return json
        case .ambiguous(let advice): throw refusal(node, advice)
        }
    }

    private func tagRefusal(_ node: Node) -> YAMLError { refusal(node, "Tags are not allowed.") }

    private func refusal(_ node: Node, _ message: String) -> YAMLError {
        let mark = node.mark
        return YAMLError(line: mark?.line ?? 0, column: mark?.column ?? 0, message: message)
    }
}

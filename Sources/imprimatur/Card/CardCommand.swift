// `imprimatur card`: model cards, offline.

internal import ArgumentParser
internal import CanonicalJSON
internal import Governance
internal import OfflineCommands
internal import Registry
internal import Schema

/// The commands about model cards.
struct CardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "card", abstract: "Write and check model cards.",
        subcommands: [CardNew.self, CardCheck.self])
}

/// Cards in files, and what they are checked against.
enum Cards {
    /// The published schema, which travels in the binary.
    static func schema() throws -> JSONSchema {
        do {
            return try JSONSchema(loading: Resources.file("docs/reference/model-card.schema.json"))
        } catch {
            throw CommandError(
                "The schema in this binary cannot be read.",
                findings: error.findings.map(\.description))
        }
    }

    /// A pack from a folder, or the one in the binary.
    static func pack(folder: String?) throws -> PolicyPack {
        try PolicyPack.parse(PackFiles.load(folder: folder))
    }

    /// A card in YAML, or in JSON when the text begins with a brace.
    static func json(_ path: String) throws -> JSON {
        let bytes = try Files.read(path, limit: 8 << 20)
        let first = bytes.first { !" \t\r\n".utf8.contains($0) }
        do {
            return first == UInt8(ascii: "{")
                ? try JSON(parsing: bytes, limits: .own) : try StrictYAML.json(bytes)
        } catch let error as YAMLError {
            throw CommandError("\(path): \(error)", code: .no)
        } catch let error as JSONError {
            throw CommandError("\(path): \(error)", code: .no)
        }
    }
}

extension JSONFinding {
    /// A line for people: where and what.
    var line: String {
        let place = pointer.tokens.isEmpty ? "" : "\(pointer.path): "
        return message.hasPrefix(pointer.path) ? message : place + message
    }
}

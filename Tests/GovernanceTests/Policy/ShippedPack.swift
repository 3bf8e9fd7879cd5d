import CanonicalJSON
import Cryptography
import Governance
import Testing
import Yams

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The pack under policies/, read with a lenient converter: strictness is tested where it lives.
enum ShippedPack {
    static let folder: String = {
        let parts = #filePath.split(separator: "/").dropLast(4)
        return "/" + parts.joined(separator: "/") + "/policies/"
    }()

    static func files() throws -> [PackFile] {
        try (PolicyPack.paths + ["frameworks.yaml"]).map(file)
    }

    /// The files of tests beside the pack.
    static func tests() throws -> [PackTest] {
        try Gate.allCases.flatMap { try PackTest.read(file("tests/\($0.rawValue).yaml")) }
    }

    static func file(_ path: String) throws -> PackFile {
        let data = try #require(FileManager.default.contents(atPath: folder + path))
        let text = String(decoding: data, as: UTF8.self)
        let node = try #require(try Yams.compose(yaml: text))
        return PackFile(path: path, bytes: Array(data), tree: json(node))
    }

    static func pack() throws -> PolicyPack { try PolicyPack.parse(files()) }

    /// The files with one value replaced (or removed) at a pointer.
    static func files(
        _ path: String, _ pointer: String, _ change: (JSON?) -> JSON?
    ) throws -> [PackFile] {
        let tokens = try JSONPointer(parsing: pointer).tokens
        return try files().map { file in
            guard file.path == path else { return file }
            let tree = file.tree.changing(tokens[...], change) ?? .null
            return PackFile(path: path, bytes: tree.canonicalBytes, tree: tree)
        }
    }

    private static func json(_ node: Node) -> JSON {
        switch node {
        case .scalar(let scalar):
            guard scalar.style == .plain else { return .string(scalar.string) }
            if let bool = node.bool { return .bool(bool) }
            if scalar.string == "null" { return .null }
            if let number = node.int { return .integer(Int64(number)) }
            return .string(scalar.string)
        case .sequence(let sequence): return .array(sequence.map(json))
        case .mapping(let mapping):
            return .object(
                Dictionary(
                    mapping.map { ($0.key.string ?? "", json($0.value)) },
                    uniquingKeysWith: { first, _ in first }))
        case .alias: return .null
        }
    }
}

extension JSON {
    /// This value with the one at the path replaced; nil removes it.
    func changing(_ path: ArraySlice<String>, _ change: (JSON?) -> JSON?) -> JSON? {
        guard let name = path.first else { return change(self) }
        switch self {
        case .object(var members):
            if let member = members[name] {
                members[name] = member.changing(path.dropFirst(), change)
            } else if path.count == 1 {
                members[name] = change(nil)
            }
            return .object(members)
        case .array(var elements):
            if name == "-" {
                if let added = change(nil) { elements.append(added) }
                return .array(elements)
            }
            guard let index = Int(name), elements.indices.contains(index) else { return self }
            if let element = elements[index].changing(path.dropFirst(), change) {
                elements[index] = element
            } else {
                elements.remove(at: index)
            }
            return .array(elements)
        case .null, .bool, .integer, .double, .string: return self
        }
    }

    /// This document with one value set (nil removes it) at a JSON pointer.
    func setting(_ pointer: String, _ value: JSON?) throws -> JSON {
        try changing(JSONPointer(parsing: pointer).tokens[...]) { _ in value } ?? .null
    }
}

// What was found in a model's files, as JSON and as lines for people.

package import Artifacts
package import Attestation
package import CanonicalJSON
internal import ModelFormats

extension ArtifactCoverage {
    /// The report as JSON, with what can run code.
    func json(_ contents: ArtifactContents) -> JSON {
        [
            "uncovered": .array(gaps.map(\.json)),
            "code": .array(contents.code.map(\.json)),
            "notSigned": ["modes", "owners", "times", "empty directories"],
        ]
    }
}

extension ArtifactCoverage.Gap {
    /// The gap as JSON.
    package var json: JSON { ["path": .string(path), "reason": .string(reason.rawValue)] }
}

extension ArtifactContents.Code {
    /// The place, and what a pickle imports, for people.
    var line: String {
        var line = code.inside.map { "\(path)!/\($0)" } ?? path
        if !code.imports.isEmpty {
            line += ", importing " + code.imports.prefix(12).joined(separator: ", ")
            if code.imports.count > 12 { line += " and \(code.imports.count - 12) more" }
        }
        return code.isComplete ? line : line + ", not read to its end"
    }

    /// The finding as JSON.
    var json: JSON {
        [
            "path": .string(path), "kind": .string(code.kind.rawValue),
            "inside": code.inside.map(JSON.string) ?? .null,
            "imports": .array(code.imports.map(JSON.string)),
            "complete": .bool(code.isComplete),
        ]
    }
}

extension ArtifactContents.Fault {
    /// The fault with its place, for people.
    package var line: String { "\(inside.map { "\(path)!/\($0)" } ?? path): \(error)" }

    /// The fault as JSON.
    var json: JSON {
        [
            "path": .string(path), "inside": inside.map(JSON.string) ?? .null,
            "code": .string(error.code.rawValue), "offset": .integer(error.offset),
            "message": .string(error.message),
        ]
    }
}

extension CardComparison.File {
    /// What the header says, for people.
    var line: String {
        let types = header.types.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        var line = "header \(header.format.rawValue) \(path): \(header.tensors) tensors, "
        line += "\(header.parameters) parameters"
        if !types.isEmpty { line += " (\(types))" }
        if !header.licences.isEmpty {
            line += ", licence \(header.licences.joined(separator: " / "))"
        }
        if !header.baseModels.isEmpty {
            line += ", from \(header.baseModels.joined(separator: " and "))"
        }
        if !header.customDomains.isEmpty {
            line += ", operators of \(header.customDomains.joined(separator: ", "))"
        }
        return line
    }

    /// What the header says, as JSON.
    var json: JSON {
        [
            "path": .string(path), "format": .string(header.format.rawValue),
            "version": .string(header.version), "tensors": .integer(Int64(header.tensors)),
            "parameters": .string(String(header.parameters)),
            "types": .object(header.types.mapValues { .string(String($0)) }),
            "licences": .array(header.licences.map(JSON.string)),
            "baseModels": .array(header.baseModels.map(JSON.string)),
            "name": header.name.map(JSON.string) ?? .null,
            "architecture": header.architecture.map(JSON.string) ?? .null,
            "external": .array(Set(header.external.map(\.location)).sorted().map(JSON.string)),
            "operatorDomains": .array(header.customDomains.map(JSON.string)),
        ]
    }
}

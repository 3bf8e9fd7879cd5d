// What a model card says of the model, beside what the headers of its weights files say.
//
// Specification. Compared are, where both sides say something:
//   /model/parameter_count   with the elements of all tensors of a set of weights. A set is the files
//                            of one format in one directory that differ only in "-00001-of-00002";
//                            the count must be that of one set, or of all sets of one format together.
//   /model/weight_types      with the types of elements: every type named must occur, and every type
//                            that holds more than a hundredth of the elements must be named.
//   /model/licences          each licence that a header names must be one of the card's, as an SPDX
//                            identifier or as the text in "raw"; upper and lower case are the same,
//                            "other" and "unknown" say nothing.
//   /model/base_models       one of the models that a header names as its origin must be one of the
//                            card's; addresses and names are compared by their last two parts.
// A contradiction is named with the place in the card, the file, and both statements.

package import CanonicalJSON

/// Compares headers with a card.
package enum CardComparison {
    /// A weights file of an artifact.
    package struct File: Sendable, Hashable {
        package let path: String
        package let header: ModelHeader

        package init(path: String, header: ModelHeader) {
            self.path = path
            self.header = header
        }
    }

    /// Every contradiction between the card and the headers, by place.
    package static func contradictions(card: JSON, files: [File]) -> [JSONFinding] {
        guard let model = card["model"], !files.isEmpty else { return [] }
        return
            (parameters(model, files) + types(model, files) + licences(model, files)
            + baseModels(model, files)).sorted()
    }

    private static func finding(_ name: String, _ message: String) -> JSONFinding {
        JSONFinding(JSONPointer(["model", name]), "contradiction", message)
    }

    private static func parameters(_ model: JSON, _ files: [File]) -> [JSONFinding] {
        guard let stated = model["parameter_count"]?.integer else { return [] }
        var sets: [String: Int64] = [:]
        var totals: [ModelHeader.Format: Int64] = [:]
        for file in files {
            sets["\(file.header.format) \(stem(of: file.path))", default: 0] &+=
                file.header.parameters
            totals[file.header.format, default: 0] &+= file.header.parameters
        }
        guard !sets.values.contains(stated), !totals.values.contains(stated) else { return [] }
        let counts = sets.sorted { $0.key < $1.key }.prefix(8)
            .map { "\($0.key): \($0.value)" }.joined(separator: "; ")
        return [
            finding(
                "parameter_count",
                "The card says \(stated) parameters, the headers say \(counts).")
        ]
    }

    /// A path without its extension and without the number of a shard.
    static func stem(of path: String) -> String {
        let slash = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
        let dot = path[slash...].lastIndex(of: ".") ?? path.endIndex
        let stem = path[..<dot]
        let parts = stem.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count > 3, parts[parts.count - 2] == "of",
            [parts[parts.count - 1], parts[parts.count - 3]].allSatisfy({
                !$0.isEmpty && $0.allSatisfy(\.isNumber)
            })
        else { return String(stem) }
        return parts.dropLast(3).joined(separator: "-")
    }

    private static func types(_ model: JSON, _ files: [File]) -> [JSONFinding] {
        guard let stated = model["weight_types"]?.array?.compactMap(\.string) else { return [] }
        let named = Set(stated.map(canonicalType))
        var seen: [String: Int64] = [:]
        for file in files {
            for (type, count) in file.header.types {
                seen[canonicalType(type), default: 0] &+= count
            }
        }
        let total = seen.values.reduce(0, &+)
        let absent = named.filter { seen[$0] == nil }.sorted()
        let unnamed = seen.filter { $0.value > total / 100 && !named.contains($0.key) }
            .keys.sorted()
        return absent.map {
            finding("weight_types", "The card names \($0); no header has a tensor of that type.")
        }
            + unnamed.map {
                finding(
                    "weight_types",
                    "The headers have \(seen[$0] ?? 0) of \(total) elements in \($0), which the card "
                        + "does not name.")
            }
    }

    /// One name for what the formats call differently.
    private static func canonicalType(_ name: String) -> String {
        let names = [
            "FLOAT": "F32", "FLOAT32": "F32", "FLOAT16": "F16", "BFLOAT16": "BF16", "DOUBLE": "F64",
            "FLOAT64": "F64", "INT64": "I64", "INT32": "I32", "INT16": "I16", "INT8": "I8",
            "UINT8": "U8", "UINT16": "U16", "UINT32": "U32", "UINT64": "U64",
        ]
        let name = name.uppercased()
        return names[name] ?? name
    }

    private static func licences(_ model: JSON, _ files: [File]) -> [JSONFinding] {
        guard let stated = model["licences"]?.array, !stated.isEmpty else { return [] }
        var known: Set<String> = []
        for licence in stated {
            for text in [licence["spdx"]?.string, licence["raw"]?.string].compactMap(\.self) {
                known.insert(canonicalLicence(text))
                for part in text.split(whereSeparator: { " ()".contains($0) }) {
                    known.insert(canonicalLicence(String(part)))
                }
            }
        }
        var findings: [JSONFinding] = []
        for file in files {
            let named = file.header.licences.filter {
                !["other", "unknown", ""].contains(canonicalLicence($0))
            }
            // A header may give the identifier and the full name of one licence.
            guard !named.isEmpty, !named.contains(where: { known.contains(canonicalLicence($0)) })
            else { continue }
            findings.append(
                finding(
                    "licences",
                    "\(file.path) says \(named.map(shown).joined(separator: ", ")); the card says "
                        + stated.compactMap { $0["spdx"]?.string }.joined(separator: ", ") + "."))
        }
        return findings
    }

    private static func canonicalLicence(_ text: String) -> String {
        var text = text.lowercased()
        if text.hasPrefix("licenseref-") { text.removeFirst("licenseref-".count) }
        return String(text.map { $0 == " " || $0 == "_" ? "-" : $0 })
    }

    private static func baseModels(_ model: JSON, _ files: [File]) -> [JSONFinding] {
        let stated = (model["base_models"]?.array ?? []).compactMap { $0["ref"]?.string }
        return files.compactMap { file in
            let named = file.header.baseModels
            guard !named.isEmpty else { return nil }
            let agrees = named.contains { name in stated.contains { same($0, name) } }
            guard !agrees else { return nil }
            return finding(
                "base_models",
                "\(file.path) says it is derived from \(named.map(shown).joined(separator: ", ")); "
                    + (stated.isEmpty
                        ? "the card names no base model."
                        : "the card says \(stated.joined(separator: ", "))."))
        }
    }

    /// Whether two references mean one model: their last parts, and the ones before where both have
    /// them, are the same.
    private static func same(_ one: String, _ other: String) -> Bool {
        let (one, other) = (parts(one), parts(other))
        let count = min(one.count, other.count, 2)
        return count > 0 && one.suffix(count) == other.suffix(count)
    }

    private static func parts(_ reference: String) -> [String] {
        let plain = reference.lowercased().prefix { $0 != "@" && $0 != "#" && $0 != "?" }
        var parts = plain.split(separator: "/").map(String.init)
        // A scheme and a host are where it lies, not what it is.
        if let first = parts.first, first.hasSuffix(":") {
            parts = Array(parts.dropFirst(first == "hf:" ? 1 : 2))
        }
        return parts.map { $0.replacing(" ", with: "-") }
    }
}

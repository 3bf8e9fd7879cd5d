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
//   /model/base_models       every model that a header names as its origin must be one of the card's;
//                            addresses and names are compared by their last two parts.
// A contradiction is named with the field of the card, the files, and both statements. It is certain
// where the header's word has one meaning: numbers and types of tensors; licences by an identifier of
// SPDX (CommonLicences.swift); base models by a reference, that is an address or owner/name. Where it
// is free text (another licence's name, a bare name, a path of the machine that made the file) it is
// told and refuses nothing.

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

    /// Every contradiction between the card and the headers, by field.
    package static func contradictions(card: JSON, files: [File]) -> [Contradiction] {
        guard let model = card["model"], !files.isEmpty else { return [] }
        return baseModels(model, files) + licences(model, files) + parameters(model, files)
            + types(model, files)
    }

    private static func parameters(_ model: JSON, _ files: [File]) -> [Contradiction] {
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
            .map { "\($0.value) (\(shown($0.key)))" }.joined(separator: ", ")
        return [
            Contradiction(
                field: "parameter_count", card: "\(stated)", header: counts,
                files: files.map(\.path))
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

    private static func types(_ model: JSON, _ files: [File]) -> [Contradiction] {
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
        let all = seen.keys.sorted().joined(separator: ", ")
        return absent.map {
            Contradiction(
                field: "weight_types", card: shown($0), header: "no tensor but of \(all)",
                files: files.map(\.path))
        }
            + unnamed.map { type in
                Contradiction(
                    field: "weight_types", card: named.sorted().map(shown).joined(separator: ", "),
                    header: "\(seen[type] ?? 0) of \(total) elements in \(type)",
                    files: files.filter { file in
                        file.header.types.keys.contains { canonicalType($0) == type }
                    }.map(\.path))
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

    private static func licences(_ model: JSON, _ files: [File]) -> [Contradiction] {
        guard let stated = model["licences"]?.array, !stated.isEmpty else { return [] }
        var known: Set<String> = []
        for licence in stated {
            for text in [licence["spdx"]?.string, licence["raw"]?.string].compactMap(\.self) {
                known.insert(canonicalLicence(text))
                known.formUnion(terms(text))
            }
        }
        return files.compactMap { file in
            let named = file.header.licences.filter {
                !["other", "unknown", ""].contains(canonicalLicence($0))
            }
            // A header may give the identifier and the full name of one licence, or an expression.
            let agrees = named.contains {
                known.contains(canonicalLicence($0)) || known.isSuperset(of: terms($0))
            }
            guard !named.isEmpty, !agrees else { return nil }
            return Contradiction(
                field: "licences",
                card: stated.prefix(8).compactMap { $0["spdx"]?.string }.map(shown)
                    .joined(separator: ", "),
                header: named.prefix(8).map(shown).joined(separator: ", "), files: [file.path],
                isCertain: named.contains { name in
                    let terms = terms(name)
                    return !terms.isEmpty && CommonLicences.identifiers.isSuperset(of: terms)
                })
        }
    }

    /// The identifiers in an SPDX expression.
    private static func terms(_ expression: String) -> Set<String> {
        let words = expression.split { " ()".contains($0) }
        return Set(words.map { canonicalLicence(String($0)) }).subtracting(["or", "and", "with"])
    }

    private static func canonicalLicence(_ text: String) -> String {
        var text = text.lowercased()
        if text.hasPrefix("licenseref-") { text.removeFirst("licenseref-".count) }
        return String(text.map { $0 == " " || $0 == "_" ? "-" : $0 })
    }

    private static func baseModels(_ model: JSON, _ files: [File]) -> [Contradiction] {
        let stated = (model["base_models"]?.array ?? []).compactMap { $0["ref"]?.string }
        let card =
            stated.isEmpty ? "none" : stated.prefix(8).map(shown).joined(separator: ", ")
        return files.flatMap { file -> [Contradiction] in
            let strangers = file.header.baseModels.filter { name in
                !stated.contains { same($0, name) }
            }
            let references = strangers.filter(isReference)
            // A bare name beside a reference that agrees is another word for the same model.
            let others =
                strangers.count < file.header.baseModels.count
                ? [] : strangers.filter { !isReference($0) }
            return [(references, true), (others, false)].compactMap { names, isCertain in
                names.isEmpty
                    ? nil
                    : Contradiction(
                        field: "base_models", card: card,
                        header: names.prefix(8).map(shown).joined(separator: ", "),
                        files: [file.path], isCertain: isCertain)
            }
        }
    }

    /// Whether this is an address, or owner/name as hubs write it: no path of somebody's machine.
    static func isReference(_ name: String) -> Bool {
        guard !name.contains("\\"), !["/", ".", "~"].contains(name.prefix(1)) else { return false }
        if name.contains("://") { return !name.lowercased().hasPrefix("file:") }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty && !$0.contains(" ") }
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

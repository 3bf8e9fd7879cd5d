// The header of a safetensors file.
//
// Specification (the format's own README). Eight bytes: N, little-endian. N bytes of UTF-8 JSON that
// begin with "{" and may end in spaces: an object from the names of tensors to
// {"dtype", "shape": [n…], "data_offsets": [begin, end]}, and perhaps "__metadata__", texts by name.
// Then the data, to which the offsets refer. We hold the file to what the reference reader demands,
// and to what its text says: no name twice, no hole, no overlap, data from the first byte to the last,
// each tensor as long as its type and shape say.
// Example: 08 00×7, then {}␠×6: a file of 16 bytes with no tensor.

internal import CanonicalJSON

/// Reads headers of safetensors files.
package enum Safetensors {
    /// Bits of an element by the name of its type.
    static let types: [String: Int64] = [
        "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "U16": 16,
        "I16": 16, "F16": 16, "BF16": 16, "U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64,
        "F64": 64, "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "F8_E5M2FNUZ": 8,
        "F8_E4M3FNUZ": 8,
    ]

    /// What the header says; throws at the first thing that is wrong.
    package static func header(
        of source: ByteSource, limits: FormatLimits = .default
    ) throws(FormatError) -> ModelHeader {
        var cursor = ByteCursor(source)
        let stated = try cursor.unsigned(8)
        guard stated <= UInt64(source.size) - 8 else {
            throw FormatError(
                .truncated, at: 0,
                "The header is said to have \(stated) bytes; \(source.size - 8) follow.")
        }
        guard stated <= UInt64(limits.headerBytes) else {
            throw FormatError(
                .tooLarge, at: 0,
                "The header has \(stated) bytes; \(limits.headerBytes) are read at most.")
        }
        let text = try cursor.take(Int(stated))
        guard text.first == UInt8(ascii: "{"), text.last(where: { $0 != 0x20 }) == 0x7D else {
            throw FormatError(
                .malformed, at: 8, "The header is no JSON object, or not padded with spaces.")
        }
        let json: JSON
        do {
            json = try JSON(
                parsing: text, limits: .init(bytes: limits.headerBytes, depth: 8))
        } catch {
            let code: FormatError.Code = error.code == .duplicateKey ? .duplicate : .malformed
            throw FormatError(code, at: 8 + Int64(error.offset), "The header: \(error.message)")
        }
        return try header(json, data: source.size - 8 - Int64(stated), limits)
    }

    private struct Range {
        let name: String
        let begin: Int64
        let end: Int64
    }

    private static func header(
        _ json: JSON, data: Int64, _ limits: FormatLimits
    ) throws(FormatError) -> ModelHeader {
        var header = ModelHeader(.safetensors)
        var ranges: [Range] = []
        let members = json.object ?? [:]
        guard members.count <= limits.entries else {
            throw FormatError(.tooLarge, at: 8, "More than \(limits.entries) tensors.")
        }
        for (name, value) in members {
            if name == "__metadata__" {
                try take(metadata: value, into: &header)
            } else {
                ranges.append(try take(value, name, into: &header))
            }
        }
        // A tensor without a byte comes before the one that begins where it stands.
        ranges.sort { ($0.begin, $0.end, $0.name) < ($1.begin, $1.end, $1.name) }
        var next: Int64 = 0
        for range in ranges {
            guard range.begin == next else {
                throw FormatError(
                    range.begin < next ? .overlap : .hole, at: range.begin,
                    "The data of \(shown(range.name)) begin at data byte \(range.begin), and what is "
                        + "before them ends at \(next).")
            }
            next = range.end
        }
        guard next == data else {
            throw FormatError(
                next < data ? .hole : .truncated, at: next,
                "The tensors end at data byte \(next), the file at \(data).")
        }
        return header
    }

    private static func take(
        _ value: JSON, _ name: String, into header: inout ModelHeader
    ) throws(FormatError) -> Range {
        func fault(_ code: FormatError.Code, _ what: String) -> FormatError {
            FormatError(code, at: 8, "Tensor \(shown(name)) \(what)")
        }
        guard let members = value.object, Set(members.keys) == ["dtype", "shape", "data_offsets"],
            let type = value["dtype"]?.string, let dimensions = value["shape"]?.array,
            let offsets = value["data_offsets"]?.array, offsets.count == 2
        else { throw fault(.malformed, "has not exactly dtype, shape and two data_offsets.") }
        guard let bits = types[type] else {
            throw fault(.unknown, "is of the unknown type \(shown(type)).")
        }
        let shape = dimensions.compactMap(\.integer)
        guard shape.count == dimensions.count, let begin = offsets[0].integer,
            let end = offsets[1].integer, begin >= 0
        else { throw fault(.number, "has a dimension or offset that is no whole number.") }
        let elements = try elements(of: shape, tensor: shown(name), at: 8)
        guard begin <= end, let length = bytes(of: elements, bits: bits), end - begin == length
        else {
            throw fault(
                .sizeMismatch,
                "has \(elements) elements of \(bits) bits in bytes \(begin) to \(end).")
        }
        try header.count(elements: elements, type: type, at: 8)
        return Range(name: name, begin: begin, end: end)
    }

    private static func take(
        metadata: JSON, into header: inout ModelHeader
    ) throws(FormatError) {
        guard let members = metadata.object else {
            throw FormatError(.malformed, at: 8, "__metadata__ is no object.")
        }
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            guard let text = value.string else {
                throw FormatError(
                    .malformed, at: 8, "\(shown(name)) in __metadata__ is no text.")
            }
            header.note(name, text)
        }
    }
}

extension ModelHeader {
    /// Takes what is known of free metadata: the names that publishers use, also with a prefix.
    mutating func note(_ key: String, _ text: String) {
        let text = String(text.prefix(2048))
        guard !text.isEmpty else { return }
        switch key.split(separator: ".").last.map({ $0.lowercased() }) ?? "" {
        case "license", "licence", "license_name", "model_license": licences.append(text)
        case "base_model", "base_model_name", "ss_sd_model_name": baseModels.append(text)
        case "architecture": architecture = text
        case "title", "name", "model_name": name = text
        default: break
        }
    }
}

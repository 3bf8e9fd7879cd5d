// The header of a GGUF file.
//
// Specification (ggml, docs/gguf.md). "GGUF"; version (u32: 1, 2 or 3); number of tensors and of
// metadata entries (u64; u32 in version 1); the entries: key (length and bytes), type (u32), value;
// the tensors: name, number of dimensions (u32, 4 at most), dimensions, type (u32), offset (u64).
// Lengths are u64 (u32 in version 1). Then the data, from the next multiple of general.alignment (32
// when not stated) on; offsets refer to there, are multiples of it, and each tensor begins at the
// first such multiple behind the one before it. Files of version 3 may be big-endian throughout.
// Held against: no key and no tensor twice, strings in UTF-8, bool 0 or 1, no NaN, no hole beyond the
// alignment, nothing behind the last tensor but its padding.
// Example: "GGUF" 03000000 00×16: version 3 with nothing in it.

/// Reads headers of GGUF files.
package enum GGUF {
    /// Name, elements in a block, and bytes of a block, by number.
    static let types: [UInt64: (name: String, block: Int64, bytes: Int64)] = [
        0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20),
        6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 10: ("Q2_K", 256, 84),
        11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176),
        14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292), 16: ("IQ2_XXS", 256, 66),
        17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
        20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82),
        23: ("IQ4_XS", 256, 136), 24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4),
        27: ("I64", 1, 8), 28: ("F64", 1, 8), 29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2),
        34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17),
        40: ("NVFP4", 64, 36), 41: ("Q1_0", 128, 18),
    ]

    static let magic = Array("GGUF".utf8)

    /// What the header says; throws at the first thing that is wrong.
    package static func header(
        of source: ByteSource, limits: FormatLimits = .default
    ) throws(FormatError) -> ModelHeader {
        var reader = try Reader(source, limits)
        return try reader.read()
    }

    /// Reads one file.
    private struct Reader {
        var cursor: ByteCursor
        let limits: FormatLimits
        let bigEndian: Bool
        let version: UInt64
        var header = ModelHeader(.gguf)
        var elements = 0
        var alignment: Int64 = 32
        var bases: [String: (name: String?, address: String?)] = [:]

        /// Bytes of a count, a length or a dimension.
        var width: Int { version == 1 ? 4 : 8 }

        init(_ source: ByteSource, _ limits: FormatLimits) throws(FormatError) {
            self.limits = limits
            cursor = ByteCursor(source, to: min(source.size, Int64(limits.headerBytes) * 4))
            guard try cursor.take(4) == GGUF.magic else {
                throw FormatError(.malformed, at: 0, "The file does not begin with GGUF.")
            }
            let little = try cursor.unsigned(4)
            bigEndian = little & 0xFFFF == 0
            version = bigEndian ? UInt64(UInt32(truncatingIfNeeded: little).byteSwapped) : little
            guard (1...3).contains(version), !bigEndian || version == 3 else {
                throw FormatError(.unknown, at: 4, "Version \(version) of GGUF is not known.")
            }
            header.version = String(version)
        }

        mutating func number(_ bytes: Int) throws(FormatError) -> UInt64 {
            try cursor.unsigned(bytes, bigEndian: bigEndian)
        }

        /// A count of things that take at least `least` bytes each.
        mutating func count(
            _ what: String, least: Int64, most: Int
        ) throws(FormatError) -> Int {
            let place = cursor.offset
            let count = try number(width)
            guard count <= UInt64(max(0, cursor.source.size - cursor.offset) / least) else {
                throw FormatError(
                    .truncated, at: place, "\(count) \(what) do not fit into the file.")
            }
            guard count <= UInt64(most) else {
                throw FormatError(
                    .tooLarge, at: place, "\(count) \(what); \(most) are read at most.")
            }
            return Int(count)
        }

        mutating func text(keep: Bool = true, most: Int? = nil) throws(FormatError) -> String {
            let place = cursor.offset
            let length = try number(width)
            guard length <= UInt64(max(0, cursor.remaining)) else {
                throw FormatError(
                    .truncated, at: place, "A text of \(length) bytes does not fit into the file.")
            }
            if let most, length > UInt64(most) {
                throw FormatError(.tooLarge, at: place, "A name has \(length) bytes.")
            }
            guard keep, length <= UInt64(limits.textBytes * 16) else {
                try cursor.skip(Int64(length))
                return ""
            }
            let bytes = try cursor.take(Int(length))
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw FormatError(.malformed, at: place, "A text is not UTF-8.")
            }
            return text
        }

        mutating func read() throws(FormatError) -> ModelHeader {
            let tensors = try count("tensors", least: 24, most: limits.entries)
            let entries = try count("metadata entries", least: 9, most: limits.entries)
            var keys: Set<String> = []
            for _ in 0..<entries {
                let place = cursor.offset
                let key = try text(most: 65_535)
                guard keys.insert(key).inserted else {
                    throw FormatError(
                        .duplicate, at: place, "The key \(shown(key)) is there twice.")
                }
                try value(of: key, type: try number(4), depth: 0)
            }
            for key in bases.keys.sorted() {
                if let name = bases[key].flatMap({ $0.address ?? $0.name }) {
                    header.baseModels.append(name)
                }
            }
            try readTensors(tensors)
            return header
        }

        /// The value of an entry; only the texts that are compared with a card are kept.
        mutating func value(
            of key: String, type: UInt64, depth: Int
        ) throws(FormatError) {
            let place = cursor.offset
            switch type {
            case 0, 1: try cursor.skip(1)
            case 2, 3: try cursor.skip(2)
            case 4, 5:
                let value = try number(4)
                if depth == 0, key == "general.alignment" { try align(to: value, at: place) }
            case 6:
                let value = Float(bitPattern: UInt32(truncatingIfNeeded: try number(4)))
                try requireNumber(!value.isNaN, key, place)
            case 7:
                guard try cursor.byte() <= 1 else {
                    throw FormatError(
                        .malformed, at: place, "\(shown(key)) is neither true nor false.")
                }
            case 8:
                let text = try text(keep: depth == 0)
                if depth == 0 { note(key, text) }
            case 9: try array(of: key, depth: depth)
            case 10, 11: try cursor.skip(8)
            case 12:
                try requireNumber(!Double(bitPattern: try number(8)).isNaN, key, place)
            default:
                throw FormatError(
                    .unknown, at: place, "\(shown(key)) is of the unknown type \(type).")
            }
        }

        private func requireNumber(
            _ holds: Bool, _ key: String, _ place: Int64
        ) throws(FormatError) {
            guard holds else {
                throw FormatError(.number, at: place, "\(shown(key)) is not a number.")
            }
        }

        private mutating func align(to value: UInt64, at place: Int64) throws(FormatError) {
            guard value > 0, value <= 1 << 20, value & (value - 1) == 0 else {
                throw FormatError(.number, at: place, "An alignment of \(value) is impossible.")
            }
            alignment = Int64(value)
        }

        private mutating func array(of key: String, depth: Int) throws(FormatError) {
            guard depth < 4 else {
                throw FormatError(.tooLarge, at: cursor.offset, "Arrays in arrays in arrays.")
            }
            let type = try number(4)
            let sizes: [UInt64: Int64] = [
                0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 8: Int64(width), 9: 12, 10: 8,
                11: 8, 12: 8,
            ]
            guard let size = sizes[type] else {
                throw FormatError(
                    .unknown, at: cursor.offset - 4,
                    "\(shown(key)) is an array of the unknown type \(type).")
            }
            let length = try count("elements", least: size, most: limits.elements)
            elements += length
            guard elements <= limits.elements else {
                throw FormatError(
                    .tooLarge, at: cursor.offset, "More than \(limits.elements) array elements.")
            }
            guard type == 8 || type == 9 else { return try cursor.skip(Int64(length) * size) }
            for _ in 0..<length { try value(of: key, type: type, depth: depth + 1) }
        }

        private mutating func note(_ key: String, _ text: String) {
            let parts = key.split(separator: ".").map(String.init)
            if parts.count == 4, parts[0] == "general", parts[1] == "base_model" {
                switch parts[3] {
                case "name": bases[parts[2], default: (nil, nil)].name = text
                case "repo_url", "url", "doi": bases[parts[2], default: (nil, nil)].address = text
                default: break
                }
                return
            }
            switch key {
            case "general.license", "general.license.name": header.licences.append(text)
            case "general.name": header.name = text
            case "general.architecture": header.architecture = text
            case _ where key.hasPrefix("tokenizer.chat_template"):
                header.hasSuspiciousTemplate =
                    header.hasSuspiciousTemplate || text.utf8.contains("__".utf8)
            default: break
            }
        }

        private mutating func readTensors(_ count: Int) throws(FormatError) {
            struct Tensor {
                let name: String
                let place: Int64
                let offset: UInt64
                let bytes: Int64
            }
            var tensors: [Tensor] = []
            var names: Set<String> = []
            for _ in 0..<count {
                let place = cursor.offset
                let name = try text(most: limits.textBytes)
                guard names.insert(name).inserted else {
                    throw FormatError(
                        .duplicate, at: place, "The tensor \(shown(name)) is there twice.")
                }
                let rank = try number(4)
                guard rank <= 4 else {
                    throw FormatError(
                        .number, at: place, "\(shown(name)) has \(rank) dimensions, not 4 at most.")
                }
                var shape: [Int64] = []
                for _ in 0..<rank {
                    shape.append(Int64(clamping: try number(width)))
                }
                let number = try number(4)
                guard let type = GGUF.types[number] else {
                    throw FormatError(
                        .unknown, at: place, "\(shown(name)) is of the unknown type \(number).")
                }
                let elements = try ModelFormats.elements(of: shape, tensor: shown(name), at: place)
                let (size, overflow) = (elements / type.block)
                    .multipliedReportingOverflow(by: type.bytes)
                guard !overflow, (shape.first ?? 1) % type.block == 0 else {
                    throw FormatError(
                        .sizeMismatch, at: place,
                        "The rows of \(shown(name)) are no whole blocks of \(type.name).")
                }
                try header.count(elements: elements, type: type.name, at: place)
                tensors.append(
                    Tensor(name: name, place: place, offset: try self.number(8), bytes: size))
            }
            let size = cursor.source.size
            guard !tensors.isEmpty else { return try requireEnd(at: cursor.offset, size) }
            let start = padded(cursor.offset)
            tensors.sort { ($0.offset, $0.bytes) < ($1.offset, $1.bytes) }
            var next: Int64 = 0
            for tensor in tensors {
                guard tensor.offset == UInt64(padded(next)) else {
                    throw FormatError(
                        tensor.offset < UInt64(next) ? .overlap : .hole, at: tensor.place,
                        "The data of \(shown(tensor.name)) begin at data byte \(tensor.offset), not "
                            + "at \(padded(next)), where the tensor before them ends.")
                }
                let (end, overflow) = padded(next).addingReportingOverflow(tensor.bytes)
                guard !overflow, end <= size - start else {
                    throw FormatError(
                        .truncated, at: tensor.place,
                        "The data of \(shown(tensor.name)) end beyond the file.")
                }
                next = end
            }
            try requireEnd(at: start + next, size)
        }

        private func padded(_ offset: Int64) -> Int64 {
            (offset + alignment - 1) / alignment * alignment
        }

        private func requireEnd(at end: Int64, _ size: Int64) throws(FormatError) {
            guard size <= padded(end) else {
                throw FormatError(
                    .hole, at: end, "\(size - end) bytes behind the last tensor belong to none.")
            }
        }
    }
}

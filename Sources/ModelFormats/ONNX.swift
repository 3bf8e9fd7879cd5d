// The parts of an ONNX file that say what the model is; tensor data are stepped over.
//
// Specification (onnx.proto3). A ModelProto: ir_version (1), opset_import (8: domain 1, version 2),
// producer_name (2), graph (7), metadata_props (14: key 1, value 2), functions (25: node 7). A
// GraphProto: node (1), name (2), initializer (5), sparse_initializer (15: values 1, indices 2). A
// NodeProto: op_type (4), attribute (5), domain (7). An AttributeProto: t (5), g (6), tensors (10),
// graphs (11). A TensorProto: dims (1), data_type (2), name (8), raw_data (9), external_data (13: key
// 1, value 2), data_location (14: 1 is external). Members that occur once may not occur twice: readers
// differ in what they make of that. A tensor's raw data are as long as its type and shape say; one
// outside has a location that stays inside the model's directory.
// Parameters are the elements of the main graph's initializers.
// Example: 08 08 3A 00: version 8 with an empty graph.

/// Reads ONNX files.
package enum ONNX {
    /// Name and bits of an element by number; nil bits where they have no fixed length.
    static let types: [UInt64: (name: String, bits: Int64?)] = [
        1: ("FLOAT", 32), 2: ("UINT8", 8), 3: ("INT8", 8), 4: ("UINT16", 16), 5: ("INT16", 16),
        6: ("INT32", 32), 7: ("INT64", 64), 8: ("STRING", nil), 9: ("BOOL", 8),
        10: ("FLOAT16", 16), 11: ("DOUBLE", 64), 12: ("UINT32", 32), 13: ("UINT64", 64),
        14: ("COMPLEX64", 64), 15: ("COMPLEX128", 128), 16: ("BFLOAT16", 16),
        17: ("FLOAT8E4M3FN", 8), 18: ("FLOAT8E4M3FNUZ", 8), 19: ("FLOAT8E5M2", 8),
        20: ("FLOAT8E5M2FNUZ", 8), 21: ("UINT4", 4), 22: ("INT4", 4), 23: ("FLOAT4E2M1", 4),
        24: ("FLOAT8E8M0", 8), 25: ("UINT2", 2), 26: ("INT2", 2),
    ]

    /// What the file says; throws at the first thing that is wrong.
    package static func header(
        of source: ByteSource, limits: FormatLimits = .default
    ) throws(FormatError) -> ModelHeader {
        var reader = Reader(source: source, limits: limits)
        try reader.readModel()
        return reader.header
    }

    /// Whether a file's first bytes could be a model's: ir_version first, as every writer does it,
    /// and then a field that a model has.
    static func couldBegin(_ first: [UInt8]) -> Bool {
        guard first.count >= 4, first[0] == 0x08, (1...32).contains(first[1]) else { return false }
        return [0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72].contains(first[2])
    }

    /// Reads one file.
    private struct Reader {
        let source: ByteSource
        let limits: FormatLimits
        var header = ModelHeader(.onnx)
        private var steps = 0
        private var domains: Set<String> = []

        init(source: ByteSource, limits: FormatLimits) {
            self.source = source
            self.limits = limits
        }

        /// Calls `body` with each field of the message in a range; refuses a second one of `once`.
        private mutating func fields(
            _ range: (start: Int64, end: Int64), once: Set<UInt64> = [],
            _ body: (inout Reader, ProtobufField) throws(FormatError) -> Void
        ) throws(FormatError) {
            var reader = ProtobufReader(source, from: range.start, to: range.end)
            var seen: Set<UInt64> = []
            while let field = try reader.next() {
                steps += 1
                guard steps <= limits.steps else {
                    throw FormatError(
                        .tooLarge, at: field.offset,
                        "The graph has more than \(limits.steps) parts.")
                }
                guard !once.contains(field.number) || seen.insert(field.number).inserted else {
                    throw FormatError(
                        .duplicate, at: field.offset, "Field \(field.number) is there twice.")
                }
                try body(&self, field)
            }
        }

        mutating func readModel() throws(FormatError) {
            var hasGraph = false
            var opsets: Set<String> = []
            try fields((0, source.size), once: [1, 2, 3, 4, 5, 7]) {
                (reader, field) throws(FormatError) in
                switch field.number {
                case 1: reader.header.version = String(try field.integer())
                case 7:
                    hasGraph = true
                    try reader.readGraph(field.range(), isMain: true, depth: 0)
                case 8:
                    let domain = try reader.pair(field, key: 1, value: nil).key
                    guard opsets.insert(domain).inserted else {
                        throw FormatError(
                            .duplicate, at: field.offset,
                            "The operators of \(shown(domain)) are imported twice.")
                    }
                case 14:
                    let entry = try reader.pair(field, key: 1, value: 2)
                    reader.header.note(entry.key, entry.value)
                case 25:
                    try reader.fields(field.range()) { (reader, part) throws(FormatError) in
                        if part.number == 7 { try reader.readNode(part.range(), depth: 1) }
                    }
                default: break
                }
            }
            guard !header.version.isEmpty, hasGraph else {
                throw FormatError(
                    .malformed, at: 0, "The file has no ir_version and graph: it is no ONNX model.")
            }
            header.customDomains = domains.sorted()
        }

        /// Two texts of a small message.
        private mutating func pair(
            _ field: ProtobufField, key: UInt64, value: UInt64?
        ) throws(FormatError) -> (key: String, value: String) {
            var pair = (key: "", value: "")
            try fields(field.range(), once: [key, value ?? key]) {
                (reader, part) throws(FormatError) in
                if part.number == key {
                    pair.key = try part.text(reader.source, reader.limits)
                } else if part.number == value {
                    pair.value = try part.text(reader.source, reader.limits)
                }
            }
            return pair
        }

        private mutating func readGraph(
            _ range: (start: Int64, end: Int64), isMain: Bool, depth: Int
        ) throws(FormatError) {
            guard depth <= 16 else {
                throw FormatError(.tooLarge, at: range.start, "Graphs nest deeper than 16 levels.")
            }
            var names: Set<String> = []
            try fields(range, once: [2, 10]) { (reader, field) throws(FormatError) in
                switch field.number {
                case 1: try reader.readNode(field.range(), depth: depth + 1)
                case 2 where isMain:
                    reader.header.name = try field.text(reader.source, reader.limits)
                case 5:
                    let tensor = try reader.readTensor(field.range(), counts: isMain)
                    guard names.insert(tensor).inserted else {
                        throw FormatError(
                            .duplicate, at: field.offset,
                            "The initializer \(shown(tensor)) is there twice.")
                    }
                case 15:
                    try reader.fields(field.range(), once: [1, 2]) {
                        (reader, part) throws(FormatError) in
                        guard part.number <= 2 else { return }
                        _ = try reader.readTensor(
                            part.range(), counts: isMain && part.number == 1)
                    }
                default: break
                }
            }
        }

        private mutating func readNode(
            _ range: (start: Int64, end: Int64), depth: Int
        ) throws(FormatError) {
            try fields(range, once: [4, 7]) { (reader, field) throws(FormatError) in
                switch field.number {
                case 5:
                    try reader.fields(field.range()) { (reader, part) throws(FormatError) in
                        switch part.number {
                        case 5, 10: _ = try reader.readTensor(part.range(), counts: false)
                        case 6, 11:
                            try reader.readGraph(part.range(), isMain: false, depth: depth + 1)
                        default: break
                        }
                    }
                case 7:
                    let domain = try field.text(reader.source, reader.limits)
                    let isStandard =
                        domain.isEmpty || domain == "ai.onnx" || domain.hasPrefix("ai.onnx.")
                    if !isStandard, reader.domains.count < 64 { reader.domains.insert(domain) }
                default: break
                }
            }
        }

        /// Reads a tensor but not its data; the answer is its name.
        private mutating func readTensor(
            _ range: (start: Int64, end: Int64), counts: Bool
        ) throws(FormatError) -> String {
            var tensor = Tensor()
            try fields(range, once: [2, 8, 9, 14]) { (reader, field) throws(FormatError) in
                try tensor.take(field, &reader)
            }
            let place = range.start
            let name = shown(tensor.name)
            guard let type = ONNX.types[tensor.type] else {
                throw FormatError(
                    .unknown, at: place, "\(name) is of the unknown type \(tensor.type).")
            }
            let elements = try ModelFormats.elements(of: tensor.shape, tensor: name, at: place)
            // Elements of less than a byte are packed, and the last byte may be half used.
            let length = type.bits.flatMap { bits -> Int64? in
                let (total, overflow) = elements.multipliedReportingOverflow(by: bits)
                return overflow ? nil : (total + 7) / 8
            }
            if let raw = tensor.rawBytes, raw != length {
                throw FormatError(
                    .sizeMismatch, at: place,
                    "\(name) has \(raw) bytes for \(elements) elements of \(type.name).")
            }
            if tensor.isExternal {
                guard header.external.count < limits.entries else {
                    throw FormatError(.tooLarge, at: place, "Too many tensors in other files.")
                }
                header.external.append(try tensor.external(length: length, at: place))
            } else if !tensor.outside.isEmpty {
                throw FormatError(
                    .ambiguous, at: place, "\(name) names another file and is said to be here.")
            }
            if counts { try header.count(elements: elements, type: type.name, at: place) }
            return tensor.name
        }

        /// A tensor's fields.
        private struct Tensor {
            var name = ""
            var shape: [Int64] = []
            var type: UInt64 = 0
            var rawBytes: Int64?
            var isExternal = false
            var outside: [String: String] = [:]

            mutating func take(
                _ field: ProtobufField, _ reader: inout Reader
            ) throws(FormatError) {
                switch field.number {
                case 1:
                    switch field.value {
                    case .number(let number): shape.append(Int64(bitPattern: number))
                    default:
                        let range = try field.range()
                        var packed = ProtobufReader(
                            reader.source, from: range.start, to: range.end)
                        while !packed.cursor.isAtEnd {
                            shape.append(Int64(bitPattern: try packed.varint()))
                            guard shape.count <= 64 else { break }
                        }
                    }
                    guard shape.count <= 64 else {
                        throw FormatError(
                            .tooLarge, at: field.offset, "A tensor has more than 64 dimensions.")
                    }
                case 2: type = try field.integer()
                case 8: name = try field.text(reader.source, reader.limits)
                case 9:
                    let range = try field.range()
                    rawBytes = range.end - range.start
                case 13:
                    let entry = try reader.pair(field, key: 1, value: 2)
                    guard outside.updateValue(entry.value, forKey: entry.key) == nil else {
                        throw FormatError(
                            .duplicate, at: field.offset,
                            "\(shown(entry.key)) of a tensor in another file is there twice.")
                    }
                case 14: isExternal = try field.integer() == 1
                default: break
                }
            }

            func external(
                length: Int64?, at place: Int64
            ) throws(FormatError) -> ModelHeader.External {
                let location = outside["location"] ?? ""
                let parts = location.split(separator: "/", omittingEmptySubsequences: false)
                guard !location.isEmpty, !location.hasPrefix("/"), !location.contains("\\"),
                    !location.contains("\0"), !parts.contains("..")
                else {
                    throw FormatError(
                        .escape, at: place,
                        "\(shown(name)) lies in \(shown(location)), which is no path inside the model."
                    )
                }
                func number(_ key: String) throws(FormatError) -> Int64? {
                    guard let text = outside[key] else { return nil }
                    guard let number = Int64(text), number >= 0 else {
                        throw FormatError(
                            .number, at: place, "The \(key) of \(shown(name)) is no number.")
                    }
                    return number
                }
                let stated = try number("length")
                if let stated, let length, stated != length {
                    throw FormatError(
                        .sizeMismatch, at: place,
                        "\(shown(name)) is said to have \(stated) bytes, and its shape has \(length)."
                    )
                }
                return .init(
                    location: location, offset: try number("offset") ?? 0,
                    length: stated ?? length, tensor: String(name.prefix(200)))
            }
        }
    }
}

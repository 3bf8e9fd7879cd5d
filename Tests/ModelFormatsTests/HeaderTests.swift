// Headers of weights files: what good ones say, and where bad ones are wrong.

import TestSupport
import Testing

@testable import ModelFormats

@Suite struct `A safetensors header` {
    static let good = #"{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#

    static func read(_ bytes: [UInt8]) throws(FormatError) -> ModelHeader {
        try Safetensors.header(of: ByteSource(bytes))
    }

    @Test func `says tensors, parameters, types and metadata`() throws {
        let header = try Self.read(
            Samples.safetensors(
                #"{"__metadata__":{"license":"MIT","modelspec.title":"T"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"e":{"dtype":"I8","shape":[0],"data_offsets":[24,24]},"s":{"dtype":"BF16","shape":[],"data_offsets":[24,26]}}    "#,
                data: 26))
        #expect(header.tensors == 3 && header.parameters == 7)
        #expect(header.types == ["F32": 6, "I8": 0, "BF16": 1])
        #expect(header.licences == ["MIT"] && header.name == "T")
        #expect(try Self.read([8, 0, 0, 0, 0, 0, 0, 0] + Array("{}      ".utf8)).tensors == 0)
    }

    static func tensor(_ dtype: String, _ shape: String, _ offsets: String) -> String {
        #"{"a":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}}"#
    }

    static let bad: [(String, [UInt8], FormatError.Code)] = [
        ("a length beyond the file", Samples.safetensors(good, data: 0, length: 4000), .truncated),
        ("a length of all ones", Samples.safetensors(good, data: 24, length: .max), .truncated),
        ("no length", [1, 2, 3], .truncated),
        ("a list", Samples.safetensors("[]", data: 0), .malformed),
        ("NaN", Samples.safetensors(tensor("F32", "[NaN]", "[0,4]"), data: 4), .malformed),
        ("padding that is not spaces", Samples.safetensors(good + "\n", data: 24), .malformed),
        (
            "a tensor twice",
            Samples.safetensors(
                #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#,
                data: 1), .duplicate
        ),
        ("an unknown type", Samples.safetensors(tensor("F3", "[1]", "[0,4]"), data: 4), .unknown),
        (
            "a negative dimension", Samples.safetensors(tensor("F32", "[-1]", "[0,4]"), data: 4),
            .number
        ),
        (
            "a shape that does not fit",
            Samples.safetensors(tensor("F32", "[4294967296,4294967296]", "[0,4]"), data: 4),
            .number
        ),
        (
            "a fraction for a dimension",
            Samples.safetensors(tensor("F32", "[1.5]", "[0,6]"), data: 6), .number
        ),
        (
            "a size that is not the shape's",
            Samples.safetensors(tensor("F32", "[2]", "[0,4]"), data: 4), .sizeMismatch
        ),
        (
            "offsets in the wrong order",
            Samples.safetensors(tensor("F32", "[1]", "[4,0]"), data: 4), .sizeMismatch
        ),
        ("data missing", Samples.safetensors(good, data: 23), .truncated),
        ("data behind the last tensor", Samples.safetensors(good, data: 25), .hole),
        (
            "a hole before the first", Samples.safetensors(tensor("U8", "[1]", "[1,2]"), data: 2),
            .hole
        ),
        (
            "an overlap",
            Samples.safetensors(
                #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#,
                data: 3), .overlap
        ),
        (
            "an unknown member",
            Samples.safetensors(
                #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}"#, data: 1),
            .malformed
        ),
        (
            "metadata that are no texts",
            Samples.safetensors(#"{"__metadata__":{"a":1}}"#, data: 0), .malformed
        ),
    ]

    @Test(arguments: bad)
    func `with a fault is refused, and the fault named`(
        what: String, bytes: [UInt8], code: FormatError.Code
    ) {
        let error = #expect(throws: FormatError.self, "\(what)") { try Self.read(bytes) }
        #expect(error?.code == code, "\(what): \(error as Any)")
    }

    @Test func `that is longer than is read is refused before it is read`() {
        var limits = FormatLimits()
        limits.headerBytes = 16
        let source = ByteSource(size: 1 << 40) { (offset, count) throws(FormatError) in
            guard offset < 64, count <= 1 << 17 else {
                throw FormatError(.unreadable, at: offset, "the reader should not come here")
            }
            return Samples.number(1 << 30, count)
        }
        let error = #expect(throws: FormatError.self) {
            try Safetensors.header(of: source, limits: limits)
        }
        #expect(error?.code == .tooLarge)
    }
}

@Suite struct `A GGUF header` {
    static func read(_ bytes: [UInt8]) throws(FormatError) -> ModelHeader {
        try GGUF.header(of: ByteSource(bytes))
    }

    static func file(_ change: (inout GGUFWriter) -> Void = { _ in }) -> [UInt8] {
        var writer = GGUFWriter()
        writer.add("general.architecture", type: 8, GGUFWriter.text("llama"))
        writer.add("general.license", type: 8, GGUFWriter.text("apache-2.0"))
        writer.add("general.base_model.0.name", type: 8, GGUFWriter.text("Base"))
        writer.add(
            "general.base_model.0.repo_url", type: 8,
            GGUFWriter.text("https://example.org/acme/base"))
        writer.add(
            "words", type: 9, Samples.number(8, 4) + Samples.number(1, 8) + GGUFWriter.text("a"))
        writer.add(tensor: "a", [32, 2], type: 8, offset: 0)
        writer.add(tensor: "b", [3], type: 0, offset: 96)
        writer.data = 96 + 12
        change(&writer)
        return writer.bytes
    }

    @Test func `says architecture, licence, origin, and blocks as elements`() throws {
        let header = try Self.read(Self.file())
        #expect(header.version == "3" && header.architecture == "llama")
        #expect(header.licences == ["apache-2.0"])
        #expect(header.baseModels == ["https://example.org/acme/base"])
        #expect(header.types == ["Q8_0": 64, "F32": 3] && header.parameters == 67)
    }

    static let bad: [(String, [UInt8], FormatError.Code)] = [
        ("another mark", Array("GGUX".utf8) + file().dropFirst(4), .malformed),
        ("another version", file { $0.version = 9 }, .unknown),
        (
            "a key twice",
            file { $0.add("general.license", type: 8, GGUFWriter.text("mit")) }, .duplicate
        ),
        ("an unknown type of value", file { $0.add("x", type: 77, []) }, .unknown),
        ("a bool of 2", file { $0.add("x", type: 7, [2]) }, .malformed),
        ("NaN", file { $0.add("x", type: 6, [0, 0, 0xC0, 0x7F]) }, .number),
        (
            "a text beyond the file", file { $0.add("x", type: 8, Samples.number(1 << 60, 8)) },
            .truncated
        ),
        (
            "an array beyond the file",
            file { $0.add("x", type: 9, Samples.number(4, 4) + Samples.number(1 << 40, 8)) },
            .truncated
        ),
        (
            "an impossible alignment",
            file { $0.add("general.alignment", type: 4, Samples.number(24, 4)) }, .number
        ),
        (
            "a text that is not UTF-8",
            file { $0.add("x", type: 8, Samples.number(1, 8) + [0xFF]) }, .malformed
        ),
        (
            "a tensor twice",
            file {
                $0.add(tensor: "a", [1], type: 0, offset: 128)
                $0.data = 132
            }, .duplicate
        ),
        (
            "an unknown type of tensor",
            file { $0.add(tensor: "c", [1], type: 4, offset: 128) }, .unknown
        ),
        (
            "five dimensions", file { $0.add(tensor: "c", [1, 1, 1, 1, 1], type: 0, offset: 128) },
            .number
        ),
        (
            "rows that are no blocks",
            file { $0.add(tensor: "c", [31], type: 8, offset: 128) }, .sizeMismatch
        ),
        ("an overlap", file { $0.add(tensor: "c", [1], type: 0, offset: 96) }, .overlap),
        ("a hole", file { $0.add(tensor: "c", [1], type: 0, offset: 160) }, .hole),
        ("data missing", file { $0.data = 100 }, .truncated),
        ("bytes behind the last tensor", file { $0.data = 96 + 12 + 64 }, .hole),
        (
            "a shape that does not fit",
            file { $0.add(tensor: "c", [1 << 40, 1 << 40], type: 0, offset: 128) }, .number
        ),
    ]

    @Test(arguments: bad)
    func `with a fault is refused, and the fault named`(
        what: String, bytes: [UInt8], code: FormatError.Code
    ) {
        let error = #expect(throws: FormatError.self, "\(what)") { try Self.read(bytes) }
        #expect(error?.code == code, "\(what): \(error as Any)")
    }

    @Test func `that ends anywhere before its end is refused`() {
        let whole = Self.file()
        for count in 0..<whole.count {
            #expect(throws: FormatError.self, "\(count)") { try Self.read(Array(whole[..<count])) }
        }
    }
}

@Suite struct `An ONNX file` {
    static func read(_ bytes: [UInt8]) throws(FormatError) -> ModelHeader {
        try ONNX.header(of: ByteSource(bytes))
    }

    static let raw = Protobuf.field(9, [UInt8](repeating: 0, count: 24))

    static func outside(_ entries: [(String, String)]) -> [UInt8] {
        entries.flatMap { Protobuf.field(13, Protobuf.field(1, $0.0) + Protobuf.field(2, $0.1)) }
            + Protobuf.field(14, 1)
    }

    @Test func `says parameters, types, metadata, foreign operators and files elsewhere`() throws {
        let node = Protobuf.field(1, Protobuf.field(4, "Op") + Protobuf.field(7, "com.example"))
        let header = try Self.read(
            Protobuf.model(
                graph: node + Protobuf.tensor("w", [2, 3], Self.raw)
                    + Protobuf.tensor(
                        "x", [4], Self.outside([("location", "w.data"), ("length", "16")])),
                Protobuf.field(14, Protobuf.field(1, "license") + Protobuf.field(2, "MIT"))))
        #expect(header.version == "8" && header.parameters == 10 && header.types == ["FLOAT": 10])
        #expect(header.licences == ["MIT"] && header.customDomains == ["com.example"])
        #expect(header.external.map(\.location) == ["w.data"])
        #expect(header.external.first?.length == 16)
    }

    static func graph(_ tensor: [UInt8]) -> [UInt8] { Protobuf.model(graph: tensor) }

    static let bad: [(String, [UInt8], FormatError.Code)] = [
        ("no graph", Protobuf.field(1, 8), .malformed),
        ("two graphs", Protobuf.model(graph: [], Protobuf.field(7, [UInt8]())), .duplicate),
        ("a field beyond its message", [0x08, 8, 0x3A, 5, 0], .truncated),
        ("a group", [0x08, 8, 0x3B], .malformed),
        ("a number of eleven bytes", [0x08] + [UInt8](repeating: 0xFF, count: 11), .number),
        ("field number nought", [0x08, 8, 0x00, 0], .malformed),
        ("an unknown type", graph(Protobuf.tensor("w", [1], type: 99)), .unknown),
        ("data too short", graph(Protobuf.tensor("w", [7], raw)), .sizeMismatch),
        ("a negative dimension", graph(Protobuf.tensor("w", [.max], raw)), .number),
        (
            "an initializer twice",
            graph(Protobuf.tensor("w", [2, 3], raw) + Protobuf.tensor("w", [2, 3], raw)),
            .duplicate
        ),
        (
            "data outside the model",
            graph(Protobuf.tensor("w", [1], outside([("location", "../../etc/passwd")]))), .escape
        ),
        (
            "data at an absolute path",
            graph(Protobuf.tensor("w", [1], outside([("location", "/etc/passwd")]))), .escape
        ),
        (
            "a length that is not the shape's",
            graph(
                Protobuf.tensor(
                    "w", [1], outside([("location", "d"), ("length", "5")]))), .sizeMismatch
        ),
        (
            "a name that is not UTF-8",
            graph(Protobuf.field(5, Protobuf.field(2, 1) + Protobuf.field(8, [0xFF]))), .malformed
        ),
    ]

    @Test(arguments: bad)
    func `with a fault is refused, and the fault named`(
        what: String, bytes: [UInt8], code: FormatError.Code
    ) {
        let error = #expect(throws: FormatError.self, "\(what)") { try Self.read(bytes) }
        #expect(error?.code == code, "\(what): \(error as Any)")
    }

    @Test func `nested without end is refused`() {
        var graph: [UInt8] = []
        for _ in 0..<40 {
            graph = Protobuf.field(1, Protobuf.field(5, Protobuf.field(6, graph)))
        }
        let error = #expect(throws: FormatError.self) {
            try Self.read(Protobuf.model(graph: graph))
        }
        #expect(error?.code == .tooLarge)
    }
}

@Suite struct `A header that a real writer wrote` {
    @Test func `is read: safetensors`() throws {
        let header = try #require(
            try Samples.examine(Samples.corpus("tiny.safetensors"), "renamed.bin").header)
        #expect(header.format == .safetensors && header.parameters == 13)
        #expect(header.types == ["F32": 6, "I64": 3, "F16": 4])
        #expect(header.licences == ["apache-2.0"] && header.baseModels == ["acme/base"])
    }

    @Test func `is read: GGUF`() throws {
        let header = try #require(
            try Samples.examine(Samples.corpus("tiny.gguf"), "renamed.bin").header)
        #expect(header.format == .gguf && header.parameters == 67)
        #expect(header.name == "Tiny" && header.architecture == "llama")
        #expect(header.baseModels == ["https://huggingface.co/acme/base"])
    }

    @Test func `is read: ONNX`() throws {
        let header = try #require(
            try Samples.examine(Samples.corpus("tiny.onnx"), "renamed.bin").header)
        #expect(header.format == .onnx && header.parameters == 6 && header.name == "tiny")
        #expect(header.licences == ["MIT"] && header.customDomains == ["com.example"])
    }
}

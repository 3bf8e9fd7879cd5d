// Small files of each format, made by hand: good ones to start from, and the means to break them.

import Foundation
import TestSupport

@testable import ModelFormats

enum Samples {
    /// A file of Tests/Corpus/formats, which other people's writers made.
    static func corpus(_ name: String) throws -> [UInt8] {
        Array(
            try Data(
                contentsOf: URL(
                    fileURLWithPath: "\(Peers.repository)/Tests/Corpus/formats/\(name)")))
    }

    static var corpusNames: [String] {
        let folder = "\(Peers.repository)/Tests/Corpus/formats"
        return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    static func number(_ value: UInt64, _ bytes: Int) -> [UInt8] {
        (0..<bytes).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    static func safetensors(_ header: String, data: Int, length: UInt64? = nil) -> [UInt8] {
        let text = Array(header.utf8)
        return number(length ?? UInt64(text.count), 8) + text
            + [UInt8](repeating: 0, count: data)
    }

    static func examine(_ bytes: [UInt8], _ name: String = "file") throws -> FileExamination {
        try FileExamination(ByteSource(bytes), name: name)
    }
}

/// Writes GGUF files, right and wrong.
struct GGUFWriter {
    var version: UInt64 = 3
    var entries: [[UInt8]] = []
    var tensors: [[UInt8]] = []
    var data = 0
    var alignment = 32

    static func text(_ text: String) -> [UInt8] {
        Samples.number(UInt64(text.utf8.count), 8) + Array(text.utf8)
    }

    mutating func add(_ key: String, type: UInt64, _ value: [UInt8]) {
        entries.append(Self.text(key) + Samples.number(type, 4) + value)
    }

    mutating func add(
        tensor name: String, _ shape: [UInt64], type: UInt64, offset: UInt64
    ) {
        tensors.append(
            Self.text(name) + Samples.number(UInt64(shape.count), 4)
                + shape.flatMap { Samples.number($0, 8) } + Samples.number(type, 4)
                + Samples.number(offset, 8))
    }

    var bytes: [UInt8] {
        var bytes =
            Array("GGUF".utf8) + Samples.number(version, 4)
            + Samples.number(UInt64(tensors.count), 8) + Samples.number(UInt64(entries.count), 8)
            + entries.flatMap { $0 } + tensors.flatMap { $0 }
        if data > 0 {
            while bytes.count % alignment != 0 { bytes.append(0) }
            bytes += [UInt8](repeating: 0, count: data)
        }
        return bytes
    }
}

/// Writes messages of protocol buffers.
enum Protobuf {
    static func varint(_ value: UInt64) -> [UInt8] {
        var (value, bytes) = (value, [UInt8]())
        while value >= 0x80 {
            bytes.append(UInt8(value & 0x7F) | 0x80)
            value >>= 7
        }
        return bytes + [UInt8(value)]
    }

    static func field(_ number: UInt64, _ value: UInt64) -> [UInt8] {
        varint(number << 3) + varint(value)
    }

    static func field(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] {
        varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
    }

    static func field(_ number: UInt64, _ text: String) -> [UInt8] {
        field(number, Array(text.utf8))
    }

    /// An initializer.
    static func tensor(
        _ name: String, _ shape: [UInt64], type: UInt64 = 1, _ more: [UInt8] = []
    ) -> [UInt8] {
        field(5, shape.flatMap { field(1, $0) } + field(2, type) + field(8, name) + more)
    }

    static func model(graph: [UInt8], _ more: [UInt8] = []) -> [UInt8] {
        field(1, 8) + field(7, graph) + more
    }
}

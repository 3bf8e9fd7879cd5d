// Files broken at random, the same way in every run: readers answer or throw, within a bound.

import TestSupport
import Testing

@testable import ModelFormats

@Suite struct `Broken files` {
    /// One file with a few bytes changed, taken out, doubled, or replaced by telling numbers.
    static func broken(_ bytes: [UInt8], _ random: inout SplitMix) -> [UInt8] {
        var bytes = bytes
        for _ in 0...Int.random(in: 0..<3, using: &random) {
            guard !bytes.isEmpty else { return bytes }
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 2: bytes.removeLast(bytes.count - place)
            case 3:
                let end = min(bytes.count, place + Int.random(in: 1...16, using: &random))
                bytes.insert(contentsOf: bytes[place..<end], at: place)
            case 4:
                let end = min(bytes.count, place + Int.random(in: 1...8, using: &random))
                bytes.removeSubrange(place..<end)
            default:
                let telling: [UInt64] = [
                    0, 1, 0x7F, 0x80, 0xFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 53, .max >> 1, .max,
                ]
                let number = telling.randomElement(using: &random) ?? 0
                for (index, byte) in Samples.number(number, 8).enumerated()
                where place + index < bytes.count {
                    bytes[place + index] = byte
                }
            }
        }
        return bytes
    }

    @Test(arguments: Samples.corpusNames)
    func `end in an answer or an error, never in a crash or without end`(name: String) throws {
        let whole = try Samples.corpus(name)
        var random = SplitMix(state: UInt64(whole.count))
        let clock = ContinuousClock()
        let start = clock.now
        for _ in 0..<1_500 {
            let bytes = Self.broken(whole, &random)
            let found = try Samples.examine(bytes, name)
            #expect((found.header?.parameters ?? 0) >= 0)
            for fault in found.faults { #expect(!fault.error.message.isEmpty) }
        }
        #expect(clock.now - start < .seconds(60))
    }

    @Test func `of a header are read the same way twice, or wrong the same way twice`() throws {
        for name in ["tiny.safetensors", "tiny.gguf", "tiny.onnx"] {
            let whole = try Samples.corpus(name)
            var random = SplitMix(state: 4)
            for _ in 0..<300 {
                let bytes = Self.broken(whole, &random)
                // A file that is read in other pieces is the same file.
                let pieces = ByteSource(size: Int64(bytes.count)) {
                    (offset, count) throws(FormatError) in
                    Array(bytes[Int(offset)..<Int(offset) + count])
                }
                let whole = try Samples.examine(bytes, name)
                #expect(try FileExamination(pieces, name: name) == whole)
            }
        }
    }
}

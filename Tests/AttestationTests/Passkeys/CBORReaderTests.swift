import TestSupport
import Testing

@testable import Attestation

@Suite struct `CBOR of authenticators` {
    // Examples of RFC 8949, appendix A.
    static let good: [([UInt8], CBOR)] = [
        ([0x00], .integer(0)), ([0x17], .integer(23)), ([0x18, 0x18], .integer(24)),
        ([0x19, 0x03, 0xE8], .integer(1_000)),
        ([0x1A, 0x00, 0x0F, 0x42, 0x40], .integer(1_000_000)),
        ([0x1B, 0, 0, 0, 0xE8, 0xD4, 0xA5, 0x10, 0], .integer(1_000_000_000_000)),
        ([0x20], .integer(-1)), ([0x38, 0x63], .integer(-100)),
        ([0x39, 0x03, 0xE7], .integer(-1_000)),
        ([0xF4], .bool(false)), ([0xF5], .bool(true)), ([0xF6], .null), ([0x40], .bytes([])),
        ([0x44, 1, 2, 3, 4], .bytes([1, 2, 3, 4])), ([0x60], .text("")),
        ([0x64, 0x49, 0x45, 0x54, 0x46], .text("IETF")), ([0x62, 0xC3, 0xBC], .text("ü")),
        ([0x83, 1, 2, 3], .array([.integer(1), .integer(2), .integer(3)])),
        ([0xA2, 1, 2, 3, 4], .map([.integer(1): .integer(2), .integer(3): .integer(4)])),
        ([0xA1, 0x61, 0x61, 0x81, 0x01], .map([.text("a"): .array([.integer(1)])])),
        ([0x81, 0x81, 0x81, 0x80], .array([.array([.array([.array([])])])])),
    ]

    @Test(arguments: good) func `is read`(bytes: [UInt8], value: CBOR) {
        #expect(CBORReader.value(of: bytes[...]) == value)
        #expect(CBORReader.value(of: (bytes + [0])[...]) == nil, "one byte more")
        #expect(CBORReader.value(of: bytes.dropLast()) == nil, "one byte less")
    }

    @Test(
        arguments: [
            // Not the shortest form.
            [0x18, 0x17], [0x19, 0x00, 0xFF], [0x1A, 0, 0, 0xFF, 0xFF], [0x58, 0x01, 0xAA],
            [0x1B, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF],
            // Beyond what is counted with.
            [0x1B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x3B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x5B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0x9A, 0xFF, 0xFF, 0xFF, 0xFF],
            [0xBA, 0xFF, 0xFF, 0xFF, 0xFF],
            // Indefinite, tags, floats, other simple values, reserved.
            [0x5F, 0x41, 1, 0xFF], [0x9F, 0xFF], [0xBF, 0xFF], [0xC0, 0x60], [0xF9, 0, 0], [0xF7],
            [0xF8, 0x20], [0xFF], [0x1C], [0x1F],
            // Not UTF-8, the same key twice, a key that is no name, too deep.
            [0x61, 0xFF], [0xA2, 1, 2, 1, 3], [0xA1, 0x40, 0], [0xA1, 0x80, 0],
            [0x81, 0x81, 0x81, 0x81, 0x80], [],
        ] as [[UInt8]])
    func `is refused`(bytes: [UInt8]) {
        #expect(CBORReader.value(of: bytes[...]) == nil)
    }

    @Test func `is refused when it is long`() {
        let long: [UInt8] = [0x59, 0x20, 0x00] + [UInt8](repeating: 0, count: 0x2000)
        #expect(CBORReader.value(of: long[...]) == nil)
    }

    @Test func `never trips, whatever stands there`() throws {
        var numbers = SplitMix(state: 8_949)
        let soft = try SoftAuthenticator()
        let seed = soft.create([1, 2, 3]).attestationObject
        var read = 0
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                let index = bytes.indices.randomElement(using: &numbers) ?? 0
                switch Int.random(in: 0..<3, using: &numbers) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &numbers)
                case 1: bytes.remove(at: index)
                default: bytes.insert(UInt8.random(in: 0...255, using: &numbers), at: index)
                }
            }
            if CBORReader.value(of: bytes[...]) != nil { read += 1 }
            _ = AuthenticatorData(bytes)
            _ = AuthenticatorData(Array(bytes.dropFirst(30)))
            let noise = (0..<40).map { _ in UInt8.random(in: 0...255, using: &numbers) }
            _ = CBORReader.value(of: noise[...])
        }
        #expect(read > 0)
    }
}

// Values and texts for tests, the same in every run.

import CanonicalJSON

/// SplitMix64: enough for choosing tests, and reproducible.
struct Generator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    mutating func value(depth: Int) -> JSON {
        switch below(depth > 0 ? 9 : 7) {
        case 0: .null
        case 1: .bool(below(2) == 0)
        case 2: .integer(Int64(truncatingIfNeeded: next()) >> Int64(11 + below(50)))
        case 3: number()
        case 4, 5, 6: .string(text())
        case 7: .array((0..<below(5)).map { _ in value(depth: depth - 1) })
        default: object(depth: depth)
        }
    }

    private mutating func object(depth: Int) -> JSON {
        var members: [String: JSON] = [:]
        for _ in 0..<below(6) { members[text()] = value(depth: depth - 1) }
        return .object(members)
    }

    mutating func number() -> JSON {
        let value = Double(bitPattern: next())
        return .number(value.isFinite ? value : 0.1)
    }

    mutating func text() -> String {
        let alphabets: [ClosedRange<UInt32>] = [
            0...0x1F, 0x20...0x7E, 0x20...0x7E, 0x61...0x63, 0x80...0x7FF, 0xE000...0xFFFF,
            0x1F600...0x1F64F, 0x300...0x30F,
        ]
        var text = ""
        for _ in 0..<below(8) {
            let range = alphabets[below(alphabets.count)]
            let code = range.lowerBound + UInt32(below(range.count))
            if let scalar = Unicode.Scalar(code) { text.unicodeScalars.append(scalar) }
        }
        return text
    }

    /// A text near to JSON: a generated value, spelt loosely, with some bytes altered.
    mutating func nearlyJSON() -> [UInt8] {
        let value = value(depth: 3)
        var bytes = below(2) == 0 ? value.canonicalBytes : value.prettyBytes
        let tokens = [
            "\"", "\\", "\\u", "\\ud83d", "\\ude00", "{", "}", "[", "]", ",", ":", "0", "-", ".",
            "e", "1e5", "null", "tru", " ", "\n", "\t", "\u{FEFF}", "é", "00", "\\n", "\"a\":1,",
            "9007199254740993", "1.50", "-0", "1e400", "NaN", "\u{0}",
        ]
        for _ in 0..<below(4) {
            let place = below(bytes.count + 1)
            switch below(4) {
            case 0 where !bytes.isEmpty: bytes.remove(at: min(place, bytes.count - 1))
            case 1 where !bytes.isEmpty:
                bytes[min(place, bytes.count - 1)] = UInt8(truncatingIfNeeded: next())
            case 2 where !bytes.isEmpty: bytes.removeSubrange(min(place, bytes.count - 1)...)
            default: bytes.insert(contentsOf: tokens[below(tokens.count)].utf8, at: place)
            }
        }
        return bytes
    }
}

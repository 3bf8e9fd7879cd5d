// Reads the signature of an entry from its bytes without building JSON: a verifier of a whole log reads
// millions of them.
//
// Because entries are canonical (RFC 8785) and their signature has a fixed form (SignedEntry.swift),
// there is exactly one spelling of every value:
//
//     {"batch":{"index":<n>,"path":["<hex>",…],"size":<n>},"key":"<hex>","value":"<base64>"}
//
// Numbers have no sign and no leading zero; hex is 64 lowercase digits; base64 has no escapes. What has
// another spelling is refused here and read by the general reader, which says what is wrong with it.

internal import Cryptography

/// A position in bytes that are compared with what must stand there.
struct SealScanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0

    /// The members of a signature.
    struct Seal {
        let index: Int64
        let size: Int64
        let path: [SHA256Digest]
        let key: KeyID
        let value: [UInt8]
    }

    /// The signature, if it stands there in its one spelling and is all that stands there.
    static func scan(_ bytes: UnsafeBufferPointer<UInt8>) -> Seal? {
        var scanner = SealScanner(bytes: bytes)
        return scanner.seal()
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    private mutating func seal() -> Seal? {
        guard take(#"{"batch":{"index":"#), let index = number(), take(#","path":["#) else {
            return nil
        }
        var path: [SHA256Digest] = []
        if !take("]") {
            path.reserveCapacity(16)
            repeat {
                guard path.count < 16, let hash = hex().flatMap({ SHA256Digest(bytes: $0) }) else {
                    return nil
                }
                path.append(hash)
            } while take(",")
            guard take("]") else { return nil }
        }
        guard take(#","size":"#), let size = number(), take(#"},"key":"#),
            let key = hex().flatMap({ SHA256Digest(bytes: $0) }), take(#","value":""#),
            let value = base64(), take(#""}"#), place == bytes.count,
            index < SignedEntry.maximumBatch, (1...SignedEntry.maximumBatch).contains(size)
        else { return nil }
        return Seal(index: index, size: size, path: path, key: KeyID(key), value: value)
    }

    private mutating func take(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard place + count <= bytes.count else { return false }
        for offset in 0..<count where bytes[place + offset] != text.utf8Start[offset] {
            return false
        }
        place += count
        return true
    }

    private mutating func number() -> Int64? {
        let start = place
        var value: Int64 = 0
        while place < bytes.count, case let digit = bytes[place] &- 0x30, digit < 10 {
            value = value * 10 + Int64(digit)
            place += 1
            guard place - start <= 6 else { return nil }
        }
        guard place > start, place - start == 1 || bytes[start] != 0x30 else { return nil }
        return value
    }

    /// 32 bytes in quotes.
    private mutating func hex() -> [UInt8]? {
        guard place + 66 <= bytes.count, take("\"") else { return nil }
        var read: [UInt8] = []
        read.reserveCapacity(32)
        for pair in 0..<32 {
            guard let high = Self.digit(bytes[place + 2 * pair]),
                let low = Self.digit(bytes[place + 2 * pair + 1])
            else { return nil }
            read.append(high << 4 | low)
        }
        place += 64
        return take("\"") ? read : nil
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    /// Everything up to the next quote, decoded.
    private mutating func base64() -> [UInt8]? {
        let start = place
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") { place += 1 }
        return Base64.decode(String(decoding: bytes[start..<place], as: UTF8.self))
    }
}

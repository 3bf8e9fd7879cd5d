// Helpers that turn published vectors into the bytes that the room takes.

@testable import Cryptography

extension String {
    /// The bytes of a vector in hexadecimal of either case, blanks ignored.
    var hexBytes: [UInt8] {
        Hex.decode(lowercased().filter { !$0.isWhitespace }) ?? []
    }
}

/// DER as far as signatures and keys need it.
enum DER {
    static func element(_ tag: UInt8, _ body: [UInt8]) -> [UInt8] {
        if body.count < 0x80 { return [tag, UInt8(body.count)] + body }
        if body.count < 0x100 { return [tag, 0x81, UInt8(body.count)] + body }
        return [tag, 0x82, UInt8(body.count >> 8), UInt8(body.count & 0xFF)] + body
    }

    static func integer(_ magnitude: [UInt8]) -> [UInt8] {
        let digits = Array(magnitude.drop { $0 == 0 })
        return element(0x02, (digits.first ?? 0x80) >= 0x80 ? [0] + digits : digits)
    }

    static func signature(_ r: [UInt8], _ s: [UInt8]) -> [UInt8] {
        element(0x30, integer(r) + integer(s))
    }

    /// The two integers of a signature without leading zeros; nil when it is not of that shape.
    static func parts(_ signature: [UInt8]) -> (r: [UInt8], s: [UInt8])? {
        guard let list = body(0x30, signature[...])?.body, let r = body(0x02, list),
            let s = body(0x02, r.rest), s.rest.isEmpty
        else { return nil }
        return (Array(r.body.drop { $0 == 0 }), Array(s.body.drop { $0 == 0 }))
    }

    private static func body(
        _ tag: UInt8, _ bytes: ArraySlice<UInt8>
    ) -> (body: ArraySlice<UInt8>, rest: ArraySlice<UInt8>)? {
        var bytes = bytes
        guard bytes.popFirst() == tag, var count = bytes.popFirst() else { return nil }
        if count == 0x81 { count = bytes.popFirst() ?? 0 }
        guard bytes.count >= Int(count) else { return nil }
        return (bytes.prefix(Int(count)), bytes.dropFirst(Int(count)))
    }
}

/// a − b for magnitudes of the same width, big-endian.
func difference(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] {
    var result = a
    var borrow = 0
    let padded = [UInt8](repeating: 0, count: a.count - b.count) + b
    for index in a.indices.reversed() {
        let value = Int(a[index]) - Int(padded[index]) - borrow
        borrow = value < 0 ? 1 : 0
        result[index] = UInt8(truncatingIfNeeded: value)
    }
    return result
}

/// The orders n of the groups (SEC 2).
let groupOrders: [KeyAlgorithm: [UInt8]] = [
    .ecdsaP256: "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551".hexBytes,
    .ecdsaP384:
        ("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        + "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973").hexBytes,
    .ecdsaP521:
        ("01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        + "FA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409").hexBytes,
]

func publicKey(
    _ algorithm: KeyAlgorithm, x: String, y: String
) throws(CryptographyError) -> PublicKey {
    try PublicKey(spki: (algorithm.spkiPrefix ?? []) + x.hexBytes + y.hexBytes)
}

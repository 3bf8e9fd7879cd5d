// The Ed25519 public keys that OpenSSL would accept and nobody should.
//
// Specification. A key is a number y, little-endian in 255 bits, and the sign of x in the last bit
// (RFC 8032 section 5.1.2). Refused are
// - y of p = 2^255 − 19 or more: RFC 8032 section 5.1.3 says that decoding fails; such a key would
//   be a second encoding of another one;
// - the eight points of small order: y = 0, 1, −1 and the two y of order eight. For them one
//   signature holds for many messages, so whoever registers such a key can deny every signature.

/// Checks of the encoded point of a key.
enum Ed25519Point {
    /// Throws `malformedKey` or `unsupportedKey` for the encodings named above.
    static func check(_ encoding: [UInt8]) throws(CryptographyError) {
        var y = encoding
        y[31] &= 0x7F
        if y[31] == 0x7F, y[1..<31].allSatisfy({ $0 == 0xFF }), y[0] >= 0xED {
            throw CryptographyError(.malformedKey, "The Ed25519 key is not reduced modulo p.")
        }
        if smallOrder.contains(y) {
            throw CryptographyError(.unsupportedKey, "The Ed25519 key is a point of small order.")
        }
    }

    private static let smallOrder: [[UInt8]] = [
        [UInt8](repeating: 0, count: 32),
        [1] + [UInt8](repeating: 0, count: 31),
        [0xEC] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
        [
            0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF,
            0x98, 0xF0, 0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88,
            0x6D, 0x53, 0xFC, 0x05,
        ],
        [
            0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10,
            0x67, 0x0F, 0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77,
            0x92, 0xAC, 0x03, 0x7A,
        ],
    ]
}

// What a token leaves to us: hashing by any of the algorithms, and ECDSA signatures in DER.

internal import COpenSSL

/// Between what a token gives and what everybody else wants.
enum TokenEncoding {
    /// The digest of a message; nil when OpenSSL cannot.
    static func hash(_ message: [UInt8], by algorithm: OpaquePointer) -> [UInt8]? {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard EVP_Digest(message, message.count, &digest, &count, algorithm, nil) == 1 else {
            ErrorQueue.clear()
            return nil
        }
        return Array(digest.prefix(Int(count)))
    }

    /// r and s, each half of the bytes, as the SEQUENCE of RFC 3279 section 2.2.3.
    static func ecdsaInDER(_ pair: [UInt8]) -> [UInt8]? {
        func integer(_ half: ArraySlice<UInt8>) -> [UInt8] {
            var bytes = Array(half.drop { $0 == 0 })
            // Positive, and zero is one byte.
            if bytes.first.map({ $0 >= 0x80 }) ?? true { bytes.insert(0, at: 0) }
            return [0x02, UInt8(bytes.count)] + bytes
        }
        let half = pair.count / 2
        guard (1...66).contains(half) else { return nil }
        let content = integer(pair[..<half]) + integer(pair[half...])
        let header: [UInt8] =
            content.count < 128
            ? [0x30, UInt8(content.count)] : [0x30, 0x81, UInt8(content.count)]
        return header + content
    }
}

// Unpredictable bytes, and the comparison that does not tell how far it came.

internal import COpenSSL

/// Randomness from the operating system through OpenSSL's generator.
package enum Random {
    /// Bytes that nobody can predict.
    ///
    /// Stops the process when there are none to be had: everything made from then on (keys, nonces,
    /// salts) would be worthless, and would look all right.
    package static func bytes(_ count: Int) -> [UInt8] {
        precondition(count >= 0 && count <= 1 << 24, "Ask for at most 16 MiB of randomness.")
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let status = RAND_bytes(buffer.baseAddress, Int32(count))
            precondition(status == 1, "The system has no randomness to give.")
            initialized = count
        }
    }
}

/// Whether two secrets are equal, in a time that depends on their lengths only.
package func constantTimeEquals(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
}

/// Overwrites a secret that is no longer needed.
package func wipe(_ secret: inout [UInt8]) {
    secret.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
}

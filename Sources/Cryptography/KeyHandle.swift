// OpenSSL's key object, owned by exactly one Swift object.

internal import COpenSSL

/// Owns an EVP_PKEY and frees it once.
final class KeyHandle: @unchecked Sendable {  // never altered after init; EVP_PKEY locks its caches
    let pointer: OpaquePointer

    /// Takes over the caller's reference.
    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        EVP_PKEY_free(pointer)
    }

    /// The DER of the public half as SubjectPublicKeyInfo.
    func spki() throws(CryptographyError) -> [UInt8] {
        var buffer: UnsafeMutablePointer<UInt8>?
        let count = i2d_PUBKEY(pointer, &buffer)
        defer { CRYPTO_free(buffer, #file, #line) }
        guard count > 0, let buffer else {
            throw CryptographyError(
                .library, "The public key could not be written.", causes: ErrorQueue.drain())
        }
        return Array(UnsafeBufferPointer(start: buffer, count: Int(count)))
    }
}

/// Runs a body with a memory BIO that holds these bytes; it reads, and never copies them.
func withReadingBIO<R>(
    _ bytes: [UInt8], _ body: (OpaquePointer) throws(CryptographyError) -> R
) throws(CryptographyError) -> R {
    try bytes.withUnsafeBufferPointer { (bytes) throws(CryptographyError) -> R in
        let source = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count))
        let bio = try require(source, "No memory for reading.")
        defer { BIO_free(bio) }
        return try body(bio)
    }
}

/// Runs a body that writes into a memory BIO and gives what it wrote; OpenSSL wipes its copy.
func withWritingBIO(
    _ body: (OpaquePointer) throws(CryptographyError) -> Void
) throws(CryptographyError) -> [UInt8] {
    let bio = try require(BIO_new(BIO_s_mem()), "No memory for writing.")
    defer { BIO_free(bio) }
    try body(bio)
    var start: UnsafePointer<UInt8>?
    let count = shim_bio_data(bio, &start)
    return Array(UnsafeBufferPointer(start: start, count: count))
}

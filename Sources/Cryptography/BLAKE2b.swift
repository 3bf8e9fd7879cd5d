// BLAKE2b with 512 bits (RFC 7693), the second digest of the OpenSSF Model Signing format.

internal import COpenSSL

/// BLAKE2b-512 of a stream, piece by piece.
package final class BLAKE2bHasher {
    private let context: OpaquePointer

    package init() throws(CryptographyError) {
        context = try require(EVP_MD_CTX_new(), "No memory for hashing.")
        try require(EVP_DigestInit_ex(context, EVP_blake2b512(), nil), "No BLAKE2b here.")
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    /// Adds memory that the caller lends.
    package func update(_ bytes: UnsafeRawBufferPointer) throws(CryptographyError) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        try require(EVP_DigestUpdate(context, start, bytes.count), "Hashing failed.")
    }

    /// Ends the stream and gives its 64 bytes; call it once.
    package func finalize() throws(CryptographyError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 64)
        try require(EVP_DigestFinal_ex(context, &digest, nil), "Hashing failed.")
        return digest
    }
}

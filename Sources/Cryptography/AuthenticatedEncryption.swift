// Secrets at rest: nobody can read them, and nobody can alter them unnoticed.
//
// Specification: AES-256-GCM (NIST SP 800-38D). A sealed text is a nonce of 12 bytes, the ciphertext
// (as long as the plaintext) and a tag of 16 bytes. The associated data is not part of it but must
// be the same for opening: put in it what the text belongs to, so that it cannot be moved.
// Nonces are random; SP 800-38D section 8.3 therefore allows 2^32 texts under one key.

internal import COpenSSL

/// AES-256-GCM.
package enum AuthenticatedEncryption {
    /// The number of bytes of a key.
    package static let keyCount = 32
    /// The number of bytes of a nonce.
    package static let nonceCount = 12
    /// The number of bytes of a tag.
    package static let tagCount = 16
    /// The longest plaintext, in bytes: what is larger should be stored in pieces.
    package static let longestPlaintext = 1 << 30

    /// Encrypts; the result is nonce ‖ ciphertext ‖ tag.
    package static func seal(
        _ plaintext: [UInt8], key: [UInt8], associatedData: [UInt8] = []
    ) throws(CryptographyError) -> [UInt8] {
        let nonce = Random.bytes(nonceCount)
        return try seal(plaintext, key: key, associatedData: associatedData, nonce: nonce)
    }

    /// Decrypts; throws `notAuthentic` when key, text or associated data are not those of sealing.
    package static func open(
        _ sealed: [UInt8], key: [UInt8], associatedData: [UInt8] = []
    ) throws(CryptographyError) -> [UInt8] {
        guard sealed.count >= nonceCount + tagCount else {
            throw CryptographyError(.badInput, "The sealed text is too short.")
        }
        let cipher = try Cipher(
            key, Array(sealed.prefix(nonceCount)), associatedData, isEncrypting: false)
        var plaintext = try cipher.process(Array(sealed.dropFirst(nonceCount).dropLast(tagCount)))
        guard try cipher.hasTag(Array(sealed.suffix(tagCount))) else {
            wipe(&plaintext)
            throw CryptographyError(
                .notAuthentic, "The sealed text was altered, or sealed for another purpose.")
        }
        return plaintext
    }

    /// For published vectors: a nonce that is used twice gives the key away.
    static func seal(
        _ plaintext: [UInt8], key: [UInt8], associatedData: [UInt8], nonce: [UInt8]
    ) throws(CryptographyError) -> [UInt8] {
        let cipher = try Cipher(key, nonce, associatedData, isEncrypting: true)
        let ciphertext = try cipher.process(plaintext)
        return nonce + ciphertext + (try cipher.tag())
    }
}

/// One run of the cipher in one direction; a class, so that its context is freed on every path.
private final class Cipher {
    private let context: OpaquePointer
    private let isEncrypting: Bool

    init(
        _ key: [UInt8], _ nonce: [UInt8], _ associatedData: [UInt8], isEncrypting: Bool
    ) throws(CryptographyError) {
        guard key.count == AuthenticatedEncryption.keyCount,
            nonce.count == AuthenticatedEncryption.nonceCount
        else { throw CryptographyError(.badInput, "The key has 32 bytes and the nonce 12.") }
        self.isEncrypting = isEncrypting
        context = try require(EVP_CIPHER_CTX_new(), "No memory for a cipher.")
        try require(
            EVP_CipherInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce, isEncrypting ? 1 : 0),
            "The cipher could not begin.")
        guard !associatedData.isEmpty else { return }
        try Self.checkSize(associatedData)
        var count: Int32 = 0
        try require(
            EVP_CipherUpdate(context, nil, &count, associatedData, Int32(associatedData.count)),
            "The associated data could not be taken in.")
    }

    deinit {
        EVP_CIPHER_CTX_free(context)
    }

    func process(_ text: [UInt8]) throws(CryptographyError) -> [UInt8] {
        guard !text.isEmpty else { return [] }
        try Self.checkSize(text)
        var result = [UInt8](repeating: 0, count: text.count)
        var count: Int32 = 0
        try require(
            EVP_CipherUpdate(context, &result, &count, text, Int32(text.count)),
            "The cipher failed.")
        return result
    }

    func tag() throws(CryptographyError) -> [UInt8] {
        try require(finish(), "The cipher could not end.")
        var tag = [UInt8](repeating: 0, count: AuthenticatedEncryption.tagCount)
        let count = Int32(tag.count)
        try require(
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, count, &tag),
            "The tag could not be read.")
        return tag
    }

    func hasTag(_ tag: [UInt8]) throws(CryptographyError) -> Bool {
        var tag = tag
        let count = Int32(tag.count)
        try require(
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, count, &tag),
            "The tag could not be taken in.")
        defer { ErrorQueue.clear() }
        return finish() == 1
    }

    private func finish() -> Int32 {
        var rest: UInt8 = 0  // GCM has no last block; the pointer must only not be null
        var count: Int32 = 0
        return EVP_CipherFinal_ex(context, &rest, &count)
    }

    private static func checkSize(_ bytes: [UInt8]) throws(CryptographyError) {
        guard bytes.count <= AuthenticatedEncryption.longestPlaintext else {
            throw CryptographyError(.badInput, "At most 1 GiB can be sealed at once.")
        }
    }
}

// Keys that sign. Their secret stays inside OpenSSL, except when it is written as PEM, or in a token.

internal import COpenSSL

/// A private key of an algorithm with which we sign.
///
/// Many threads may use one key at the same time. It cannot be printed, compared or encoded.
package final class PrivateKey: Sendable {
    /// The other half.
    package let publicKey: PublicKey
    private let secret: Secret

    /// Where the private half is.
    private enum Secret {
        case memory(KeyHandle)
        case token(TokenKey)
    }

    /// The longest file that is looked at, in bytes.
    package static let longestPEM = 65_536
    /// The longest passphrase in bytes; OpenSSL has a buffer of this size.
    package static let longestPassphrase = 1_024

    /// What the key is and how it signs.
    package var algorithm: KeyAlgorithm { publicKey.algorithm }

    /// Takes over a key and tries it, so that a file whose halves do not match is found out now.
    private convenience init(_ handle: KeyHandle) throws(CryptographyError) {
        try self.init(.memory(handle), PublicKey(spki: try handle.spki()))
    }

    private init(_ secret: Secret, _ publicKey: PublicKey) throws(CryptographyError) {
        self.secret = secret
        self.publicKey = publicKey
        guard publicKey.algorithm.canSign else {
            throw CryptographyError(.unsupportedKey, "RSA keys are for verifying only.")
        }
        let trial = [UInt8]("imprimatur: a trial of a key".utf8)
        guard publicKey.verify(try sign(trial), over: trial) else {
            throw CryptographyError(.malformedKey, "The halves of the key do not match.")
        }
    }

    /// A key in a token, which keeps it; the PIN opens the token, and is asked for again when the token
    /// was away.
    package convenience init(
        token address: TokenAddress,
        pin: @escaping @Sendable () throws(CryptographyError) -> [UInt8]
    ) throws(CryptographyError) {
        let key = try TokenKey(address, pin: pin)
        try self.init(.token(key), key.publicKey)
    }

    /// Makes a new key.
    package static func generate(_ algorithm: KeyAlgorithm) throws(CryptographyError) -> PrivateKey
    {
        defer { ErrorQueue.clear() }
        guard algorithm.canSign else {
            throw CryptographyError(.unsupportedKey, "RSA keys are for verifying only.")
        }
        let key = algorithm.curve.map { shim_generate_ec($0) } ?? shim_generate_ed25519()
        return try PrivateKey(
            KeyHandle(owning: try require(key, "The key could not be made.")))
    }

    /// Reads a private key in PEM: PKCS#8, PKCS#8 encrypted, or SEC 1 ("EC PRIVATE KEY").
    ///
    /// Throws `passphraseNeeded`, `wrongPassphrase`, `malformedKey` or `unsupportedKey`. A
    /// passphrase given for a key that is not encrypted is ignored.
    package convenience init(
        pem: [UInt8], passphrase: [UInt8]? = nil
    ) throws(CryptographyError) {
        defer { ErrorQueue.clear() }
        guard pem.count <= Self.longestPEM else {
            throw CryptographyError(.malformedKey, "The file is too long to be a private key.")
        }
        try Self.check(passphrase)
        let key = try withReadingBIO(pem) { (bio) throws(CryptographyError) in
            shim_read_private_key(bio, passphrase, passphrase?.count ?? 0)
        }
        guard let key else { throw Self.whyUnreadable(pem, passphrase) }
        try self.init(KeyHandle(owning: key))
    }

    /// The Ed25519 key that follows from a seed of 32 bytes (RFC 8032 section 5.1.5).
    package convenience init(ed25519Seed seed: [UInt8]) throws(CryptographyError) {
        defer { ErrorQueue.clear() }
        guard seed.count == 32 else {
            throw CryptographyError(.malformedKey, "An Ed25519 seed has 32 bytes.")
        }
        let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count)
        try self.init(KeyHandle(owning: try require(key, "The key could not be made.")))
    }

    /// Signs a message; ECDSA signatures of the same message differ each time.
    package func sign(_ message: [UInt8]) throws(CryptographyError) -> [UInt8] {
        let handle: KeyHandle
        switch secret {
        case .token(let key): return try key.sign(message)
        case .memory(let key): handle = key
        }
        let context = try require(EVP_MD_CTX_new(), "No memory for signing.")
        defer { EVP_MD_CTX_free(context) }
        let digest = publicKey.algorithm.messageDigest
        try require(
            EVP_DigestSignInit(context, nil, digest, nil, handle.pointer),
            "Signing could not begin.")
        var signature = [UInt8](repeating: 0, count: publicKey.algorithm.longestSignature)
        var count = signature.count
        try require(
            EVP_DigestSign(context, &signature, &count, message, message.count),
            "The message could not be signed.")
        signature.removeLast(signature.count - count)
        return signature
    }
}

extension PrivateKey {
    /// The rounds of PBKDF2-HMAC-SHA256 for a new file, as OWASP advises since 2023: some 0.2 s.
    private static let rounds: Int32 = 600_000

    /// The key as PKCS#8 in PEM, encrypted when there is a passphrase.
    ///
    /// Encrypted means PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC. The caller wipes the bytes
    /// when they are written.
    package func pem(passphrase: [UInt8]? = nil) throws(CryptographyError) -> [UInt8] {
        defer { ErrorQueue.clear() }
        try Self.check(passphrase)
        guard case .memory(let handle) = secret else {
            throw CryptographyError(.unsupportedKey, "The key does not leave its token.")
        }
        let info = try require(EVP_PKEY2PKCS8(handle.pointer), "The key cannot be written.")
        defer { PKCS8_PRIV_KEY_INFO_free(info) }
        guard let passphrase else {
            return try withWritingBIO { (bio) throws(CryptographyError) in
                try require(
                    PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, info), "The key cannot be written.")
            }
        }
        let sealed = try Self.encrypt(info, passphrase)
        defer { X509_SIG_free(sealed) }
        return try withWritingBIO { (bio) throws(CryptographyError) in
            try require(PEM_write_bio_PKCS8(bio, sealed), "The key cannot be written.")
        }
    }

    private static func encrypt(
        _ info: OpaquePointer, _ passphrase: [UInt8]
    ) throws(CryptographyError) -> OpaquePointer {
        var salt = Random.bytes(16)
        let parameters = try require(
            PKCS5_pbe2_set_iv(
                EVP_aes_256_cbc(), rounds, &salt, Int32(salt.count), nil, NID_hmacWithSHA256),
            "The key cannot be encrypted.")
        let sealed = passphrase.withUnsafeBytes {
            PKCS8_set0_pbe($0.baseAddress, Int32($0.count), info, parameters)
        }
        if sealed == nil { X509_ALGOR_free(parameters) }  // on success it belongs to the result
        return try require(sealed, "The key cannot be encrypted.")
    }

    private static func check(_ passphrase: [UInt8]?) throws(CryptographyError) {
        guard let passphrase else { return }
        guard (1...longestPassphrase).contains(passphrase.count) else {
            throw CryptographyError(
                .badInput, "A passphrase has 1 to \(longestPassphrase) bytes.")
        }
    }

    /// OpenSSL reports a wrong passphrase as bad padding or bad ASN.1, so the text decides.
    private static func whyUnreadable(
        _ pem: [UInt8], _ passphrase: [UInt8]?
    ) -> CryptographyError {
        let causes = ErrorQueue.drain()
        guard String(decoding: pem, as: UTF8.self).contains("ENCRYPTED") else {
            return CryptographyError(
                .malformedKey, "This is not a private key in PEM.", causes: causes)
        }
        guard passphrase != nil else {
            return CryptographyError(
                .passphraseNeeded, "The private key is encrypted: a passphrase is needed.",
                causes: causes)
        }
        return CryptographyError(
            .wrongPassphrase, "The private key does not open with this passphrase.",
            causes: causes)
    }
}

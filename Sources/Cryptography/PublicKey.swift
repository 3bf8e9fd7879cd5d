// Keys that verify.

internal import COpenSSL

/// The identity of a key: SHA-256 of its DER SubjectPublicKeyInfo, as 64 lowercase hex digits.
package struct KeyID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The digest of the SubjectPublicKeyInfo.
    package let digest: SHA256Digest

    package init(_ digest: SHA256Digest) {
        self.digest = digest
    }

    /// Reads 64 lowercase hexadecimal digits; nil for everything else.
    package init?(hex: String) {
        guard let digest = SHA256Digest(hex: hex) else { return nil }
        self.digest = digest
    }

    /// 64 lowercase hexadecimal digits.
    package var hex: String { digest.hex }

    package var description: String { hex }

    package static func < (left: KeyID, right: KeyID) -> Bool { left.digest < right.digest }
}

/// A public key of an algorithm that we accept, in its one usual encoding.
///
/// Many threads may use one key at the same time.
package final class PublicKey: Sendable, Hashable {
    /// What the key is and how it signs.
    package let algorithm: KeyAlgorithm
    /// The key as DER SubjectPublicKeyInfo (RFC 5280).
    package let spki: [UInt8]
    /// The identity of the key.
    package let id: KeyID
    private let handle: KeyHandle

    /// The longest encoding that is looked at, in bytes.
    package static let longestEncoding = 16_384

    /// Reads a DER SubjectPublicKeyInfo; throws `malformedKey` or `unsupportedKey`.
    package init(spki: [UInt8]) throws(CryptographyError) {
        defer { ErrorQueue.clear() }
        guard spki.count <= Self.longestEncoding else {
            throw CryptographyError(.malformedKey, "The public key is too long to be one.")
        }
        (algorithm, handle) = try Self.read(spki)
        self.spki = spki
        self.id = KeyID(SHA256.hash(spki))
    }

    /// Reads a PEM text with exactly one block, "PUBLIC KEY".
    package convenience init(pem: [UInt8]) throws(CryptographyError) {
        try self.init(spki: try PEM.decode(pem, label: "PUBLIC KEY"))
    }

    /// Reads the 32 bytes of an Ed25519 key (RFC 8032 section 5.1.5).
    package convenience init(ed25519 bytes: [UInt8]) throws(CryptographyError) {
        guard bytes.count == 32, let prefix = KeyAlgorithm.ed25519.spkiPrefix else {
            throw CryptographyError(.malformedKey, "An Ed25519 public key has 32 bytes.")
        }
        try self.init(spki: prefix + bytes)
    }

    /// Reads the coordinates of a point of P-256, 32 bytes each, most significant first.
    package convenience init(p256 x: [UInt8], _ y: [UInt8]) throws(CryptographyError) {
        guard x.count == 32, y.count == 32, let prefix = KeyAlgorithm.ecdsaP256.spkiPrefix else {
            throw CryptographyError(.malformedKey, "A coordinate of P-256 has 32 bytes.")
        }
        try self.init(spki: prefix + x + y)
    }

    /// The key as PEM, "PUBLIC KEY", lines of 64 characters, with a newline at the end.
    package var pem: String { PEM.encode(spki, label: "PUBLIC KEY") }

    /// The 32 bytes of an Ed25519 key, nil for other algorithms.
    package var rawEd25519: [UInt8]? {
        algorithm == .ed25519 ? Array(spki.suffix(32)) : nil
    }

    /// Whether this is a signature of the message by this key.
    ///
    /// A message may have several signatures that hold: for every ECDSA signature (r, s) so does
    /// (r, n − s). Never identify anything by the bytes of its signature.
    package func verify(_ signature: [UInt8], over message: [UInt8]) -> Bool {
        verify(signature, over: message, hash: algorithm.messageDigest)
    }

    /// The same with SHA-256 whatever the curve, as old programs signed; false for Ed25519.
    package func verifySHA256(_ signature: [UInt8], over message: [UInt8]) -> Bool {
        algorithm != .ed25519 && verify(signature, over: message, hash: EVP_sha256())
    }

    /// Whether it signs the SHA-256 of a message, so that nobody has to have the message.
    package var signsSHA256: Bool { algorithm == .ecdsaP256 || algorithm == .rsa }

    /// Whether a signature over a message holds of which only the SHA-256 is known; false for keys that
    /// sign with another hash.
    package func verify(_ signature: [UInt8], ofSHA256 digest: SHA256Digest) -> Bool {
        guard signsSHA256, signature.count <= algorithm.longestSignature,
            let context = EVP_PKEY_CTX_new(handle.pointer, nil)
        else { return false }
        defer {
            EVP_PKEY_CTX_free(context)
            ErrorQueue.clear()
        }
        guard EVP_PKEY_verify_init(context) == 1,
            EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1
        else { return false }
        let bytes = digest.bytes
        return EVP_PKEY_verify(context, signature, signature.count, bytes, bytes.count) == 1
    }

    private func verify(
        _ signature: [UInt8], over message: [UInt8], hash digest: OpaquePointer?
    ) -> Bool {
        guard signature.count <= algorithm.longestSignature,
            let context = EVP_MD_CTX_new()
        else { return false }
        defer {
            EVP_MD_CTX_free(context)
            ErrorQueue.clear()
        }
        guard EVP_DigestVerifyInit(context, nil, digest, nil, handle.pointer) == 1 else {
            return false
        }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    package static func == (left: PublicKey, right: PublicKey) -> Bool { left.id == right.id }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(id)
    }
}

extension PublicKey {
    private static func read(
        _ spki: [UInt8]
    ) throws(CryptographyError) -> (KeyAlgorithm, KeyHandle) {
        for algorithm in KeyAlgorithm.allCases {
            guard let prefix = algorithm.spkiPrefix, spki.count == algorithm.spkiCount,
                spki.starts(with: prefix)
            else { continue }
            return (algorithm, try readCurvePoint(algorithm, spki, prefix.count))
        }
        return (.rsa, try readRSA(spki))
    }

    /// Reads a key whose encoding is fixed but for the point, which follows the prefix.
    private static func readCurvePoint(
        _ algorithm: KeyAlgorithm, _ spki: [UInt8], _ prefixCount: Int
    ) throws(CryptographyError) -> KeyHandle {
        let key: OpaquePointer?
        if let curve = algorithm.curve {
            let point = Array(spki[(prefixCount - 1)...])  // with the 04 of uncompressed points
            key = shim_ec_public_key(curve, point, point.count)
        } else {
            let point = Array(spki[prefixCount...])
            try Ed25519Point.check(point)
            key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, point, point.count)
        }
        let message = "The public key is not a point of its curve."
        return KeyHandle(owning: try require(key, message, .malformedKey))
    }

    private static func readRSA(_ spki: [UInt8]) throws(CryptographyError) -> KeyHandle {
        let key = spki.withUnsafeBufferPointer { bytes in
            var position = bytes.baseAddress
            return d2i_PUBKEY(nil, &position, bytes.count)
        }
        let message = "The public key cannot be read."
        let handle = KeyHandle(owning: try require(key, message, .malformedKey))
        guard EVP_PKEY_get_base_id(handle.pointer) == EVP_PKEY_RSA else {
            throw CryptographyError(
                .unsupportedKey,
                "Keys are ECDSA on P-256, P-384 or P-521 (uncompressed), Ed25519, or RSA.")
        }
        guard try handle.spki() == spki else {
            throw CryptographyError(.malformedKey, "The public key is not in strict DER.")
        }
        try checkRSA(handle)
        return handle
    }

    /// Shorter keys are weak, longer ones are a burden to verify, and other exponents unsafe.
    private static func checkRSA(_ handle: KeyHandle) throws(CryptographyError) {
        guard (2_048...8_192).contains(EVP_PKEY_get_bits(handle.pointer)) else {
            throw CryptographyError(.unsupportedKey, "RSA keys have 2,048 to 8,192 bits.")
        }
        var exponent: OpaquePointer?
        try require(
            EVP_PKEY_get_bn_param(handle.pointer, OSSL_PKEY_PARAM_RSA_E, &exponent),
            "The RSA exponent cannot be read.")
        defer { BN_free(exponent) }
        guard BN_is_word(exponent, 65_537) == 1 else {
            throw CryptographyError(.unsupportedKey, "RSA keys have the public exponent 65537.")
        }
    }
}

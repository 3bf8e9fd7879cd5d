// The signature algorithms, each a fixed choice of curve, hash and encoding.

internal import COpenSSL

/// A kind of key together with the one way in which it signs.
package enum KeyAlgorithm: String, Sendable, Hashable, CaseIterable {
    /// ECDSA on P-256 with SHA-256 (FIPS 186-5), signatures in DER.
    case ecdsaP256 = "ecdsa-p256"
    /// ECDSA on P-384 with SHA-384, signatures in DER.
    case ecdsaP384 = "ecdsa-p384"
    /// ECDSA on P-521 with SHA-512, signatures in DER.
    case ecdsaP521 = "ecdsa-p521"
    /// Pure Ed25519 (RFC 8032), signatures of 64 bytes.
    case ed25519 = "ed25519"
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017), 2,048 to 8,192 bits. For verifying only.
    case rsa = "rsa"

    /// Whether we make and hold private keys of this kind.
    package var canSign: Bool { self != .rsa }

    /// The DER of a SubjectPublicKeyInfo up to the key itself; nil for RSA, whose keys vary in size.
    ///
    /// RFC 5480 and RFC 8410 leave one encoding for named curves and uncompressed points, whose
    /// first byte 04 is part of this prefix. Requiring it refuses curves given by explicit
    /// parameters and gives each key one text, and thereby one id.
    var spkiPrefix: [UInt8]? {
        switch self {
        case .ecdsaP256:
            [0x30, 0x59, 0x30, 0x13] + Self.idECPublicKey
                + [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
                + [0x03, 0x42, 0x00, 0x04]
        case .ecdsaP384:
            [0x30, 0x76, 0x30, 0x10] + Self.idECPublicKey
                + [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22]
                + [0x03, 0x62, 0x00, 0x04]
        case .ecdsaP521:
            [0x30, 0x81, 0x9B, 0x30, 0x10] + Self.idECPublicKey
                + [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23]
                + [0x03, 0x81, 0x86, 0x00, 0x04]
        case .ed25519:
            [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00]
        case .rsa: nil
        }
    }

    private static let idECPublicKey: [UInt8] = [
        0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01,
    ]

    /// The number of bytes of a SubjectPublicKeyInfo; nil for RSA.
    var spkiCount: Int? {
        switch self {
        case .ecdsaP256: 91
        case .ecdsaP384: 120
        case .ecdsaP521: 158
        case .ed25519: 44
        case .rsa: nil
        }
    }

    /// The longest signature in bytes; RSA's is that of the largest key accepted.
    package var longestSignature: Int {
        switch self {
        case .ecdsaP256: 72
        case .ecdsaP384: 104
        case .ecdsaP521: 139
        case .ed25519: 64
        case .rsa: 1_024
        }
    }

    /// OpenSSL's object for the hash that this algorithm applies; nil when it hashes by itself.
    var messageDigest: OpaquePointer? {
        switch self {
        case .ecdsaP256, .rsa: EVP_sha256()
        case .ecdsaP384: EVP_sha384()
        case .ecdsaP521: EVP_sha512()
        case .ed25519: nil
        }
    }

    /// OpenSSL's name of the curve for generating a key; nil when there is none to choose.
    var curve: String? {
        switch self {
        case .ecdsaP256: "P-256"
        case .ecdsaP384: "P-384"
        case .ecdsaP521: "P-521"
        case .ed25519, .rsa: nil
        }
    }
}

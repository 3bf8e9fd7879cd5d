// An authenticator and its browser made of OpenSSL: W3C Web Authentication Level 2, sections 5.8.1, 6.1, 6.5.

package import Cryptography

/// A passkey whose every statement can be bent, for tests that want it refused.
package struct SoftAuthenticator {
    /// What an authenticator and a browser give for a signature.
    package struct Assertion {
        package var authenticatorData: [UInt8]
        package var clientDataJSON: [UInt8]
        package var signature: [UInt8]
    }

    package let key: PrivateKey
    package var credentialID: [UInt8]
    package var relyingParty = "example.com"
    package var origin = "https://sign.example.com"
    /// UP and UV.
    package var flags: UInt8 = 0b0000_0101
    package var ceremony: String?
    /// Further members of the client data, as text: `,"crossOrigin":true`.
    package var more = #","crossOrigin":false"#
    /// What follows the fixed part of the authenticator data.
    package var tail: [UInt8] = []
    /// CBOR of format and statement in an attestation object.
    package var attestation = SoftAuthenticator.none

    /// `"fmt": "none", "attStmt": {}`.
    package static let none: [UInt8] =
        [0x63] + Array("fmt".utf8) + [0x64] + Array("none".utf8) + [0x67] + Array("attStmt".utf8)
        + [0xA0]

    package init(_ algorithm: KeyAlgorithm = .ecdsaP256) throws {
        key = try PrivateKey.generate(algorithm)
        credentialID = Random.bytes(32)
    }

    /// Signs a challenge.
    package func sign(_ challenge: [UInt8]) throws -> Assertion {
        let data = SHA256.hash(Array(relyingParty.utf8)).bytes + [flags, 0, 0, 0, 7] + tail
        let client = clientData(ceremony ?? "webauthn.get", challenge)
        return Assertion(
            authenticatorData: data, clientDataJSON: client,
            signature: try key.sign(data + SHA256.hash(client).bytes))
    }

    /// Makes the passkey: client data and attestation object.
    package func create(
        _ challenge: [UInt8], cose: [UInt8]? = nil
    ) -> (clientDataJSON: [UInt8], attestationObject: [UInt8]) {
        let count = credentialID.count
        let data =
            SHA256.hash(Array(relyingParty.utf8)).bytes + [flags | 0x40, 0, 0, 0, 0]
            + [UInt8](repeating: 0, count: 16) + [UInt8(count >> 8), UInt8(count & 255)]
            + credentialID + (cose ?? coseKey) + tail
        let object =
            [0xA3] + attestation + [0x68] + Array("authData".utf8) + Self.byteString(data.count)
            + data
        return (clientData(ceremony ?? "webauthn.create", challenge), object)
    }

    /// The head of a byte string in its shortest form.
    private static func byteString(_ count: Int) -> [UInt8] {
        count < 256 ? [0x58, UInt8(count)] : [0x59, UInt8(count >> 8), UInt8(count & 255)]
    }

    /// The public key as COSE_Key.
    package var coseKey: [UInt8] {
        let spki = key.publicKey.spki
        if key.publicKey.algorithm == .ed25519 {
            return [0xA4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20] + spki.suffix(32)
        }
        let (x, y) = (spki.suffix(64).prefix(32), spki.suffix(32))
        return [0xA5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20] + x
            + [0x22, 0x58, 0x20] + y
    }

    private func clientData(_ type: String, _ challenge: [UInt8]) -> [UInt8] {
        let challenge = Base64.urlEncode(challenge)
        let text = #"{"type":"\#(type)","challenge":"\#(challenge)","origin":"\#(origin)"\#(more)}"#
        return Array(text.utf8)
    }
}

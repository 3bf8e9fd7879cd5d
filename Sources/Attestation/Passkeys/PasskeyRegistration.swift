// The making of a passkey, as a browser reports it.
//
// Specification: W3C Web Authentication Level 2, section 7.1, with the attestation statement format `none`
// (section 8.7): who vouches for a passkey are the officers who sign its key assignment, not the maker of the
// authenticator. The attestation object is a CBOR map of exactly {"fmt": "none", "attStmt": {}, "authData"}.
//
// The challenge needs no memory of the service: it is the SHA-256 of the RFC 8785 bytes of
// {"origin":LOG,"principal":"p-…","purpose":"passkey-registration"}. That the key is there when it is
// enrolled is shown again, and for ever, by the passkey's signature on its own assignment.

package import CanonicalJSON
internal import Cryptography

/// What a browser answers when a passkey was made.
package struct PasskeyRegistration: Sendable, Hashable {
    package let clientDataJSON: [UInt8]
    package let attestationObject: [UInt8]

    package init(clientDataJSON: [UInt8], attestationObject: [UInt8]) {
        self.clientDataJSON = clientDataJSON
        self.attestationObject = attestationObject
    }

    /// Reads `clientDataJSON` and `attestationObject`; nil with findings in the reader.
    package init?(reading reader: JSONReader) {
        func bytes(_ name: String, _ longest: Int) -> [UInt8]? {
            reader.parsed(name, as: "base64url without padding", length: 1...longest) {
                Base64.urlDecode($0)
            }
        }
        let client = bytes("clientDataJSON", 6_000)
        let object = bytes("attestationObject", 12_000)
        guard let client, let object else { return nil }
        self.init(clientDataJSON: client, attestationObject: object)
    }

    /// The challenge for making a passkey of a principal of a log.
    package static func challenge(log: String, principal: String) -> [UInt8] {
        let purpose: JSON = [
            "origin": .string(log), "principal": .string(principal),
            "purpose": "passkey-registration",
        ]
        return SHA256.hash(purpose.canonicalBytes).bytes
    }

    /// The passkey that was made for these pages, or everything that stands against it.
    package func passkey(
        challenge: [UInt8], scope: PasskeyScope
    ) -> (passkey: Passkey?, problems: [PasskeyProblem]) {
        guard let client = ClientData(clientDataJSON),
            let object = CBORReader.value(of: attestationObject[...])?.map, object.count == 3,
            let bytes = object[.text("authData")]?.bytes, let data = AuthenticatorData(bytes)
        else { return (nil, [.malformed]) }
        var problems = client.problems(
            "webauthn.create", challenge: challenge, origins: scope.origins.sorted())
        problems += data.problems(of: scope.relyingParty)
        if object[.text("fmt")] != .text("none") || object[.text("attStmt")] != .map([:]) {
            problems.append(.attestationFormat)
        }
        guard let credential = data.credential else {
            return (nil, problems + [.attestedCredential])
        }
        let passkey = Passkey(
            key: credential.key, credentialID: credential.id, relyingParty: scope.relyingParty,
            origins: scope.origins)
        guard problems.isEmpty, let passkey else {
            return (nil, problems.isEmpty ? [.malformed] : problems)
        }
        return (passkey, [])
    }
}

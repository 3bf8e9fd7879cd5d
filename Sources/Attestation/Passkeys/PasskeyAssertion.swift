// A passkey's signature over an envelope's payload.
//
// Specification: W3C Web Authentication Level 2, section 7.2, as far as a signature must prove it later and
// to anybody: the challenge is not a number of a session but the SHA-256 of the pre-authentication encoding
// of the envelope (DSSE), so the ceremony is about exactly these bytes and can be verified for ever.
//
// In the envelope `keyid` is the passkey's id and `sig` the base64 of the RFC 8785 bytes of
//
//     {"authenticatorData":B,"clientDataJSON":B,"signature":B}        B: base64url without padding
//
// Verified are: type webauthn.get; challenge; origin among those enrolled; not inside a page of another
// origin; rpIdHash; UP and UV; and the signature over authenticatorData ‖ SHA-256(clientDataJSON). The
// signature counter is not looked at: passkeys that are synchronised between devices have none, and a
// statement is read more than once.

package import CanonicalJSON
internal import Cryptography

/// An assertion that nobody has checked yet.
package struct PasskeyAssertion: Sendable, Hashable {
    package let authenticatorData: [UInt8]
    package let clientDataJSON: [UInt8]
    package let signature: [UInt8]

    /// The longest that is looked at, in bytes of JSON.
    static let longest = 16_384

    package init(authenticatorData: [UInt8], clientDataJSON: [UInt8], signature: [UInt8]) {
        self.authenticatorData = authenticatorData
        self.clientDataJSON = clientDataJSON
        self.signature = signature
    }

    /// Reads what stands in an envelope; nil unless it is the canonical form.
    package init?(_ bytes: [UInt8]) {
        guard let json = try? JSON(parsing: bytes, limits: JSON.Limits(bytes: Self.longest)),
            json.object?.count == 3,
            let data = json["authenticatorData"]?.string.flatMap(Base64.urlDecode),
            let client = json["clientDataJSON"]?.string.flatMap(Base64.urlDecode),
            let signature = json["signature"]?.string.flatMap(Base64.urlDecode),
            json.canonicalBytes == bytes
        else { return nil }
        self.init(authenticatorData: data, clientDataJSON: client, signature: signature)
    }

    /// As JSON.
    package var json: JSON {
        [
            "authenticatorData": .string(Base64.urlEncode(authenticatorData)),
            "clientDataJSON": .string(Base64.urlEncode(clientDataJSON)),
            "signature": .string(Base64.urlEncode(signature)),
        ]
    }

    /// What stands in an envelope as the signature's bytes.
    package var canonicalBytes: [UInt8] { json.canonicalBytes }

    /// Everything that stands against it as this passkey's signature over a message; empty when it holds.
    package func problems(of passkey: Passkey, over message: [UInt8]) -> [PasskeyProblem] {
        guard let data = AuthenticatorData(authenticatorData),
            let client = ClientData(clientDataJSON)
        else { return [.malformed] }
        var problems = client.problems(
            "webauthn.get", challenge: SHA256.hash(message).bytes, origins: passkey.origins)
        problems += data.problems(of: passkey.relyingParty)
        if data.credential != nil { problems.append(.attestedCredential) }
        let signed = authenticatorData + SHA256.hash(clientDataJSON).bytes
        if !passkey.key.verify(signature, over: signed) { problems.append(.signatureInvalid) }
        return problems
    }
}

extension AuthenticatorData {
    /// What stands against it for a relying party that wants its users verified.
    func problems(of relyingParty: String) -> [PasskeyProblem] {
        var problems: [PasskeyProblem] = []
        if self.relyingParty != SHA256.hash(Array(relyingParty.utf8)) {
            problems.append(.otherRelyingParty)
        }
        if !isUserPresent { problems.append(.userAbsent) }
        if !isUserVerified { problems.append(.userNotVerified) }
        if contradictsBackup { problems.append(.backupState) }
        return problems
    }
}

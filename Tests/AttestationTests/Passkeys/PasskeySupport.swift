// swift-format-ignore-file: NeverForceUnwrap
import Attestation
import Cryptography
import TestSupport

extension SoftAuthenticator {
    /// The passkey as it would be enrolled for the usual pages.
    var passkey: Passkey {
        Passkey(
            key: key.publicKey, credentialID: credentialID, relyingParty: "example.com",
            origins: ["https://sign.example.com", "https://example.com:8443"])!
    }

    /// Signs an envelope.
    func sign(_ envelope: Envelope, as passkey: Passkey? = nil) throws -> Envelope {
        envelope.adding(try assertion(over: envelope), by: passkey ?? self.passkey)
    }

    /// The assertion for an envelope.
    func assertion(over envelope: Envelope) throws -> PasskeyAssertion {
        let made = try sign(envelope.passkeyChallenge)
        return PasskeyAssertion(
            authenticatorData: made.authenticatorData, clientDataJSON: made.clientDataJSON,
            signature: made.signature)
    }
}

/// Something to sign.
let document = Envelope(
    payloadType: Statement.payloadType, payload: Array("what is signed".utf8), signatures: [])

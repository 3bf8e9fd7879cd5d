// People of a test who sign with passkeys.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport

/// A passkey in its authenticator.
struct TestPasskey: Sendable {
    var soft: SoftAuthenticator
    let passkey: Passkey

    /// Signs an envelope's payload, in the place of whatever signed it.
    func sign(_ envelope: Envelope, keeping others: Bool = false) throws -> Envelope {
        let made = try soft.sign(envelope.passkeyChallenge)
        let bare = Envelope(
            payloadType: envelope.payloadType, payload: envelope.payload,
            signatures: others ? envelope.signatures : [])
        return bare.adding(
            PasskeyAssertion(
                authenticatorData: made.authenticatorData, clientDataJSON: made.clientDataJSON,
                signature: made.signature), by: passkey)
    }
}

extension TestService {
    /// A passkey that nobody knows yet.
    static func passkey(_ algorithm: KeyAlgorithm = .ecdsaP256) throws -> TestPasskey {
        let soft = try SoftAuthenticator(algorithm)
        guard
            let passkey = Passkey(
                key: soft.key.publicKey, credentialID: soft.credentialID,
                relyingParty: soft.relyingParty, origins: [soft.origin])
        else { throw TestFailure("no passkey") }
        return TestPasskey(soft: soft, passkey: passkey)
    }

    /// The assignment of a passkey, signed by passkey, key and administrator.
    func passkeyAssignment(
        _ passkey: TestPasskey, to person: TestPerson, signedBy more: [PrivateKey]? = nil
    ) throws -> Envelope {
        let from = clock.now.adding(seconds: -1)
        let statement = KeyAssignment(
            origin: origin, principal: person.principal, kind: person.caller.kind,
            credential: .passkey(passkey.passkey), previous: person.keyStatement, validFrom: from,
            validUntil: from.adding(seconds: 300 * 86_400)
        ).statement
        return try passkey.sign(
            statement.sign(with: more ?? [person.key, administrator.key]), keeping: true)
    }

    /// Gives somebody a passkey.
    func enrolPasskey(
        of person: TestPerson, _ algorithm: KeyAlgorithm = .ecdsaP256
    ) async throws -> TestPasskey {
        let passkey = try Self.passkey(algorithm)
        let assignment = try passkeyAssignment(passkey, to: person)
        _ = try await registry.assignKey(assignment, request(administrator))
        try await settled()
        return passkey
    }
}

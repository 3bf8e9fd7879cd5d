// What a browser has to be given so that it makes a passkey, or signs with one: nothing is recorded here.

package import Attestation
package import CanonicalJSON
internal import Cryptography
package import Governance

extension Registry {
    /// How long a browser may wait for its user, in milliseconds.
    private static let patience: Int64 = 300_000

    /// The options (WebAuthn Level 2, section 5.4) with which a browser makes a passkey of a principal.
    package func passkeyCreation(
        of principal: PrincipalID, relyingParty: String, by caller: Caller
    ) throws(Refusal) -> JSON {
        try require(caller, mayPrepareFor: principal)
        let known = follower.snapshot.identities.chain.passkeys(of: principal, at: clock())
        let challenge = PasskeyRegistration.challenge(
            log: root.origin, principal: principal.description)
        // The printed name stays beside the log; a pseudonym is enough for an authenticator's list.
        let user: JSON = [
            "id": .string(Base64.urlEncode(Array(principal.description.utf8))),
            "name": .text(principal), "displayName": .text(principal),
        ]
        return [
            "publicKey": [
                "rp": ["id": .string(relyingParty), "name": .string(root.origin)], "user": user,
                "challenge": .string(Base64.urlEncode(challenge)),
                "pubKeyCredParams": .array(
                    Passkey.algorithms.map {
                        ["type": "public-key", "alg": .integer($0.cose)]
                    }),
                "timeout": .integer(Self.patience), "attestation": "none",
                "authenticatorSelection": [
                    "residentKey": "preferred", "requireResidentKey": false,
                    "userVerification": "required",
                ],
                "excludeCredentials": .array(
                    known.filter { $0.relyingParty == relyingParty }.map(Self.descriptor)),
            ]
        ]
    }

    /// The assignment of a passkey that a browser has made, for passkey, key and officers to sign.
    package func passkeyAssignment(
        of principal: PrincipalID, _ registration: PasskeyRegistration, scope: PasskeyScope,
        days: Int64, by caller: Caller
    ) async throws -> JSON {
        try require(caller, mayPrepareFor: principal)
        let (passkey, problems) = registration.passkey(
            challenge: PasskeyRegistration.challenge(
                log: root.origin, principal: principal.description),
            scope: scope)
        guard let passkey else {
            throw Refusal(
                .unprocessable, "passkey-unacceptable", "The passkey was not made as it should be.",
                findings: problems.map {
                    JSONFinding(JSONPointer(["attestation"]), $0.rawValue, $0.sentence)
                })
        }
        let holder = try await self.principal(principal)
        let standing = (holder["keys"]?.array ?? []).filter { $0["revokedAt"]?.isNull ?? true }
        let from = clock()
        let assignment = KeyAssignment(
            origin: root.origin, principal: principal,
            kind: holder["kind"]?.string.flatMap(PrincipalKind.init(rawValue:)) ?? .service,
            credential: .passkey(passkey),
            previous: standing.last?["statement"]?.string.flatMap { SHA256Digest(hex: $0) },
            validFrom: from, validUntil: from.adding(seconds: days * 86_400))
        guard assignment.kind == .person else {
            throw Refusal(
                .unprocessable, "passkey-of-service",
                "A passkey verifies a person; \(principal) is a service.")
        }
        let envelope = Envelope(
            payloadType: Statement.payloadType, payload: assignment.statement.payload,
            signatures: [])
        return Self.signing(envelope, with: [passkey])
    }

    /// The options (WebAuthn Level 2, section 5.5) with which the caller's browser signs a statement.
    ///
    /// - Parameter relyingParty: whose passkeys; nil for all, which must then be of one.
    package func passkeySigning(
        _ statement: JSON, relyingParty: String?, by caller: Caller
    ) throws(Refusal) -> JSON {
        let bytes = statement.canonicalBytes
        guard let read = try? Statement(parsing: bytes), read.payload == bytes else {
            throw Refusal(
                .unprocessable, "not-a-statement", "What is to be signed is no in-toto statement.",
                findings: [
                    JSONFinding(
                        JSONPointer(["statement"]), JSONFinding.Code.format,
                        "Expected the members _type, subject, predicateType and predicate.")
                ])
        }
        let passkeys = follower.snapshot.identities.chain
            .passkeys(of: caller.principal, at: clock())
            .filter { relyingParty == nil || $0.relyingParty == relyingParty }
        guard !passkeys.isEmpty else {
            throw Refusal(
                .conflict, "no-passkey", "\(caller.principal) has no passkey that counts now.",
                hint: "Enrol one: docs/how-to/passkeys.md.")
        }
        guard Set(passkeys.map(\.relyingParty)).count == 1 else {
            throw Refusal(
                .conflict, "passkeys-of-several",
                "\(caller.principal) has passkeys of several relying parties.",
                hint: "State rpId.")
        }
        let envelope = Envelope(
            payloadType: Statement.payloadType, payload: bytes, signatures: [])
        return Self.signing(envelope, with: passkeys)
    }

    /// What is signed, and the options for signing it with one of these passkeys of one relying party.
    private static func signing(_ envelope: Envelope, with passkeys: [Passkey]) -> JSON {
        [
            "publicKey": [
                "challenge": .string(Base64.urlEncode(envelope.passkeyChallenge)),
                "rpId": .string(passkeys.first?.relyingParty ?? ""),
                "allowCredentials": .array(passkeys.map(descriptor)),
                "userVerification": "required", "timeout": .integer(patience),
            ],
            "envelope": envelope.json,
            "keys": .array(
                passkeys.map {
                    [
                        "keyid": .text($0.id),
                        "credentialId": .string(Base64.urlEncode($0.credentialID)),
                    ]
                }),
        ]
    }

    private static func descriptor(_ passkey: Passkey) -> JSON {
        ["type": "public-key", "id": .string(Base64.urlEncode(passkey.credentialID))]
    }

    private func require(
        _ caller: Caller, mayPrepareFor principal: PrincipalID
    ) throws(Refusal) {
        if caller.principal != principal { try requireAdministrator(caller, of: principal) }
    }
}

// Our verification beside PyPI's `webauthn`, and passkeys of a real browser.

import CanonicalJSON
import Cryptography
import TestSupport
import Testing

@testable import Attestation

@Suite(.enabled(if: Peers.has("webauthn"), Peers.hint))
struct `Beside PyPI's webauthn` {
    private static let program = """
        import base64, json, sys
        from webauthn import verify_authentication_response, verify_registration_response
        def decoded(text): return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        def encoded(data): return base64.urlsafe_b64encode(data).decode().rstrip("=")
        asked = json.load(sys.stdin)
        made = asked["registration"]
        registered = verify_registration_response(
            credential={"id": made["id"], "rawId": made["id"], "type": "public-key",
                        "response": {k: made[k] for k in ("clientDataJSON", "attestationObject")}},
            expected_challenge=decoded(asked["creation"]), expected_rp_id=asked["rpId"],
            expected_origin=asked["origins"], require_user_verification=True)
        def holds(assertion):
            try:
                verify_authentication_response(
                    credential={"id": made["id"], "rawId": made["id"], "type": "public-key",
                                "response": assertion},
                    expected_challenge=decoded(asked["challenge"]), expected_rp_id=asked["rpId"],
                    expected_origin=asked["origins"], require_user_verification=True,
                    credential_public_key=registered.credential_public_key,
                    credential_current_sign_count=0)
                return True
            except Exception:
                return False
        print(json.dumps({"id": encoded(registered.credential_id),
                          "key": encoded(registered.credential_public_key),
                          "holds": [holds(a) for a in asked["assertions"]]}))
        """

    /// What both look at; crossOrigin, token binding and what stands behind the data only we do.
    static let bent: [@Sendable (inout SoftAuthenticator) -> Void] = [
        { _ in }, { $0.ceremony = "webauthn.create" }, { $0.origin = "https://evil.example.com" },
        { $0.relyingParty = "evil.example" }, { $0.flags = 0b100 }, { $0.flags = 0b001 },
        { $0.flags = 0b1_1101 }, { $0.more = #","a":1"# },
        { $0.origin = "https://example.com:8443" },
    ]

    @Test(arguments: [KeyAlgorithm.ecdsaP256, .ed25519])
    func `both come to the same`(algorithm: KeyAlgorithm) throws {
        let soft = try SoftAuthenticator(algorithm)
        let passkey = soft.passkey
        var assertions: [PasskeyAssertion] = []
        for bend in Self.bent {
            var other = soft
            bend(&other)
            assertions.append(try other.assertion(over: document))
        }
        assertions.append(
            try soft.assertion(
                over: Envelope(payloadType: "a/b", payload: document.payload, signatures: [])))
        var numbers = SplitMix(state: 7)
        let count = assertions.count
        for _ in 0..<300 {
            let good = try soft.assertion(over: document)
            var parts = [good.authenticatorData, good.clientDataJSON, good.signature]
            let part = Int.random(in: 0..<3, using: &numbers)
            let index = parts[part].indices.randomElement(using: &numbers) ?? 0
            parts[part][index] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
            assertions.append(
                PasskeyAssertion(
                    authenticatorData: parts[0], clientDataJSON: parts[1], signature: parts[2]))
        }
        let creation = PasskeyRegistration.challenge(log: "log", principal: "p-1")
        let made = soft.create(creation)
        let asked: JSON = [
            "creation": .string(Base64.urlEncode(creation)), "rpId": "example.com",
            "origins": .array(passkey.origins.map(JSON.string)),
            "challenge": .string(Base64.urlEncode(document.passkeyChallenge)),
            "registration": [
                "id": .string(Base64.urlEncode(soft.credentialID)),
                "clientDataJSON": .string(Base64.urlEncode(made.clientDataJSON)),
                "attestationObject": .string(Base64.urlEncode(made.attestationObject)),
            ],
            "assertions": .array(assertions.map(\.json)),
        ]
        let ran = try Peers.python(
            ["-W", "ignore", "-c", Self.program], input: asked.canonicalBytes)
        let answer = try JSON(parsing: Array(ran.output.utf8))
        #expect(answer["id"]?.string == Base64.urlEncode(soft.credentialID))
        #expect(answer["key"]?.string == Base64.urlEncode(soft.coseKey))
        let theirs = try #require(answer["holds"]?.array, "\(ran)").map(\.bool)
        let message = Envelope.preAuthenticationEncoding(
            type: document.payloadType, body: document.payload)
        let ours = assertions.map { $0.problems(of: passkey, over: message).isEmpty }
        #expect(theirs.count == assertions.count)
        #expect(ours.prefix(count).contains(true))
        for (index, pair) in zip(ours, theirs).enumerated() {
            #expect(pair.0 == pair.1, "\(index): \(assertions[index].json.canonicalText)")
        }
    }
}

@Suite(
    .enabled(
        if: (try? Peers.run(["chromium", "--version"]).code) == 0, "skipped: there is no Chromium"))
struct `A passkey of a browser` {
    private func ask(_ algorithm: Int64, verified: Bool, demand: String) throws -> JSON {
        let challenge = PasskeyRegistration.challenge(log: "log", principal: "p-1")
        let asked: JSON = [
            "browser": "chromium", "creation": .string(Base64.urlEncode(challenge)),
            "signing": .string(Base64.urlEncode(document.passkeyChallenge)),
            "alg": .integer(algorithm), "verified": .bool(verified), "demand": .string(demand),
        ]
        let ran = try Peers.run(
            ["python3", Peers.repository + "/Tests/Peers/passkey-browser.py"],
            input: asked.canonicalBytes)
        try #require(ran.code == 0, "\(ran)")
        return try JSON(parsing: Array(ran.output.utf8))
    }

    private func bytes(_ answer: JSON, _ part: String, _ name: String) throws -> [UInt8] {
        let text = try #require(answer[part]?[name]?.string)
        return try #require(Base64.urlDecode(text))
    }

    /// What came of the making, and the envelope that was signed.
    private func judge(
        _ answer: JSON
    ) throws -> (
        passkey: Passkey?, problems: [PasskeyProblem], assertion: PasskeyAssertion
    ) {
        let origin = try #require(answer["origin"])
        let scope = try JSONReader.decode(["rpId": "localhost", "origins": [origin]]) {
            PasskeyScope(reading: $0)
        }
        let (passkey, problems) = PasskeyRegistration(
            clientDataJSON: try bytes(answer, "creation", "clientDataJSON"),
            attestationObject: try bytes(answer, "creation", "attestationObject")
        ).passkey(
            challenge: PasskeyRegistration.challenge(log: "log", principal: "p-1"), scope: scope)
        let assertion = PasskeyAssertion(
            authenticatorData: try bytes(answer, "signing", "authenticatorData"),
            clientDataJSON: try bytes(answer, "signing", "clientDataJSON"),
            signature: try bytes(answer, "signing", "signature"))
        return (passkey, problems, assertion)
    }

    @Test(arguments: [Int64(-7), -8]) func `is made, and signs`(algorithm: Int64) throws {
        let answer = try ask(algorithm, verified: true, demand: "required")
        let judged = try judge(answer)
        #expect(judged.problems == [])
        let passkey = try #require(judged.passkey)
        #expect(passkey.key.algorithm == (algorithm == -7 ? .ecdsaP256 : .ed25519))
        #expect(Base64.urlEncode(passkey.credentialID) == answer["id"]?.string)
        let signed = document.adding(judged.assertion, by: passkey)
        // The page writes the canonical form by itself.
        let written = try #require(answer["sig"]?.string.flatMap(Base64.decode))
        #expect(written == judged.assertion.canonicalBytes)
        #expect(signed.assertions(by: passkey) == [[]])
        #expect(signed.signers(among: [.passkey(passkey)]) == [passkey.id])
    }

    @Test func `is refused when nobody verified the user`() throws {
        let judged = try judge(try ask(-7, verified: false, demand: "discouraged"))
        #expect(judged.passkey == nil)
        #expect(judged.problems == [.userNotVerified])
    }
}

// Passkeys as a browser meets them: made, enrolled and used over HTTP.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

@testable import Web

@Suite struct `Passkeys over HTTP` {
    private static let scope: [String: JSON] = [
        "rpId": "example.com", "origins": ["https://sign.example.com"],
    ]

    /// What the soft authenticator needs of the options.
    private func challenge(_ answer: Answer) throws -> [UInt8] {
        let text = try #require(answer.json["publicKey"]?["challenge"]?.string, "\(answer.text)")
        return try #require(Base64.urlDecode(text))
    }

    /// An envelope with the assertion that a browser makes of the options.
    private func signed(_ answer: Answer, _ soft: SoftAuthenticator) throws -> Envelope {
        let made = try soft.sign(try challenge(answer))
        let envelope = try Envelope(json: try #require(answer.json["envelope"]))
        let id = try #require(answer.json["keys"]?.array?.first?["keyid"]?.string)
        let assertion = PasskeyAssertion(
            authenticatorData: made.authenticatorData, clientDataJSON: made.clientDataJSON,
            signature: made.signature)
        return envelope.adding(.init(keyID: id, bytes: assertion.canonicalBytes))
    }

    @Test func `are made, enrolled by those who may, and sign an approval`() async throws {
        try await WebService.with { service in
            let (client, validator) = (service.client, service.validator)
            let soft = try SoftAuthenticator()
            let place = "/api/v1/principals/\(validator.person.principal)"

            let creation = try await client.post(
                place + "/passkeys/creation", .object(Self.scope), token: validator.token)
            #expect(creation.status == 200, "\(creation.text)")
            let options = try #require(creation.json["publicKey"])
            #expect(options["authenticatorSelection"]?["userVerification"] == "required")
            #expect(options["attestation"] == "none")
            #expect(options["rp"]?["id"] == "example.com")

            let made = soft.create(try challenge(creation))
            var body = Self.scope
            body["days"] = 90
            body["attestation"] = [
                "clientDataJSON": .string(Base64.urlEncode(made.clientDataJSON)),
                "attestationObject": .string(Base64.urlEncode(made.attestationObject)),
            ]
            let assignment = try await client.post(
                place + "/passkeys/assignment", .object(body), token: validator.token)
            #expect(assignment.status == 200, "\(assignment.text)")
            var envelope = try signed(assignment, soft)
            // Passkey alone: nobody entitled has signed.
            let alone = try await client.post(
                place + "/keys", ["assignment": envelope.json], token: service.administrator.token)
            #expect(alone.status == 422)
            envelope = try envelope.adding(signatureBy: validator.person.key)
                .adding(signatureBy: service.administrator.person.key)
            let enrolled = try await client.post(
                place + "/keys", ["assignment": envelope.json], token: service.administrator.token)
            #expect(enrolled.status == 201, "\(enrolled.text)")
            #expect(enrolled.json["result"]?["key"] == assignment.json["keys"]?[0]?["keyid"])

            try await service.service.settled()
            let version = try await service.submit()
            try await service.service.evaluate(version, by: service.reviewer.person)
            let approval = try await service.service.approvalStatement(
                of: version, by: validator.person, as: .validator
            ) { $0.factor = .passkey }
            let statement = try JSON(parsing: approval.payload)
            let signing = try await client.post(
                "/api/v1/passkeys/signing", ["statement": statement], token: validator.token)
            #expect(signing.status == 200, "\(signing.text)")
            let exact = try Envelope(json: try #require(signing.json["envelope"]))
            #expect(exact.payload == approval.payload)
            #expect(try challenge(signing) == exact.passkeyChallenge)
            let recorded = try await client.post(
                WebService.version + "/approvals",
                ["statement": try signed(signing, soft).json], token: validator.token)
            #expect(recorded.status == 201, "\(recorded.text)")
        }
    }

    @Test func `are refused when the browser says something else`() async throws {
        try await WebService.with { service in
            let (client, validator) = (service.client, service.validator)
            var soft = try SoftAuthenticator()
            let place = "/api/v1/principals/\(validator.person.principal)/passkeys"
            let creation = try await client.post(
                place + "/creation", .object(Self.scope), token: validator.token)
            soft.flags = 0b001
            let made = soft.create(try challenge(creation))
            var body = Self.scope
            body["days"] = 90
            body["attestation"] = [
                "clientDataJSON": .string(Base64.urlEncode(made.clientDataJSON)),
                "attestationObject": .string(Base64.urlEncode(made.attestationObject)),
            ]
            let answer = try await client.post(
                place + "/assignment", .object(body), token: validator.token)
            #expect(answer.status == 422)
            #expect(answer.text.contains("passkey-user-not-verified"))

            for (member, value) in [
                ("rpId", "EXAMPLE.com"), ("origins", ["http://example.com"]), ("days", 0),
                ("more", 1),
            ] as [(String, JSON)] {
                var bent = body
                bent[member] = value
                let answer = try await client.post(
                    place + "/assignment", .object(bent), token: validator.token)
                #expect([400, 422].contains(answer.status), "\(member) \(answer.status)")
            }
        }
    }

    @Test func `are nobody else's to prepare, and sign no more than statements`() async throws {
        try await WebService.with { service in
            let (client, validator) = (service.client, service.validator)
            let place = "/api/v1/principals/\(validator.person.principal)/passkeys/creation"
            let other = try await client.post(
                place, .object(Self.scope), token: service.owner.token)
            #expect(other.status == 403)
            let administrator = try await client.post(
                place, .object(Self.scope), token: service.administrator.token)
            #expect(administrator.status == 200, "\(administrator.text)")

            let statement: JSON = [
                "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://a.example/b",
                "predicate": [:],
                "subject": [["name": "a", "digest": ["sha256": .string(SHA256.hash([]).hex)]]],
            ]
            let none = try await client.post(
                "/api/v1/passkeys/signing",
                ["statement": statement], token: validator.token)
            #expect(none.status == 409)
            #expect(none.text.contains("no-passkey"))
            let text = try await client.post(
                "/api/v1/passkeys/signing", ["statement": ["what": "ever"]],
                token: validator.token)
            #expect(text.status == 422)
            #expect(text.text.contains("not-a-statement"))
        }
    }
}

import CanonicalJSON
import Cryptography
import TestSupport
import Testing

@testable import Attestation

@Suite struct `The making of a passkey` {
    static let challenge = PasskeyRegistration.challenge(log: "log", principal: "p-1")
    static func scope() throws -> PasskeyScope {
        try JSONReader.decode([
            "rpId": "example.com",
            "origins": ["https://sign.example.com", "https://example.com:8443"],
        ]) { PasskeyScope(reading: $0) }
    }

    private func passkey(
        _ soft: SoftAuthenticator, cose: [UInt8]? = nil
    ) throws -> (passkey: Passkey?, problems: [PasskeyProblem]) {
        let made = soft.create(Self.challenge, cose: cose)
        return PasskeyRegistration(
            clientDataJSON: made.clientDataJSON, attestationObject: made.attestationObject
        ).passkey(challenge: Self.challenge, scope: try Self.scope())
    }

    @Test(arguments: [KeyAlgorithm.ecdsaP256, .ed25519])
    func `gives the key and the id that the authenticator made`(algorithm: KeyAlgorithm) throws {
        let soft = try SoftAuthenticator(algorithm)
        let (made, problems) = try passkey(soft)
        #expect(problems == [])
        #expect(made == soft.passkey)
        let again = try JSONReader.decode(soft.passkey.json) { Passkey(reading: $0) }
        #expect(again == soft.passkey)
        #expect(again.id == soft.passkey.id)
    }

    static let bent: [(PasskeyProblem, @Sendable (inout SoftAuthenticator) -> Void)] = [
        (.otherCeremony, { $0.ceremony = "webauthn.get" }),
        (.otherOrigin, { $0.origin = "https://evil.example.com" }),
        (.crossOrigin, { $0.more = #","crossOrigin":true"# }),
        (.otherRelyingParty, { $0.relyingParty = "evil.example" }),
        (.userAbsent, { $0.flags = 0b0000_0100 }),
        (.userNotVerified, { $0.flags = 0b0000_0001 }),
        (.malformed, { $0.tail = [0] }),
        (.malformed, { $0.credentialID = [] }),
        (.malformed, { $0.credentialID = [UInt8](repeating: 1, count: 1_024) }),
        (
            .attestationFormat,
            {
                $0.attestation =
                    [0x63] + Array("fmt".utf8) + [0x66] + Array("packed".utf8) + [0x67]
                    + Array("attStmt".utf8) + [0xA0]
            }
        ),
        (
            .attestationFormat,
            {
                $0.attestation =
                    Array(SoftAuthenticator.none.dropLast()) + [0xA1, 0x63] + Array("alg".utf8) + [
                        0x26
                    ]
            }
        ),
    ]

    @Test(arguments: bent.indices)
    func `is refused for each thing that is wrong`(index: Int) throws {
        let (problem, bend) = Self.bent[index]
        var soft = try SoftAuthenticator()
        bend(&soft)
        let (made, problems) = try passkey(soft)
        #expect(made == nil)
        #expect(problems == [problem])
    }

    @Test func `is refused for another challenge`() throws {
        let soft = try SoftAuthenticator()
        let other = PasskeyRegistration.challenge(log: "log", principal: "p-2")
        #expect(other != Self.challenge)
        let made = soft.create(other)
        let (passkey, problems) = PasskeyRegistration(
            clientDataJSON: made.clientDataJSON, attestationObject: made.attestationObject
        ).passkey(challenge: Self.challenge, scope: try Self.scope())
        #expect(passkey == nil)
        #expect(problems == [.otherChallenge])
    }

    @Test func `is refused for a key of another kind, or one member more`() throws {
        let soft = try SoftAuthenticator()
        let key = soft.coseKey
        var wrongAlgorithm = key
        wrongAlgorithm[4] = 0x38
        var wrongCurve = key
        wrongCurve[6] = 0x02
        var notOnCurve = key
        notOnCurve[key.count - 1] ^= 1
        var more = key + [0x04, 0x80]
        more[0] = 0xA6
        #expect(try passkey(soft, cose: key).problems == [])
        for bad in [wrongAlgorithm, wrongCurve, notOnCurve, more, [0xA0], [0x01]] {
            #expect(try passkey(soft, cose: bad).problems == [.malformed])
        }
    }

    @Test(arguments: [
        ("example.com", "https://example.com", true), ("localhost", "http://localhost:8080", true),
        ("example.com", "https://a.b.example.com:8443", true),
        ("example.com", "http://example.com", false), ("example.com", "https://example.org", false),
        ("example.com", "https://badexample.com", false),
        ("example.com", "https://example.com/", false),
        ("example.com", "https://example.com:443", false),
        ("example.com", "https://example.com:", false),
        ("example.com", "https://example.com:08443", false),
        ("example.com", "https://Example.com", false),
        ("example.com", "https://user@example.com", false),
        ("10.0.0.1", "https://10.0.0.1", false), ("a..b", "https://a..b", false),
        ("-a.b", "https://-a.b", false), ("", "https://", false),
    ])
    func `is for pages of one relying party`(domain: String, origin: String, isGood: Bool) throws {
        let json: JSON = ["rpId": .string(domain), "origins": [.string(origin)]]
        let scope = try? JSONReader.decode(json) { PasskeyScope(reading: $0) }
        #expect((scope != nil) == isGood)
        let passkey = Passkey(
            key: try PrivateKey.generate(.ed25519).publicKey, credentialID: [1],
            relyingParty: domain, origins: [origin])
        #expect((passkey != nil) == isGood)
    }

    @Test func `accepts no key but of the two kinds`() throws {
        for algorithm in [KeyAlgorithm.ecdsaP384, .ecdsaP521] {
            #expect(
                Passkey(
                    key: try PrivateKey.generate(algorithm).publicKey, credentialID: [1],
                    relyingParty: "example.com", origins: ["https://example.com"]) == nil)
        }
    }
}

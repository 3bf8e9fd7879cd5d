import CanonicalJSON
import Cryptography
import TestSupport
import Testing

@testable import Attestation

@Suite struct `A passkey's signature` {
    @Test(arguments: [KeyAlgorithm.ecdsaP256, .ed25519])
    func `holds over exactly the payload that was signed`(algorithm: KeyAlgorithm) throws {
        let soft = try SoftAuthenticator(algorithm)
        let signed = try Envelope(parsing: try soft.sign(document).canonicalBytes)
        #expect(signed.signers(among: [.passkey(soft.passkey)]) == [soft.passkey.id])
        #expect(signed.assertions(by: soft.passkey) == [[]])

        for (type, payload) in [(document.payloadType, [1]), ("a/b", document.payload)] {
            let other = Envelope(payloadType: type, payload: payload, signatures: signed.signatures)
            #expect(other.signers(among: [.passkey(soft.passkey)]) == [])
            #expect(other.assertions(by: soft.passkey) == [[.otherChallenge]])
        }
    }

    static let bent: [(PasskeyProblem, @Sendable (inout SoftAuthenticator) -> Void)] = [
        (.otherCeremony, { $0.ceremony = "webauthn.create" }),
        (.otherOrigin, { $0.origin = "https://evil.example.com" }),
        (.otherOrigin, { $0.origin = "https://sign.example.com:444" }),
        (.otherOrigin, { $0.origin = "http://sign.example.com" }),
        (.crossOrigin, { $0.more = #","crossOrigin":true"# }),
        (.crossOrigin, { $0.more = #","topOrigin":"https://a.example""# }),
        (.tokenBinding, { $0.more = #","tokenBinding":{"status":"present","id":"eA"}"# }),
        (.otherRelyingParty, { $0.relyingParty = "evil.example" }),
        (.userAbsent, { $0.flags = 0b0000_0100 }),
        (.userNotVerified, { $0.flags = 0b0000_0001 }),
        (.backupState, { $0.flags = 0b0001_0101 }),
        (.malformed, { $0.tail = [0] }),
        (.malformed, { $0.flags |= 0b1000_0000 }),
        (.malformed, { $0.more = #","type":"webauthn.get""# }),
        (.malformed, { $0.more = #","crossOrigin":"no""# }),
        (.malformed, { $0.more = #","tokenBinding":{}"# }),
    ]

    @Test(arguments: bent.indices)
    func `is refused, by a code of its own, for each thing that is wrong`(index: Int) throws {
        let (problem, bend) = Self.bent[index]
        var soft = try SoftAuthenticator()
        let passkey = soft.passkey
        bend(&soft)
        let signed = try soft.sign(document, as: passkey)
        #expect(signed.assertions(by: passkey) == [[problem]])
        #expect(signed.signers(among: [.passkey(passkey)]) == [])
    }

    static let harmless: [@Sendable (inout SoftAuthenticator) -> Void] = [
        { $0.more = "" },
        { $0.more = #","other_keys_can_be_added_here":"https://goo.gl/yabPex""# },
        { $0.more = #","tokenBinding":{"status":"supported"}"# },
        { $0.origin = "https://example.com:8443" },
        { $0.flags = 0b0001_1101 },
        {
            $0.flags |= 0b1000_0000
            $0.tail = [0xA1, 0x63] + Array("uvm".utf8) + [0x81, 0x83, 2, 4, 2]
        },
    ]

    @Test(arguments: harmless.indices)
    func `holds with what authenticators may add`(index: Int) throws {
        var soft = try SoftAuthenticator()
        let passkey = soft.passkey
        Self.harmless[index](&soft)
        #expect(try soft.sign(document, as: passkey).assertions(by: passkey) == [[]])
    }

    @Test func `does not hold when it brings a new credential`() throws {
        var soft = try SoftAuthenticator()
        soft.tail = [UInt8](repeating: 0, count: 16) + [0, 32] + soft.credentialID + soft.coseKey
        soft.flags |= 0x40
        #expect(try soft.sign(document).assertions(by: soft.passkey) == [[.attestedCredential]])
    }

    @Test(arguments: [KeyAlgorithm.ecdsaP256, .ed25519])
    func `does not survive the change of any byte`(algorithm: KeyAlgorithm) throws {
        let soft = try SoftAuthenticator(algorithm)
        let good = try soft.assertion(over: document)
        var count = 0
        func expectRefused(_ part: [UInt8], _ make: ([UInt8]) -> PasskeyAssertion) {
            for index in part.indices {
                for mask in [UInt8(1), 0x80] {
                    var bytes = part
                    bytes[index] ^= mask
                    let signed = document.adding(make(bytes), by: soft.passkey)
                    #expect(signed.signers(among: [.passkey(soft.passkey)]) == [], "byte \(index)")
                    count += 1
                }
            }
        }
        let (data, client, signature) = (
            good.authenticatorData, good.clientDataJSON, good.signature
        )
        expectRefused(data) {
            PasskeyAssertion(authenticatorData: $0, clientDataJSON: client, signature: signature)
        }
        expectRefused(client) {
            PasskeyAssertion(authenticatorData: data, clientDataJSON: $0, signature: signature)
        }
        expectRefused(signature) {
            PasskeyAssertion(authenticatorData: data, clientDataJSON: client, signature: $0)
        }
        #expect(count > 400)
    }

    @Test func `is no signature of the key in it, nor the key's one of the passkey`() throws {
        let soft = try SoftAuthenticator()
        let (key, passkey) = (soft.key.publicKey, soft.passkey)
        #expect(key.id != passkey.id)
        let both: [Credential] = [.key(key), .passkey(passkey)]
        let message = Envelope.preAuthenticationEncoding(
            type: document.payloadType, body: document.payload)
        let assertion = try soft.assertion(over: document).canonicalBytes
        let plain = try soft.key.sign(message)
        func signers(_ id: KeyID, _ bytes: [UInt8]) -> Set<KeyID> {
            document.adding(.init(keyID: id.hex, bytes: bytes)).signers(among: both)
        }
        #expect(signers(passkey.id, assertion) == [passkey.id])
        #expect(signers(key.id, plain) == [key.id])
        #expect(signers(key.id, assertion) == [])
        // Keyids of plain keys are hints, so the plain signature counts: for the plain key alone.
        #expect(signers(passkey.id, plain) == [key.id])
        #expect(
            document.adding(.init(keyID: passkey.id.hex, bytes: plain))
                .signers(among: [.passkey(passkey)]) == [])
        #expect(
            document.adding(.init(keyID: key.id.hex, bytes: assertion))
                .signers(among: [.passkey(passkey)]) == [])
    }

    @Test func `is read in its one form only`() throws {
        let soft = try SoftAuthenticator()
        let good = try soft.assertion(over: document)
        #expect(PasskeyAssertion(good.canonicalBytes) == good)
        let text = String(decoding: good.canonicalBytes, as: UTF8.self)
        let others = [
            text + " ", " " + text, text.replacing("{", with: "{\"a\":1,"),
            text.replacing("\"signature\"", with: "\"signature2\""),
            text.replacing("\"}", with: "=\"}"), "{}", "[]", "",
        ]
        for other in others { #expect(PasskeyAssertion(Array(other.utf8)) == nil, "\(other)") }
        let long = PasskeyAssertion(
            authenticatorData: [UInt8](repeating: 0, count: 20_000),
            clientDataJSON: good.clientDataJSON, signature: good.signature)
        #expect(PasskeyAssertion(long.canonicalBytes) == nil)
    }
}

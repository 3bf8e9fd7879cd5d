import CanonicalJSON
import Cryptography
import Testing

@testable import Attestation

@Suite struct `An envelope` {
    @Test func `is signed over the encoding that DSSE publishes`() {
        let encoding = Envelope.preAuthenticationEncoding(
            type: "http://example.com/HelloWorld", body: Array("hello world".utf8))
        #expect(
            String(decoding: encoding, as: UTF8.self)
                == "DSSEv1 29 http://example.com/HelloWorld 11 hello world")
    }

    @Test func `has the published digest of its encoding`() {
        let body = Array(#"{"_type":"https://in-toto.io/Statement/v1"}"#.utf8)
        let encoding = Envelope.preAuthenticationEncoding(
            type: Statement.payloadType, body: body)
        #expect(
            SHA256.hash(encoding).hex
                == "57dd565335c70baa2e9fc48a46e80907434e3c6ea2342ef806dad983891349cd")
    }

    @Test(arguments: [KeyAlgorithm.ecdsaP256, .ecdsaP384, .ecdsaP521, .ed25519])
    func `survives being written and read, with any key`(algorithm: KeyAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm)
        let other = try PrivateKey.generate(algorithm)
        let envelope = try Envelope.sign([1, 2, 3], type: "a/b", with: [key])
        let read = try Envelope(parsing: envelope.canonicalBytes)
        #expect(read == envelope)
        #expect(read.verify(with: [other.publicKey, key.publicKey]) == [key.publicKey.id])
        #expect(read.verify(with: [other.publicKey]) == [])
        #expect(read.verify(with: []) == [])
    }

    @Test func `is not believed for what its keyid says`() throws {
        let key = try PrivateKey.generate(.ed25519)
        let trusted = try PrivateKey.generate(.ed25519)
        let forged = try Envelope.sign([7], with: [key]).signatures[0].bytes
        let envelope = Envelope(
            payloadType: Statement.payloadType, payload: [7],
            signatures: [.init(keyID: trusted.publicKey.id.hex, bytes: forged)])
        #expect(envelope.verify(with: [trusted.publicKey]) == [])
        // The hint is wrong, the signature is right: the key counts, not the hint.
        #expect(
            envelope.verify(with: [trusted.publicKey, key.publicKey]) == [key.publicKey.id])
    }

    @Test func `counts a key once however often it signed`() throws {
        let key = try PrivateKey.generate(.ecdsaP256)
        let envelope = try Envelope.sign([7], with: [key, key, key])
        #expect(envelope.signatures.count == 3)
        #expect(envelope.verify(with: [key.publicKey]).count == 1)
    }

    @Test func `is refused when type or payload are exchanged`() throws {
        let key = try PrivateKey.generate(.ed25519)
        let envelope = try Envelope.sign([7], type: "a", with: [key])
        for (type, payload) in [("b", [7]), ("a", [8]), ("a", [7, 0]), ("", [])] {
            let changed = Envelope(
                payloadType: type, payload: payload.map(UInt8.init),
                signatures: envelope.signatures)
            #expect(changed.verify(with: [key.publicKey]) == [])
        }
    }

    @Test(
        arguments: [
            #"{"payload":"AA==","payloadType":"t","signatures":[{"sig":"AA=="}]}"#,
            #"{"payload":"AA==","payloadType":"t","signatures":[{"sig":"AA==","keyid":null}]}"#,
            #"{"payload":"_-8=","payloadType":"t","signatures":[{"sig":"AA==","keyid":""}]}"#,
            #"{"payload":"AA==","payloadType":"t","signatures":[]}"#,
        ])
    func `is read when well-formed`(text: String) throws {
        _ = try Envelope(parsing: Array(text.utf8))
    }

    @Test(
        arguments: [
            "", "[]", "null",
            #"{"payload":"AA==","payloadType":"t"}"#,
            #"{"payload":"AA==","payloadType":"t","signatures":[{}]}"#,
            #"{"payload":"AA==","payloadType":"t","signatures":[{"sig":""}]}"#,
            #"{"payload":"A A=","payloadType":"t","signatures":[]}"#,
            #"{"payload":"AA==","payloadType":"t","signatures":[],"more":1}"#,
            #"{"payload":"AA==","payloadType":"t","signatures":[{"sig":"AA==","cert":"x"}]}"#,
            #"{"payload":"AA==","payload":"AB==","payloadType":"t","signatures":[]}"#,
            #"{"payload":"AA==","payloadType":7,"signatures":[]}"#,
            #"{"payload":"AA==","payloadType":"t","signatures":[{"sig":"AA==","keyid":3}]}"#,
        ])
    func `is refused when malformed`(text: String) {
        let error = #expect(throws: AttestationError.self) {
            try Envelope(parsing: Array(text.utf8))
        }
        #expect(error?.findings.codes == [.malformed])
    }

    @Test func `is refused beyond the limits`() throws {
        let signature = Envelope.Signature(keyID: "", bytes: [1])
        let many = Envelope(
            payloadType: "t", payload: [], signatures: Array(repeating: signature, count: 65))
        let error = #expect(throws: AttestationError.self) {
            try Envelope(parsing: many.canonicalBytes)
        }
        #expect(error?.findings.codes == [.tooLarge])
        let long = #expect(throws: AttestationError.self) {
            try Envelope(
                parsing: many.canonicalBytes, limits: AttestationLimits(documentBytes: 100))
        }
        #expect(long?.findings.codes == [.tooLarge])
    }
}

@Suite struct `A statement` {
    static let example = Statement(
        subjects: [.init(name: "ns/m", sha256: SHA256.hash("x"))],
        predicateType: "https://example.com/p/v1", predicate: ["a": 1])

    @Test func `survives signing, and comes out verified`() throws {
        let key = try PrivateKey.generate(.ecdsaP256)
        let envelope = try Self.example.sign(with: [key])
        let verdict = envelope.verifyStatement(
            with: [key.publicKey], predicateType: "https://example.com/p/v1")
        let verified = try #require(verdict.statement)
        #expect(verified.statement == Self.example)
        #expect(verified.signers == [key.publicKey.id])
        #expect(verified.payloadDigest == SHA256.hash(Self.example.payload))
    }

    @Test func `is refused with all reasons at once`() throws {
        let key = try PrivateKey.generate(.ecdsaP256)
        let other = try PrivateKey.generate(.ecdsaP256)
        let envelope = try Self.example.sign(with: [key])
        let verdict = envelope.verifyStatement(with: [other.publicKey], predicateType: "other")
        #expect(verdict.findings.codes == [.signatureInvalid, .predicateTypeMismatch])
        #expect(verdict.statement == nil)
    }

    @Test func `needs as many distinct keys as the threshold says`() throws {
        let keys = try [PrivateKey.generate(.ed25519), .generate(.ed25519)]
        let trusted = keys.map(\.publicKey)
        let twice = try Self.example.sign(with: [keys[0], keys[0]])
        let both = try Self.example.sign(with: keys)
        #expect(
            twice.verifyStatement(with: trusted, threshold: 2).findings.codes == [.tooFewSigners])
        #expect(both.verifyStatement(with: trusted, threshold: 2).statement?.signers.count == 2)
    }

    @Test(
        arguments: [
            #"{"_type":"https://in-toto.io/Statement/v0.1","subject":[{"name":"a","digest":{"sha256":"00"}}],"predicateType":"p","predicate":{}}"#,
            #"{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"p","predicate":{}}"#,
            #"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{}}],"predicateType":"p","predicate":{}}"#,
            #"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"AB"}}],"predicateType":"p","predicate":{}}"#,
            #"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"00"},"uri":"u"}],"predicateType":"p","predicate":{}}"#,
            #"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"00"}}],"predicateType":"p","predicate":[]}"#,
            #"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"00"}}],"predicateType":"p","predicate":{},"x":1}"#,
        ])
    func `is refused when malformed`(text: String) {
        let error = #expect(throws: AttestationError.self) {
            try Statement(parsing: Array(text.utf8))
        }
        #expect(error?.findings.codes == [.malformed])
    }
}

// DSSE envelopes: bytes with signatures over them, believed only as far as a caller's keys confirm.
//
// Specification: Dead Simple Signing Envelope 1.0 (github.com/secure-systems-lab/dsse).
// - Envelope: {"payload": base64, "payloadType": text, "signatures": [{"keyid": text, "sig": base64}]}.
//   Base64 may be standard or URL-safe. "keyid" may be absent, empty or null, and proves nothing.
//   Members beyond these are refused: what nobody interprets must not travel under a signature's name.
// - Signed are not the payload bytes but their pre-authentication encoding, all lengths in bytes,
//   decimal, one space between the parts:
//       PAE(type, body) = "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body
// - The payload is decoded once; exactly the verified bytes are handed to the parser.
// - The identity of an envelope is the SHA-256 of its payload. ECDSA signatures can be rewritten by
//   anybody (s -> n-s) and stay valid, so nothing may depend on signature bytes.
//
// Example: type "http://example.com/HelloWorld", body "hello world" gives
//   DSSEv1 29 http://example.com/HelloWorld 11 hello world

package import CanonicalJSON
package import Cryptography

/// A payload with signatures that nobody has checked yet.
package struct Envelope: Sendable, Hashable {
    /// One signature as it stands in the envelope.
    package struct Signature: Sendable, Hashable {
        /// What the envelope says about the signer; a hint at most.
        package let keyID: String
        /// The signature itself: DER for ECDSA, 64 bytes for Ed25519.
        package let bytes: [UInt8]

        package init(keyID: String, bytes: [UInt8]) {
            self.keyID = keyID
            self.bytes = bytes
        }
    }

    /// The media type of the payload.
    package let payloadType: String
    /// The bytes that were signed, as received.
    package let payload: [UInt8]
    /// The signatures in their order.
    package let signatures: [Signature]

    package init(payloadType: String, payload: [UInt8], signatures: [Signature]) {
        self.payloadType = payloadType
        self.payload = payload
        self.signatures = signatures
    }

    /// The SHA-256 of the payload: the identity of what was signed.
    package var payloadDigest: SHA256Digest { SHA256.hash(payload) }

    /// The bytes over which a signature is made.
    package static func preAuthenticationEncoding(type: String, body: [UInt8]) -> [UInt8] {
        var bytes = Array("DSSEv1 \(type.utf8.count) \(type) \(body.count) ".utf8)
        bytes.append(contentsOf: body)
        return bytes
    }
}

// MARK: - Sign and verify

extension Envelope {
    /// Signs `payload` with every key, in their order; throws `CryptographyError` when a key cannot.
    package static func sign(
        _ payload: [UInt8], type: String = Statement.payloadType, with keys: [PrivateKey]
    ) throws(CryptographyError) -> Envelope {
        var envelope = Envelope(payloadType: type, payload: payload, signatures: [])
        for key in keys {
            envelope = try envelope.adding(signatureBy: key)
        }
        return envelope
    }

    /// The same payload with one signature more, made by `key`.
    package func adding(signatureBy key: PrivateKey) throws(CryptographyError) -> Envelope {
        let message = Self.preAuthenticationEncoding(type: payloadType, body: payload)
        let bytes = try key.sign(message)
        return adding(Signature(keyID: key.publicKey.id.hex, bytes: bytes))
    }

    /// The same payload with one signature more, made elsewhere and unchecked.
    package func adding(_ signature: Signature) -> Envelope {
        Envelope(
            payloadType: payloadType, payload: payload, signatures: signatures + [signature])
    }

    /// Which of `keys` have signed this payload; what "keyid" says only decides whom to try first.
    package func verify(with keys: [PublicKey]) -> Set<KeyID> {
        let message = Self.preAuthenticationEncoding(type: payloadType, body: payload)
        var signers: Set<KeyID> = []
        for signature in signatures {
            let named = keys.filter { $0.id.hex == signature.keyID }
            let others = keys.filter { $0.id.hex != signature.keyID }
            if let key = (named + others).first(where: { $0.verify(signature.bytes, over: message) }
            ) {
                signers.insert(key.id)
            }
        }
        return signers
    }
}

// MARK: - Parse and serialise

extension Envelope {
    /// Reads an envelope strictly; throws `malformed` or `too-large`.
    package init(
        parsing bytes: [UInt8], limits: AttestationLimits = .default
    ) throws(AttestationError) {
        try self.init(json: parseJSON(bytes, "envelope", limits), limits: limits)
    }

    /// Reads an envelope that stands inside another document.
    package init(
        json: JSON, limits: AttestationLimits = .default
    ) throws(AttestationError) {
        let reader = try MemberReader(
            json, "envelope", allowing: ["payload", "payloadType", "signatures"])
        payload = try reader.base64("payload")
        payloadType = try reader.string("payloadType")
        let elements = try reader.array("signatures", atMost: limits.signatures)
        var signatures: [Signature] = []
        for element in elements {
            let member = try MemberReader(element, "signature", allowing: ["keyid", "sig"])
            let keyID = try member.isNullOrAbsent("keyid") ? "" : member.string("keyid")
            let bytes = try member.base64("sig")
            guard !bytes.isEmpty else {
                throw AttestationError(.malformed, "A signature of the envelope is empty.")
            }
            signatures.append(Signature(keyID: keyID, bytes: bytes))
        }
        self.signatures = signatures
    }

    /// The envelope as JSON, base64 in the standard alphabet with padding.
    package var json: JSON {
        [
            "payload": .string(Base64.encode(payload)),
            "payloadType": .string(payloadType),
            "signatures": .array(
                signatures.map { signature in
                    [
                        "keyid": .string(signature.keyID),
                        "sig": .string(Base64.encode(signature.bytes)),
                    ]
                }),
        ]
    }

    /// The RFC 8785 bytes of the envelope.
    package var canonicalBytes: [UInt8] { json.canonicalBytes }
}

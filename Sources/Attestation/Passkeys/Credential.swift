// What somebody signs with: a key, or a passkey. Each verifies its own form of signature and no other.

package import Cryptography

/// Something that verifies signatures of envelopes.
package enum Credential: Sendable, Hashable {
    case key(PublicKey)
    case passkey(Passkey)

    /// Under which signatures name it: ids of keys and of passkeys never meet.
    package var id: KeyID {
        switch self {
        case .key(let key): key.id
        case .passkey(let passkey): passkey.id
        }
    }

    /// The key that signs in the end.
    package var key: PublicKey {
        switch self {
        case .key(let key): key
        case .passkey(let passkey): passkey.key
        }
    }

    /// What a signature by it shows.
    package var factor: SignatureFactor {
        switch self {
        case .key: .key
        case .passkey: .passkey
        }
    }
}

/// What somebody had to have, or to be, in order to sign; in order of strength.
package enum SignatureFactor: String, Sendable, Hashable, Comparable, CaseIterable {
    /// A private key, perhaps under a passphrase: nobody sees.
    case key
    /// An authenticator that verified its user at that moment.
    case passkey

    package static func < (left: SignatureFactor, right: SignatureFactor) -> Bool {
        left == .key && right == .passkey
    }
}

extension Envelope {
    /// The SHA-256 that a passkey has to sign as its challenge.
    package var passkeyChallenge: [UInt8] {
        SHA256.hash(Self.preAuthenticationEncoding(type: payloadType, body: payload)).bytes
    }

    /// Which of `credentials` have signed this payload: keys as in `verify(with keys:)`, and passkeys by
    /// assertions whose "keyid" names them.
    package func signers(among credentials: [Credential]) -> Set<KeyID> {
        var keys: [PublicKey] = []
        var signers: Set<KeyID> = []
        for credential in credentials {
            switch credential {
            case .key(let key): keys.append(key)
            case .passkey(let passkey):
                let assertions = assertions(by: passkey)
                if assertions.contains(where: \.isEmpty) { signers.insert(passkey.id) }
            }
        }
        return keys.isEmpty ? signers : signers.union(verify(with: keys))
    }

    /// For every signature that names the passkey, what stands against it.
    package func assertions(by passkey: Passkey) -> [[PasskeyProblem]] {
        let named = signatures.filter { $0.keyID == passkey.id.hex }
        guard !named.isEmpty else { return [] }
        let message = Self.preAuthenticationEncoding(type: payloadType, body: payload)
        return named.map { signature in
            PasskeyAssertion(signature.bytes)?.problems(of: passkey, over: message) ?? [.malformed]
        }
    }

    /// The same payload with a passkey's assertion more, made elsewhere and unchecked.
    package func adding(_ assertion: PasskeyAssertion, by passkey: Passkey) -> Envelope {
        adding(Signature(keyID: passkey.id.hex, bytes: assertion.canonicalBytes))
    }
}

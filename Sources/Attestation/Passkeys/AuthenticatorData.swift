// What an authenticator says about itself and the user, in bytes that it signs.
//
// Specification: W3C Web Authentication Level 2, section 6.1.
//
//     rpIdHash 32 | flags 1 | signCount 4, big-endian | [attested credential data] | [extensions]
//
// Flags: bit 0 UP, the user was there; bit 2 UV, the user was verified; bit 3 BE and bit 4 BS (Level 3), the
// key may be, and is, copied elsewhere; bit 6 AT, a new credential follows; bit 7 ED, extensions follow as
// one CBOR map. Attested credential data (section 6.5.1): aaguid 16 | length 2, big-endian | credential id |
// the public key as COSE_Key. Nothing may follow what the flags announce.

internal import Cryptography

/// Authenticator data, read but not believed.
struct AuthenticatorData: Sendable, Hashable {
    /// SHA-256 of the relying party's id.
    let relyingParty: SHA256Digest
    let isUserPresent: Bool
    let isUserVerified: Bool
    /// Whether a credential that can not be copied is said to be copied.
    let contradictsBackup: Bool
    /// The new credential; nil for an assertion.
    let credential: AttestedCredential?

    /// A credential that was just made.
    struct AttestedCredential: Sendable, Hashable {
        let id: [UInt8]
        let key: PublicKey
    }

    /// The longest that is looked at: a credential id of 1,023 bytes, a key and extensions.
    static let longest = 4_096

    /// Reads all of the bytes; nil when they are not authenticator data.
    init?(_ bytes: [UInt8]) {
        guard (37...Self.longest).contains(bytes.count),
            let relyingParty = SHA256Digest(bytes: Array(bytes[..<32]))
        else { return nil }
        let flags = bytes[32]
        func has(_ bit: UInt8) -> Bool { flags & (1 << bit) != 0 }
        self.relyingParty = relyingParty
        isUserPresent = has(0)
        isUserVerified = has(2)
        contradictsBackup = has(4) && !has(3)

        var rest = bytes[37...]
        if has(6) {
            guard let (credential, behind) = Self.attested(rest) else { return nil }
            (self.credential, rest) = (credential, behind)
        } else {
            credential = nil
        }
        if has(7) {
            guard CBORReader.value(of: rest)?.map != nil else { return nil }
        } else if !rest.isEmpty {
            return nil
        }
    }

    private static func attested(
        _ bytes: ArraySlice<UInt8>
    ) -> (credential: AttestedCredential, behind: ArraySlice<UInt8>)? {
        let header = bytes.prefix(18)
        guard header.count == 18 else { return nil }
        let count = header.suffix(2).reduce(0) { $0 << 8 | Int($1) }
        let id = bytes.dropFirst(18).prefix(count)
        guard Passkey.credentialIDCount.contains(count), id.count == count,
            var reader = CBORReader(bytes.dropFirst(18 + count)),
            let key = reader.next().flatMap(PublicKey.init(cose:))
        else { return nil }
        return (AttestedCredential(id: Array(id), key: key), reader.rest)
    }
}

extension PublicKey {
    /// Reads a COSE_Key (RFC 9052 section 7, RFC 9053 section 7): ES256 on P-256, or EdDSA on Ed25519, with
    /// the members that WebAuthn section 6.5.1.1 asks for and no others; nil for anything else.
    ///
    /// Example: {1: 2, 3: -7, -1: 1, -2: x, -3: y} is a key on P-256.
    convenience init?(cose: CBOR) {
        guard let members = cose.map else { return nil }
        func integer(_ label: Int64) -> Int64? { members[.integer(label)]?.integer }
        func bytes(_ label: Int64) -> [UInt8]? { members[.integer(label)]?.bytes }
        switch (integer(1), integer(3), integer(-1), members.count) {
        case (2, -7, 1, 5):
            guard let x = bytes(-2), let y = bytes(-3) else { return nil }
            try? self.init(p256: x, y)
        case (1, -8, 6, 4):
            guard let x = bytes(-2) else { return nil }
            try? self.init(ed25519: x)
        default: return nil
        }
    }
}

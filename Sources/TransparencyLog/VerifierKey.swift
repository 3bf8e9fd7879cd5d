// Verifier keys ("vkeys") of signed notes (c2sp.org/signed-note 1.0.0, "Verifier keys").
//
//     <name>+<key ID, 8 lowercase hex digits>+<base64(type ‖ public key)>
//
// The key ID is SHA-256(name ‖ 0x0A ‖ type ‖ public key)[0:4], read as a big-endian number; for
// type 0x02 it is SHA-256(public key)[0:4] instead. It only helps to find a key, it proves nothing.
// A name holds no "+", but base64 does: the text is split at its first two "+" alone. The reader
// recomputes the ID and refuses another one.
//
// Types: 0x01 Ed25519, 32-byte key · 0x02 ECDSA, DER SubjectPublicKeyInfo (P-256 here) · 0x04
// Ed25519 cosignature with time, 32-byte key · 0x05 RFC 6962 tree head · 0x06 ML-DSA-44 cosignature ·
// 0xfa … 0xfe reserved · 0xff free. A key of a type that cannot be checked here is kept, so that
// policies can list it; its signatures count as those of an unknown key: never for anything.
//
// Worked example: "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW" is the
// Ed25519 key 1a5cd907…d744d6 with ID c74f20a3.

package import Cryptography

/// A public key of a note signer, with its name.
package struct VerifierKey: Sendable, Hashable, CustomStringConvertible {
    /// The signature type of a key: one byte.
    package struct Kind: Sendable, Hashable, RawRepresentable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Ed25519 over the note text (signed-note.md).
        package static let ed25519 = Kind(rawValue: 0x01)
        /// ECDSA over the note text (signed-note.md); P-256 with SHA-256 here.
        package static let ecdsa = Kind(rawValue: 0x02)
        /// Ed25519 over a timestamped checkpoint (tlog-cosignature.md).
        package static let cosignature = Kind(rawValue: 0x04)
    }

    /// The name, byte for byte.
    package let name: KeyName
    /// The type byte.
    package let kind: Kind
    /// The public key as the type encodes it.
    package let keyBytes: [UInt8]
    /// The number that signature lines carry.
    package let keyID: UInt32
    /// The key to verify with; nil for a type that cannot be checked here.
    package let publicKey: PublicKey?

    /// A key from its parts; throws `.verifierKey` when the bytes are no key of that type.
    package init(name: KeyName, kind: Kind, keyBytes: [UInt8]) throws(NoteError) {
        self.name = name
        self.kind = kind
        self.keyBytes = keyBytes
        keyID = Self.keyID(name: name, kind: kind, keyBytes: keyBytes)
        publicKey = try Self.publicKey(kind: kind, keyBytes: keyBytes)
    }

    /// Reads `name+hash+base64`; throws `.verifierKey`.
    package init(_ text: String) throws(NoteError) {
        let parts = try NoteKeyText.parse(Array(text.utf8))
        try self.init(name: parts.name, kind: Kind(rawValue: parts.kind), keyBytes: parts.material)
        guard keyID == parts.keyID else {
            throw .verifierKey(reason: "has an ID that does not follow from it")
        }
    }

    /// The text form, which `init(_:)` reads.
    package var text: String {
        "\(name)+\(NoteKeyText.hex(keyID))+\(Base64.encode([kind.rawValue] + keyBytes))"
    }

    package var description: String { text }

    /// Name and ID as messages show them: "example.com/audit+72b50a8f".
    package var label: String { "\(name)+\(NoteKeyText.hex(keyID))" }

    /// The 32 bytes that identify a log elsewhere (RFC 6962 log ID, sigstore): SHA-256 of the whole
    /// preimage of the key ID.
    package var fullKeyID: SHA256Digest {
        Self.keyIDDigest(name: name, kind: kind, keyBytes: keyBytes)
    }

    package static func == (left: VerifierKey, right: VerifierKey) -> Bool {
        left.name == right.name && left.kind == right.kind && left.keyBytes == right.keyBytes
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(kind)
        hasher.combine(keyBytes)
    }

    private static func keyIDDigest(name: KeyName, kind: Kind, keyBytes: [UInt8]) -> SHA256Digest {
        kind == .ecdsa
            ? SHA256.hash(keyBytes)
            : SHA256.hash(name.utf8 + [0x0a, kind.rawValue] + keyBytes)
    }

    private static func keyID(name: KeyName, kind: Kind, keyBytes: [UInt8]) -> UInt32 {
        let digest = keyIDDigest(name: name, kind: kind, keyBytes: keyBytes)
        return UInt32(HashBytes.number(bigEndian: digest.bytes.prefix(4)))
    }

    private static func publicKey(kind: Kind, keyBytes: [UInt8]) throws(NoteError) -> PublicKey? {
        switch kind {
        case .ed25519, .cosignature:
            guard keyBytes.count == 32 else {
                throw .verifierKey(reason: "has not the 32 bytes of an Ed25519 key")
            }
            do {
                return try PublicKey(ed25519: keyBytes)
            } catch {
                throw .verifierKey(reason: "is not an Ed25519 key")
            }
        case .ecdsa:
            let key: PublicKey
            do {
                key = try PublicKey(spki: keyBytes)
            } catch {
                throw .verifierKey(reason: "is not a DER SubjectPublicKeyInfo")
            }
            // The digest for larger curves is nowhere specified, so they cannot be checked.
            return key.algorithm == .ecdsaP256 ? key : nil
        default:
            guard !keyBytes.isEmpty else { throw .verifierKey(reason: "has no key bytes") }
            return nil
        }
    }
}

/// The text form that verifier and signer keys share: name, ID, base64(type ‖ material).
enum NoteKeyText {
    struct Parts {
        let name: KeyName
        let keyID: UInt32
        let kind: UInt8
        let material: [UInt8]
    }

    static func parse(_ bytes: [UInt8]) throws(NoteError) -> Parts {
        guard bytes.count <= LogLimits.keyTextBytes else {
            throw .verifierKey(reason: "has more than \(LogLimits.keyTextBytes) bytes")
        }
        let parts = bytes.split(
            separator: UInt8(ascii: "+"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            throw .verifierKey(reason: "is not of the form name+hash+key")
        }
        guard let name = KeyName(utf8: parts[0]) else {
            throw .verifierKey(reason: "has an impossible name")
        }
        let digits = String(decoding: parts[1], as: UTF8.self)
        guard let id = Hex.decode(digits), id.count == 4, digits.utf8.count == 8 else {
            throw .verifierKey(reason: "has an ID that is not 8 lowercase hex digits")
        }
        guard let material = HashBytes.decode(base64: parts[2]), let kind = material.first
        else {
            throw .verifierKey(reason: "is not base64")
        }
        return Parts(
            name: name, keyID: UInt32(HashBytes.number(bigEndian: id)), kind: kind,
            material: Array(material.dropFirst()))
    }

    static func hex(_ keyID: UInt32) -> String {
        Hex.encode(HashBytes.bigEndian(keyID))
    }
}

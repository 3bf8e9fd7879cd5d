// Signing notes, and the private text form of Go's note package.
//
//     PRIVATE+KEY+<name>+<key ID, 8 hex digits>+<base64(type ‖ 32-byte Ed25519 seed)>
//
// It begins with a literal that no public key has, so that one cannot be taken for the other. Ed25519
// is deterministic: the same text always gets the same line.
//
// Worked example: the seed 810a1402…283173 under the name PeterNeumann makes the line shown in
// SignedNote.swift.

package import Cryptography

/// A private key with the name under which it signs notes.
package struct NoteSigner: Sendable {
    /// The public half.
    package let verifierKey: VerifierKey
    private let key: PrivateKey

    /// A log's signer: type 0x01 for an Ed25519 key, 0x02 for a P-256 key.
    ///
    /// Throws `.signerKey`.
    package init(name: KeyName, key: PrivateKey) throws(NoteError) {
        let publicKey = key.publicKey
        switch publicKey.algorithm {
        case .ed25519:
            guard let raw = publicKey.rawEd25519 else {
                throw .signerKey(reason: "has no raw Ed25519 form")
            }
            verifierKey = try VerifierKey(name: name, kind: .ed25519, keyBytes: raw)
        case .ecdsaP256:
            verifierKey = try VerifierKey(name: name, kind: .ecdsa, keyBytes: publicKey.spki)
        default:
            throw .signerKey(reason: "is neither an Ed25519 nor a P-256 key")
        }
        self.key = key
    }

    /// Reads `PRIVATE+KEY+name+hash+base64(0x01 ‖ seed)`; throws `.signerKey`.
    package init(privateText: String) throws(NoteError) {
        let (name, key) = try Self.parse(privateText, kind: .ed25519)
        try self.init(name: name, key: key)
    }

    /// Signs a text; throws `.signingFailed`.
    package func sign(_ text: [UInt8]) throws(NoteError) -> NoteSignature {
        do {
            return NoteSignature(
                name: verifierKey.name, keyID: verifierKey.keyID, bytes: try key.sign(text))
        } catch {
            throw .signingFailed(reason: error.description)
        }
    }

    /// A note of this text with this one signature; throws `.text`, `.signingFailed`.
    package func note(_ text: [UInt8]) throws(NoteError) -> SignedNote {
        var note = try SignedNote(text: text)
        try note.append(sign(text))
        return note
    }

    /// The name and Ed25519 key in the private text form of a type.
    static func parse(_ text: String, kind: VerifierKey.Kind) throws(NoteError)
        -> (KeyName, PrivateKey)
    {
        let prefix = "PRIVATE+KEY+"
        guard text.utf8.starts(with: prefix.utf8) else {
            throw .signerKey(reason: "does not begin with \(prefix)")
        }
        let parts: NoteKeyText.Parts
        do {
            parts = try NoteKeyText.parse(Array(text.utf8.dropFirst(prefix.utf8.count)))
        } catch {
            throw .signerKey(reason: "is not of the form \(prefix)name+hash+key")
        }
        guard parts.kind == kind.rawValue else { throw .signerKey(reason: "is of another type") }
        let key: PrivateKey
        do {
            key = try PrivateKey(ed25519Seed: parts.material)
        } catch {
            throw .signerKey(reason: "is not a seed of 32 bytes")
        }
        guard let raw = key.publicKey.rawEd25519,
            try VerifierKey(name: parts.name, kind: kind, keyBytes: raw).keyID == parts.keyID
        else {
            throw .signerKey(reason: "has an ID that does not follow from it")
        }
        return (parts.name, key)
    }
}

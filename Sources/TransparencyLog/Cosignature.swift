// Cosignatures: a witness states that it saw a checkpoint, and when (c2sp.org/tlog-cosignature,
// Ed25519 type 0x04, "cosignature/v1").
//
// A cosignature is a note signature on a checkpoint. Its bytes are
//
//     u64 big-endian timestamp (POSIX seconds, at most 2^63 − 1) ‖ 64-byte Ed25519 signature
//
// and the signed message is two lines followed by the whole note text, with its final LF:
//
//     cosignature/v1
//     time <timestamp in decimal, no leading zeros>
//     <text of the checkpoint>
//
// The message does not name the cosigner, so a key must serve one cosigner only. A witness never
// states time 0; such a cosignature verifies, but does not count for a policy. The key ID uses type
// 0x04, so the same key and name as a plain signer is told apart.
//
// Worked example: seed 00 × 32, name example.com/w1, time 1700000000, over the checkpoint of
// Checkpoint.swift: "— example.com/w1 zFqDpgAAAABlU/EAAROqaaGykslj2+6Kwr914IwnmjxMEEyPnZVJDKJ2OxqHNL0x
// 1XKc8esQtCjLrgpWVyx89zezD6UvWx65FE3tAQ==".

package import Cryptography

/// The bytes of Ed25519 cosignatures.
package enum Cosignature {
    /// What a cosigner signs for a checkpoint text at a time.
    package static func message(_ text: [UInt8], timestampSeconds: Int64) -> [UInt8] {
        Array("cosignature/v1\ntime \(timestampSeconds)\n".utf8) + text
    }

    /// Time and signature; nil unless there are 72 bytes and the time is at most 2^63 − 1.
    static func split(_ bytes: [UInt8]) -> (timestampSeconds: Int64, signature: [UInt8])? {
        guard bytes.count == 72 else { return nil }
        let timestamp = HashBytes.number(bigEndian: bytes.prefix(8))
        guard let seconds = Int64(exactly: timestamp) else { return nil }
        return (seconds, Array(bytes.dropFirst(8)))
    }
}

/// A witness's private key: signs checkpoints with a time.
package struct Cosigner: Sendable {
    /// The public half, type 0x04.
    package let verifierKey: VerifierKey
    private let key: PrivateKey

    /// A cosigner; throws `.signerKey` unless the key is Ed25519.
    package init(name: KeyName, key: PrivateKey) throws(NoteError) {
        guard let raw = key.publicKey.rawEd25519 else {
            throw .signerKey(reason: "is not an Ed25519 key")
        }
        verifierKey = try VerifierKey(name: name, kind: .cosignature, keyBytes: raw)
        self.key = key
    }

    /// Reads `PRIVATE+KEY+name+hash+base64(0x04 ‖ seed)`; throws `.signerKey`.
    package init(privateText: String) throws(NoteError) {
        let (name, key) = try NoteSigner.parse(privateText, kind: .cosignature)
        try self.init(name: name, key: key)
    }

    /// Cosigns a checkpoint at a time after 1970 (POSIX seconds).
    ///
    /// Throws `.checkpoint` for a text that is none, `.text` for time 0 or less, `.signingFailed`.
    package func cosign(_ text: [UInt8], timestampSeconds: Int64) throws(NoteError)
        -> NoteSignature
    {
        _ = try Checkpoint(parsing: text)
        guard timestampSeconds > 0 else { throw .text(reason: "is to be cosigned at no time") }
        var bytes = HashBytes.bigEndian(timestampSeconds)
        do {
            bytes += try key.sign(Cosignature.message(text, timestampSeconds: timestampSeconds))
        } catch {
            throw .signingFailed(reason: error.description)
        }
        return NoteSignature(name: verifierKey.name, keyID: verifierKey.keyID, bytes: bytes)
    }
}

// Opening a note: from a `SignedNote` and known keys to a `VerifiedNote`, which only this file makes.

internal import Cryptography

/// A signature of a note that a known key has made.
package struct VerifiedSignature: Sendable, Hashable {
    /// The key that verified it.
    package let key: VerifierKey
    /// The line.
    package let signature: NoteSignature
    /// For cosignatures the time they state, in seconds since 1970 (POSIX); nil for others.
    package let timestampSeconds: Int64?
}

/// A note of which at least one known key has signed the text, and no known key's line is false.
package struct VerifiedNote: Sendable, Hashable {
    /// The signed text, with its final LF.
    package let text: [UInt8]
    /// The signatures of known keys, each key once, in the order of the note.
    package let verified: [VerifiedSignature]
    /// The lines of unknown keys: they prove nothing.
    package let unverified: [NoteSignature]

    fileprivate init(text: [UInt8], verified: [VerifiedSignature], unverified: [NoteSignature]) {
        self.text = text
        self.verified = verified
        self.unverified = unverified
    }
}

/// The answer to opening a note.
package enum NoteVerdict: Sendable, Hashable {
    /// The note holds.
    case verified(VerifiedNote)
    /// Every reason against it, in the order of its lines.
    case refused([NoteError])

    /// The note if it holds.
    package var note: VerifiedNote? {
        guard case .verified(let note) = self else { return nil }
        return note
    }

    /// The reasons against it; empty when it holds.
    package var reasons: [NoteError] {
        guard case .refused(let reasons) = self else { return [] }
        return reasons
    }
}

extension SignedNote {
    private struct Signer: Hashable {
        let name: KeyName
        let keyID: UInt32
    }

    /// Verifies the note with these keys.
    ///
    /// "If the key name and ID match a known key, verifiers MUST verify the signature. If a
    /// signature from a known key fails to verify, clients SHOULD reject the whole note. If no
    /// signature from a known key verifies successfully, clients MUST reject the note."
    package func open(with keys: [VerifierKey]) -> NoteVerdict {
        var known: [Signer: VerifierKey] = [:]
        var reasons: [NoteError] = []
        for key in keys where key.publicKey != nil {
            let signer = Signer(name: key.name, keyID: key.keyID)
            if let other = known[signer], other != key {
                reasons.append(.ambiguousKey(key.label))
            }
            known[signer] = key
        }
        var seen: Set<Signer> = []
        var verified: [VerifiedSignature] = []
        var unverified: [NoteSignature] = []
        for signature in signatures {
            let signer = Signer(name: signature.name, keyID: signature.keyID)
            guard let key = known[signer] else {
                if !unverified.contains(signature) { unverified.append(signature) }
                continue
            }
            guard seen.insert(signer).inserted else { continue }
            switch key.verify(signature.bytes, over: text) {
            case .valid(let timestamp):
                verified.append(
                    VerifiedSignature(key: key, signature: signature, timestampSeconds: timestamp))
            case .invalid:
                reasons.append(.badSignature(key: key.label))
            }
        }
        if verified.isEmpty, reasons.isEmpty { reasons.append(.noKnownSignature) }
        guard reasons.isEmpty else { return .refused(reasons) }
        return .verified(VerifiedNote(text: text, verified: verified, unverified: unverified))
    }

    /// Parses and verifies a whole note with these keys.
    package static func open(_ note: [UInt8], with keys: [VerifierKey]) -> NoteVerdict {
        do {
            return try SignedNote(parsing: note).open(with: keys)
        } catch {
            return .refused([error])
        }
    }
}

extension VerifierKey {
    enum SignatureCheck: Hashable {
        case valid(timestampSeconds: Int64?)
        case invalid
    }

    /// Whether these signature bytes are this key's over the note text.
    func verify(_ signature: [UInt8], over text: [UInt8]) -> SignatureCheck {
        guard let publicKey else { return .invalid }
        switch kind {
        case .cosignature:
            guard let parts = Cosignature.split(signature),
                publicKey.verify(
                    parts.signature,
                    over: Cosignature.message(text, timestampSeconds: parts.timestampSeconds))
            else { return .invalid }
            return .valid(timestampSeconds: parts.timestampSeconds)
        case .ed25519:
            guard signature.count == 64, publicKey.verify(signature, over: text) else {
                return .invalid
            }
            return .valid(timestampSeconds: nil)
        default:
            return publicKey.verify(signature, over: text)
                ? .valid(timestampSeconds: nil) : .invalid
        }
    }
}

// Checkpoints: the signed head of a log (c2sp.org/tlog-checkpoint 1.0.0).
//
// A checkpoint is a signed note whose text is
//
//     <origin>            the identity of the log, not empty
//     <size>              the number of leaves, decimal without leading zeros
//     <base64 of the 32-byte root>
//     <extension lines>   none or more, none empty
//
// each line ending in LF. The root of size 0 is SHA-256(""). The log's key name should be the origin.
// We write no extension lines: they are discouraged, and post-quantum cosignatures do not cover them.
// An origin of others may hold spaces ("go.sum database tree").
//
// A note signed only by cosigners is not a checkpoint of the log: `open` wants a signature of a key
// of the log itself, and the origin that the caller expects.
//
// Worked example: "example.com/audit⏎8⏎XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=⏎" with the log key
// of seed 00 × 32 is signed "— example.com/audit crUKj8Xv8sJO6hhEKwPgL7aAUWxq9Kl4TA3uXYAbM0L4d6AhkqSGWd3
// fq86V8pUcc7leTS4nIWLy2A7KwJrKR/yVcws=".

package import Cryptography

/// The head of a log: which log, how many leaves, which root.
package struct Checkpoint: Sendable, Hashable {
    /// The identity of the log.
    package let origin: String
    /// The number of leaves.
    package let size: Int64
    /// The root of the tree of that many leaves.
    package let root: SHA256Digest
    /// Extension lines of a foreign checkpoint; ours has none.
    package let extensions: [String]

    /// A head of our own; throws `.checkpoint` when the origin or the size is impossible.
    package init(origin: String, size: Int64, root: SHA256Digest) throws(NoteError) {
        let bytes = Array(origin.utf8)
        guard (1...LogLimits.nameBytes).contains(bytes.count),
            bytes.allSatisfy({ $0 >= 0x20 })
        else { throw .checkpoint(reason: "the origin is empty, too long or not one line") }
        guard (0...LogLimits.treeSize).contains(size) else {
            throw .checkpoint(reason: "the size is not possible")
        }
        self.origin = origin
        self.size = size
        self.root = root
        extensions = []
    }

    /// Reads the text of a checkpoint, without signatures; throws `.checkpoint`, `.emptyTreeRoot`.
    package init(parsing text: [UInt8]) throws(NoteError) {
        guard text.last == UInt8(ascii: "\n"), text.count <= LogLimits.noteBytes else {
            throw .checkpoint(reason: "it does not end in LF or is too large")
        }
        let lines = text.dropLast()
            .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.count >= 3, lines.allSatisfy({ !$0.isEmpty }) else {
            throw .checkpoint(reason: "it has not three lines or has an empty one")
        }
        guard lines.count <= 3 + LogLimits.checkpointExtensions else {
            throw .checkpoint(reason: "it has too many extension lines")
        }
        guard let size = Decimal.parse(lines[1]) else {
            throw .checkpoint(reason: "the size is not a decimal number without leading zeros")
        }
        guard let root = HashBytes.digest(base64: lines[2]) else {
            throw .checkpoint(reason: "the root is not the base64 of 32 bytes")
        }
        var texts: [String] = []
        for line in [lines[0]] + lines[3...] {
            guard let text = String(validating: line, as: UTF8.self) else {
                throw .checkpoint(reason: "it is not UTF-8")
            }
            texts.append(text)
        }
        let checked = try Checkpoint(origin: texts[0], size: size, root: root)
        guard size > 0 || root == MerkleTree.emptyRoot else {
            throw .emptyTreeRoot
        }
        self = Checkpoint(checked, extensions: Array(texts.dropFirst()))
    }

    private init(_ checkpoint: Checkpoint, extensions: [String]) {
        origin = checkpoint.origin
        size = checkpoint.size
        root = checkpoint.root
        self.extensions = extensions
    }

    /// The text that is signed, with its final LF.
    package var text: [UInt8] {
        let lines = [origin, String(size), Base64.encode(root.bytes)] + extensions
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }

    /// The checkpoint as a note, signed by the log.
    ///
    /// Throws `.signingFailed`.
    package func signed(by signers: [NoteSigner]) throws(NoteError) -> SignedNote {
        var note = try SignedNote(text: text)
        for signer in signers { try note.append(signer.sign(text)) }
        return note
    }
}

/// A checkpoint that the log has signed, as verified by `Checkpoint.open`.
package struct VerifiedCheckpoint: Sendable, Hashable {
    /// The head of the log.
    package let checkpoint: Checkpoint
    /// The note, with the signatures that verified, of the log and of cosigners.
    package let note: VerifiedNote

    fileprivate init(checkpoint: Checkpoint, note: VerifiedNote) {
        self.checkpoint = checkpoint
        self.note = note
    }

    /// The cosignatures that verified, with their times.
    package var cosignatures: [VerifiedSignature] {
        note.verified.filter { $0.key.kind == .cosignature }
    }
}

/// The answer to opening a checkpoint.
package enum CheckpointVerdict: Sendable, Hashable {
    /// The log has signed it.
    case verified(VerifiedCheckpoint)
    /// Every reason against it.
    case refused([NoteError])

    /// The checkpoint if it holds.
    package var checkpoint: VerifiedCheckpoint? {
        guard case .verified(let checkpoint) = self else { return nil }
        return checkpoint
    }

    /// The reasons against it; empty when it holds.
    package var reasons: [NoteError] {
        guard case .refused(let reasons) = self else { return [] }
        return reasons
    }
}

extension Checkpoint {
    /// Opens a checkpoint of the log `origin`: signed by at least one of `logKeys`, and by no known
    /// key falsely.
    ///
    /// Cosignatures of `cosigners` are verified beside it; whether they suffice is the matter of a
    /// `WitnessPolicy`.
    package static func open(
        _ note: [UInt8], origin: String, logKeys: [VerifierKey], cosigners: [VerifierKey] = []
    ) -> CheckpointVerdict {
        let signedNote: SignedNote
        let checkpoint: Checkpoint
        do {
            signedNote = try SignedNote(parsing: note)
            checkpoint = try Checkpoint(parsing: signedNote.text)
        } catch {
            return .refused([error])
        }
        var reasons: [NoteError] = []
        // Byte for byte: Swift's own comparison would take two spellings for one log.
        if !checkpoint.origin.utf8.elementsEqual(origin.utf8) {
            reasons.append(.originMismatch(expected: origin, found: checkpoint.origin))
        }
        let verdict = signedNote.open(with: logKeys + cosigners.filter { !logKeys.contains($0) })
        reasons += verdict.reasons
        // A cosigner's key does not speak for the log, even if someone lists it among its keys.
        let signers = verdict.note?.verified.map(\.key) ?? []
        let byLog = signers.contains { logKeys.contains($0) && $0.kind != .cosignature }
        if let opened = verdict.note, byLog, reasons.isEmpty {
            return .verified(VerifiedCheckpoint(checkpoint: checkpoint, note: opened))
        }
        if verdict.note != nil, !byLog { reasons.append(.notSignedByLog) }
        return .refused(reasons)
    }
}

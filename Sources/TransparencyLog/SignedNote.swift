// Signed notes: text with signature lines below it (c2sp.org/signed-note 1.0.0; Go's
// golang.org/x/mod/sumdb/note is the reference that this agrees with).
//
//     <text, one or more lines, the last ending in LF>
//     <an empty line>
//     — <key name> <base64(key ID, 4 bytes big-endian ‖ signature)>
//     … one or more such lines, each ending in LF
//
// "—" is U+2014. The whole is valid UTF-8 without ASCII control characters (below U+0020) except LF.
// The text may hold empty lines: the *last* empty line of the note separates it from the signatures.
// What is signed is the text with its final LF, without the separator.
//
// Refused, as Go does: more than 100 signature lines; a line that is not of the form; a name with a
// space or "+"; base64 that is not strict (we also refuse stray bits in the last character); fewer
// than 5 decoded bytes; a last line without LF; nothing after the separator. Limits are in
// Limits.swift.
//
// To open a note with a list of known keys: a line whose (name, ID) pair is unknown is ignored; a
// line of a known pair must verify, or the whole note is refused; a repeated line of the same known
// pair is skipped; at least one known signature must remain.
//
// We never put an empty line into our texts, because sigstore-python wants exactly one in a note.
//
// Worked example (key in VerifierKey.swift): the text "If you think cryptography is the answer to
// your problem,⏎then you don't know what your problem is.⏎" carries the line "— PeterNeumann
// x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=".

internal import Cryptography

/// One signature line of a note.
package struct NoteSignature: Sendable, Hashable {
    /// The name of the key that claims to have signed.
    package let name: KeyName
    /// The ID of that key.
    package let keyID: UInt32
    /// The signature as its type encodes it, without the key ID.
    package let bytes: [UInt8]

    /// A signature from its parts.
    package init(name: KeyName, keyID: UInt32, bytes: [UInt8]) {
        self.name = name
        self.keyID = keyID
        self.bytes = bytes
    }

    /// The line, with its final LF.
    package var line: String {
        "— \(name) \(Base64.encode(HashBytes.bigEndian(keyID) + bytes))\n"
    }

    /// "name+hexID", as messages show it.
    package var label: String { "\(name)+\(NoteKeyText.hex(keyID))" }

    /// Reads a line without its LF; the reason completes "signature line 1 …".
    init(line: ArraySlice<UInt8>, number: Int) throws(NoteError) {
        guard line.starts(with: "— ".utf8) else {
            throw .signatureLine(number, reason: "does not begin with an em dash and a space")
        }
        let rest = line.dropFirst("— ".utf8.count)
        guard let space = rest.firstIndex(of: UInt8(ascii: " ")) else {
            throw .signatureLine(number, reason: "has no signature")
        }
        guard let name = KeyName(utf8: rest[..<space]) else {
            throw .signatureLine(number, reason: "has an impossible key name")
        }
        guard let decoded = HashBytes.decode(base64: rest[(space + 1)...]) else {
            throw .signatureLine(number, reason: "is not base64")
        }
        guard decoded.count >= 5 else {
            throw .signatureLine(number, reason: "is too short for a key ID and a signature")
        }
        self.init(
            name: name, keyID: UInt32(HashBytes.number(bigEndian: decoded.prefix(4))),
            bytes: Array(decoded.dropFirst(4)))
    }
}

/// A note of the right form.
///
/// Nothing in it may be believed before `open`.
package struct SignedNote: Sendable, Hashable {
    /// What is signed, with its final LF.
    package let text: [UInt8]
    /// The signature lines, in order; may be empty only for a note that is being made.
    package private(set) var signatures: [NoteSignature]

    /// A text to sign; throws `.text` unless it ends in LF and is UTF-8 without control characters.
    package init(text: [UInt8]) throws(NoteError) {
        guard text.last == UInt8(ascii: "\n") else { throw .text(reason: "does not end in LF") }
        guard text.count <= LogLimits.noteBytes else { throw .tooLarge(bytes: text.count) }
        try Self.checkCharacters(text)
        self.text = text
        signatures = []
    }

    /// Reads a whole note.
    ///
    /// Throws the reason of form that speaks against it.
    package init(parsing note: [UInt8]) throws(NoteError) {
        guard note.count <= LogLimits.noteBytes else { throw .tooLarge(bytes: note.count) }
        try Self.checkCharacters(note)
        guard let split = Self.lastEmptyLine(of: note) else { throw .noSignatureBlock }
        let block = note[(split + 1)...]
        guard block.last == UInt8(ascii: "\n") else { throw .noSignatureBlock }
        var signatures: [NoteSignature] = []
        let lines = block.dropLast()
            .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.count <= LogLimits.noteSignatures else { throw .tooManySignatures }
        for (position, line) in lines.enumerated() {
            signatures.append(try NoteSignature(line: line, number: position + 1))
        }
        text = Array(note[..<split])
        self.signatures = signatures
    }

    /// The whole note, as `init(parsing:)` reads it.
    package var bytes: [UInt8] {
        text + [UInt8(ascii: "\n")] + signatures.flatMap { Array($0.line.utf8) }
    }

    /// Adds a signature line, unless the same line is there already.
    ///
    /// Throws `.tooManySignatures`.
    package mutating func append(_ signature: NoteSignature) throws(NoteError) {
        guard !signatures.contains(signature) else { return }
        guard signatures.count < LogLimits.noteSignatures else { throw .tooManySignatures }
        signatures.append(signature)
    }

    /// Adds signature lines as a witness answers them: each ends in LF, nothing else.
    ///
    /// All or none are added.
    package mutating func append(lines: [UInt8]) throws(NoteError) {
        let extended = try SignedNote(parsing: text + [UInt8(ascii: "\n")] + lines)
        guard extended.text == text else { throw .noSignatureBlock }
        var copy = self
        for signature in extended.signatures { try copy.append(signature) }
        self = copy
    }

    /// The index of the LF that is the last empty line.
    private static func lastEmptyLine(of note: [UInt8]) -> Int? {
        let newline = UInt8(ascii: "\n")
        return note.indices.dropFirst().last { note[$0] == newline && note[$0 - 1] == newline }
    }

    private static func checkCharacters(_ bytes: [UInt8]) throws(NoteError) {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8 }
        if let offset = bytes.firstIndex(where: { $0 < 0x20 && $0 != UInt8(ascii: "\n") }) {
            throw .controlCharacter(offset: offset)
        }
    }
}

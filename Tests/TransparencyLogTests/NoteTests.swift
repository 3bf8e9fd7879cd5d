import Cryptography
import Testing

@testable import TransparencyLog

/// The key and note of Go's package documentation (golang.org/x/mod/sumdb/note).
private enum Peter {
    static let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    static let seed = "810a1402d5146c8d84f2443330f54080ebf98ee17d9c74f6252fc5d5c7283173"
    static let text =
        "If you think cryptography is the answer to your problem,\n"
        + "then you don't know what your problem is.\n"
    static let line =
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpR"
        + "Zb6KE6RyyBwJnAM=\n"
    static var note: String { text + "\n" + line }

    static func signer() throws -> NoteSigner {
        let seed = try #require(Hex.decode(seed))
        return try NoteSigner(name: keyName("PeterNeumann"), key: PrivateKey(ed25519Seed: seed))
    }
}

private func open(_ note: String, _ keys: String...) throws -> NoteVerdict {
    try open(note, keys)
}

private func open(_ note: String, _ keys: [String]) throws -> NoteVerdict {
    SignedNote.open(Array(note.utf8), with: try keys.map { try VerifierKey($0) })
}

@Suite struct VerifierKeyTests {
    @Test func `the key of Go's documentation is read and written`() throws {
        let key = try VerifierKey(Peter.key)
        #expect(key.text == Peter.key)
        #expect(key.keyID == 0xc74f_20a3)
        #expect(key.kind == .ed25519)
        #expect(
            Hex.encode(key.keyBytes)
                == "1a5cd907143c384c41e830c5bce12aa8817ec5649aaabf2c31388b35b2d744d6")
        #expect(key.fullKeyID.hex.hasPrefix("c74f20a3"))
    }

    @Test(arguments: [
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
        "example.com/w1+6dffb260+BOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs",
        Example.logKey, Example.witnessKey,
    ])
    func `keys of others are read and written, also with a plus in the base64`(text: String) throws
    {
        #expect(try VerifierKey(text).text == text)
    }

    @Test func `a type that cannot be checked is kept but verifies nothing`() throws {
        let name = try keyName("example.com/new")
        let made = try VerifierKey(name: name, kind: .init(rawValue: 0x06), keyBytes: [1, 2, 3])
        let read = try VerifierKey(made.text)
        #expect(read == made)
        #expect(read.publicKey == nil)
        let line = NoteSignature(name: name, keyID: read.keyID, bytes: [1]).line
        #expect(
            SignedNote.open(Array(("text\n\n" + line).utf8), with: [read])
                == .refused([.noKnownSignature]))
    }

    @Test(arguments: [
        "", "PeterNeumann", "PeterNeumann+c74f20a3",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumanx+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+", "PeterNeumann+c74f20a3+AR", "PeterNeumann+c74f20a3+AQ==",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n",
        "PRIVATE+KEY+PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ])
    func `a damaged key is refused`(text: String) {
        #expect(throws: NoteError.self) { try VerifierKey(text) }
    }

    @Test func `the two types of one Ed25519 key have different IDs`() throws {
        let log = try VerifierKey(name: keyName("n"), kind: .ed25519, keyBytes: Example.key)
        let witness = try VerifierKey(name: keyName("n"), kind: .cosignature, keyBytes: Example.key)
        #expect(log.keyID != witness.keyID)
        #expect(log != witness)
    }

    @Test func `names are compared byte for byte`() throws {
        #expect(try keyName("caf\u{e9}") != keyName("cafe\u{301}"))
        for wrong in ["", "a b", "a+b", "a\u{a0}b", "a\u{2003}b", "a\tb", "a\nb", "a\u{85}b"] {
            #expect(KeyName(wrong) == nil)
        }
        #expect(KeyName(String(repeating: "a", count: 255)) != nil)
        #expect(KeyName(String(repeating: "a", count: 256)) == nil)
        #expect(KeyName(utf8: [0x61, 0xff]) == nil)
    }
}

extension Example {
    static var key: [UInt8] {
        get throws { try VerifierKey(logKey).keyBytes }
    }
}

@Suite struct SignedNoteTests {
    @Test func `Go's note is signed byte for byte and opened`() throws {
        let note = try Peter.signer().note(Array(Peter.text.utf8))
        #expect(String(decoding: note.bytes, as: UTF8.self) == Peter.note)
        let opened = try #require(try open(Peter.note, Peter.key).note)
        #expect(opened.text == Array(Peter.text.utf8))
        #expect(opened.verified.map(\.key.text) == [Peter.key])
        #expect(opened.unverified.isEmpty)
        let parsed = try SignedNote(parsing: Array(Peter.note.utf8))
        #expect(parsed.bytes == Array(Peter.note.utf8))
    }

    @Test func `the private text form of Go gives the same signer`() throws {
        let material = Base64.encode([0x01] + (Hex.decode(Peter.seed) ?? []))
        let text = "PRIVATE+KEY+PeterNeumann+c74f20a3+\(material)"
        #expect(try NoteSigner(privateText: text).sign(Array(Peter.text.utf8)).line == Peter.line)
        #expect(throws: NoteError.self) { try Cosigner(privateText: text) }
        #expect(throws: NoteError.self) { try NoteSigner(privateText: Peter.key) }
        #expect(throws: NoteError.self) {
            try NoteSigner(privateText: "PRIVATE+KEY+PeterNeumann+c74f20a4+\(material)")
        }
    }

    @Test func `C2SP's example opens`() throws {
        let note =
            "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppz"
            + "i2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
        let key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
        #expect(try open(note, key).note != nil)
        #expect(try open(note, Peter.key) == .refused([.noKnownSignature]))
    }

    @Test func `every altered byte is refused`() throws {
        let note = Array(Peter.note.utf8)
        let key = try VerifierKey(Peter.key)
        for position in note.indices {
            for mask: UInt8 in [0x01, 0x20, 0x80] {
                var wrong = note
                wrong[position] ^= mask
                #expect(SignedNote.open(wrong, with: [key]).note == nil)
            }
            #expect(SignedNote.open(Array(note.prefix(position)), with: [key]).note == nil)
        }
    }

    @Test func `the last empty line separates, and texts may have empty lines`() throws {
        let text = Array("one\n\n— two AAAAAAA=\n\nthree\n".utf8)
        let note = try Peter.signer().note(text)
        #expect(SignedNote.open(note.bytes, with: [try VerifierKey(Peter.key)]).note?.text == text)
    }

    @Test func `unknown lines are ignored, a false line of a known key refuses all`() throws {
        let stranger = try NoteSigner(
            name: keyName("PeterNeumann"), key: PrivateKey(ed25519Seed: Example.seed(9)))
        let strange = try stranger.sign(Array(Peter.text.utf8))
        let both = try #require(try open(Peter.note + strange.line, Peter.key).note)
        #expect(both.unverified == [strange])
        let known = try VerifierKey(Peter.key)
        let forged = NoteSignature(name: known.name, keyID: known.keyID, bytes: strange.bytes)
        #expect(
            try open(Peter.text + "\n" + forged.line, Peter.key)
                == .refused([.badSignature(key: "PeterNeumann+c74f20a3")]))
        let other = stranger.verifierKey.text
        #expect(
            try open(Peter.text + "\n" + strange.line + forged.line, Peter.key, other)
                == .refused([.badSignature(key: "PeterNeumann+c74f20a3")]))
    }

    @Test func `a repeated line of a known key is skipped, as Go does`() throws {
        let known = try VerifierKey(Peter.key)
        let forged = NoteSignature(name: known.name, keyID: known.keyID, bytes: [1, 2, 3])
        let opened = try #require(try open(Peter.note + Peter.line + forged.line, Peter.key).note)
        #expect(opened.verified.count == 1)
        #expect(try open(Peter.text + "\n" + forged.line + Peter.line, Peter.key).note == nil)
    }

    @Test func `notes of a wrong form are refused`() throws {
        let wrong: [String] = [
            "", "\n", "\n\n", "text\n", "text\n\n", "text\n\n\n", Peter.text + Peter.line,
            String(Peter.note.dropLast()), Peter.note + "\n", Peter.note + "x\n",
            Peter.text + "\n" + Peter.line + "\n" + Peter.line + "\n",
            Peter.text + "\n\u{2013}" + Peter.line.dropFirst(),
            Peter.text + "\n-" + Peter.line.dropFirst(),
            Peter.text + "\n—" + Peter.line.dropFirst(2),
            Peter.text + "\n—  " + Peter.line.dropFirst(2),
            Peter.text + "\n— PeterNeumann\n", Peter.text + "\n— PeterNeumann \n",
            Peter.text + "\n— PeterNeumann AAAA\n", Peter.text + "\n— PeterNeumann AAAAAA==\n",
            Peter.text + "\n— Peter+Neumann AAAAAAAA\n", Peter.text + "\n— Peter\u{a0}N AAAAAAAA\n",
            Peter.text + "\n— PeterNeumann AAAAAAA*\n", Peter.text + "\n— PeterNeumann AAAAAAA= \n",
            Peter.text + "\n— PeterNeumann AAAAAAB=\n", Peter.text + "\n— PeterNeumann AAAAAAA\n",
            "te\txt\n\n" + Peter.line, "te\rxt\n\n" + Peter.line, "te\0xt\n\n" + Peter.line,
        ]
        for note in wrong {
            #expect(try open(note, Peter.key).note == nil, "\(note.debugDescription)")
        }
        #expect(throws: NoteError.notUTF8) {
            try SignedNote(parsing: [0xff] + Array(Peter.note.utf8))
        }
        #expect(throws: NoteError.self) { try SignedNote(text: Array("no line feed".utf8)) }
        #expect(throws: NoteError.self) { try SignedNote(text: Array("a\tb\n".utf8)) }
        #expect(throws: NoteError.self) { try SignedNote(text: []) }
    }

    @Test func `one hundred signatures are read, one more is refused`() throws {
        let lines = (0..<101).map { "— other\($0) AAAAAAAA\n" }
        let few = Peter.text + "\n" + lines.prefix(99).joined() + Peter.line
        #expect(try open(few, Peter.key).note?.unverified.count == 99)
        let many = Peter.text + "\n" + lines.prefix(100).joined() + Peter.line
        #expect(try open(many, Peter.key) == .refused([.tooManySignatures]))
        let large = String(repeating: "a", count: LogLimits.noteBytes) + "\n\n" + Peter.line
        #expect(try open(large, Peter.key) == .refused([.tooLarge(bytes: large.utf8.count)]))
    }

    @Test func `lines of a witness are added to a note`() throws {
        var note = try SignedNote(parsing: Array((Example.text + "\n" + Example.logLine).utf8))
        try note.append(lines: Array(Example.witnessLine.utf8))
        try note.append(lines: Array(Example.witnessLine.utf8))
        #expect(note.bytes == Example.note)
        for wrong in ["", "\n", "x", "— x y\n", Example.witnessLine + "\n", "a\n\n" + Peter.line] {
            #expect(throws: NoteError.self) { try note.append(lines: Array(wrong.utf8)) }
        }
        #expect(note.bytes == Example.note)
    }

    @Test func `ECDSA notes are signed and verified, and their ID is that of the SPKI`() throws {
        let key = try PrivateKey.generate(.ecdsaP256)
        let signer = try NoteSigner(name: keyName("ec.example"), key: key)
        let note = try signer.note(Array("text\n".utf8))
        let read = try VerifierKey(signer.verifierKey.text)
        #expect(read.kind == .ecdsa)
        #expect(
            HashBytes.bigEndian(read.keyID)
                == Array(SHA256.hash(key.publicKey.spki).bytes.prefix(4)))
        #expect(SignedNote.open(note.bytes, with: [read]).note != nil)
        let other = try SignedNote(text: Array("tex7\n".utf8))
        var forged = other
        try forged.append(note.signatures[0])
        #expect(forged.open(with: [read]).note == nil)
    }
}

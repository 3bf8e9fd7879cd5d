// `imprimatur statement`: any signed envelope, looked at or signed once more.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import OfflineCommands

/// The commands about envelopes.
struct StatementCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "statement", abstract: "Look at signed statements; add a signature.",
        subcommands: [StatementSign.self, StatementShow.self])
}

/// Adds one signature to an envelope.
struct StatementSign: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign", abstract: "Add a signature to a statement in a file.",
        discussion: "What is signed is shown first. Exit codes: 0 signed, 2 not signed, 64 usage.")

    @Argument(help: "The envelope; the signature is added in place.")
    var file: String

    @OptionGroup var key: SigningKey

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("Write here instead; never overwritten.", valueName: "file"))
    var output: String?

    func run() throws {
        let envelope = try Files.envelope(file)
        let key = try key.load()
        if !envelope.verify(with: [key.publicKey]).isEmpty {
            Console.warning("this key has signed the statement already; nothing was added")
            return Console.out(envelope.payloadDigest.hex)
        }
        try EnvelopeText.show(envelope)
        let signed = try envelope.adding(signatureBy: key)
        if let output {
            try Files.create(output, signed.canonicalBytes)
        } else {
            try Files.write(file, signed.canonicalBytes)
        }
        Console.out(signed.payloadDigest.hex)
    }
}

/// Shows an envelope; checks nothing but its form.
struct StatementShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what a statement says and whose keys it names.",
        discussion: """
            Nothing of it is verified but signatures of the keys given. Exit codes: 0 shown, 1 a key \
            given has not signed, 2 cannot be read, 64 usage.
            """)

    @Argument(help: "The envelope, or a sigstore bundle around one.")
    var file: String

    @Option(help: ArgumentHelp("Check that this key has signed.", valueName: "pem"))
    var publicKey: [String] = []

    @OptionGroup var format: Format

    func run() throws {
        let bytes = try Files.read(file)
        let envelope =
            try (try? SigstoreBundle(parsing: bytes).envelope) ?? Envelope(parsing: bytes)
        let keys = try publicKey.map(Files.publicKey)
        let signers = envelope.verify(with: keys)
        let strangers = keys.map(\.id).filter { !signers.contains($0) }
        if format.json {
            Console.out([
                "digest": .string(envelope.payloadDigest.hex),
                "payloadType": .string(envelope.payloadType),
                "payload": try JSON(parsing: envelope.payload),
                "keyids": .array(envelope.signatures.map { .string($0.keyID) }),
                "verified": .array(signers.sorted().map { .string($0.hex) }),
            ])
        } else {
            Console.out(try EnvelopeText.text(envelope))
            for signer in signers.sorted() { Console.out("verified  \(signer)") }
        }
        guard strangers.isEmpty else {
            for id in strangers { Console.error("\(id) has not signed this.") }
            throw ExitCode.no
        }
    }
}

/// An envelope in words.
enum EnvelopeText {
    /// Type, digest, claimed signers and the payload.
    static func text(_ envelope: Envelope) throws -> String {
        let payload = try JSON(parsing: envelope.payload)
        let signers = envelope.signatures.map { $0.keyID.isEmpty ? "(unnamed)" : $0.keyID }
        return """
            type      \(envelope.payloadType)
            digest    \(envelope.payloadDigest)
            signed by \(signers.isEmpty ? "nobody" : signers.joined(separator: "\n          "))
            \(String(decoding: payload.prettyBytes.dropLast(), as: UTF8.self))
            """
    }

    /// Shows on standard error what is about to be signed.
    static func show(_ envelope: Envelope) throws {
        let payload = try JSON(parsing: envelope.payload)
        Console.note("signing \(envelope.payloadDigest):")
        Console.note(String(decoding: payload.prettyBytes.dropLast(), as: UTF8.self))
    }
}

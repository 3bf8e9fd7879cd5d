// `imprimatur key new`: makes a private key.

internal import ArgumentParser
internal import CanonicalJSON
internal import Cryptography
internal import OfflineCommands

/// Makes a key; the file is for its owner alone, and an existing one stays as it is.
struct KeyNew: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Make a private key.",
        discussion: "Exit codes: 0 made, 2 not made, 64 usage.")

    @Argument(help: "The file to make, in PEM (PKCS#8), mode 0600; never overwritten.")
    var out: String

    @Option(
        help: "ecdsa-p256, ecdsa-p384, ecdsa-p521 or ed25519.", transform: Parse.algorithm)
    var algorithm: KeyAlgorithm = .ecdsaP256

    @Option(help: ArgumentHelp("Encrypt the key with this file's first line.", valueName: "file"))
    var passphraseFile: String?

    @Option(help: ArgumentHelp("Write the public key here too.", valueName: "pem"))
    var publicKey: String?

    @OptionGroup var format: Format

    func run() throws {
        let key = try PrivateKey.generate(algorithm)
        var pem = try key.pem(passphrase: passphraseFile.map(Files.passphrase))
        defer { wipe(&pem) }
        try Files.create(out, pem, isSecret: true)
        if let publicKey { try Files.create(publicKey, Array(key.publicKey.pem.utf8)) }
        guard format.json else { return Console.out(key.publicKey.id.hex) }
        Console.out(key.publicKey.json)
    }
}

extension PublicKey {
    /// {"id","algorithm","pem"}.
    var json: JSON {
        ["id": .string(id.hex), "algorithm": .string(algorithm.rawValue), "pem": .string(pem)]
    }
}

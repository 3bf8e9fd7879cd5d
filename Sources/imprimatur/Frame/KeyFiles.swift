// Private keys that commands sign with: PEM files, and addresses of tokens.

internal import ArgumentParser
internal import Cryptography
internal import Glibc
internal import OfflineCommands
internal import Registry

extension Files {
    /// A private key in PEM, or in the token that the file names; warns when others may read it.
    static func privateKey(_ path: String, passphraseFile: String?) throws -> PrivateKey {
        try naming(path) {
            let bytes = try read(path, limit: 1 << 20)
            if TokenAddress.isAddress(bytes) { return try KeyFile.load(path) }
            var status = stat()
            if stat(path, &status) == 0, status.st_mode & (S_IRWXG | S_IRWXO) != 0 {
                Console.warning("\(path) can be read by others; its mode should be 0600.")
            }
            return try PrivateKey(pem: bytes, passphrase: passphraseFile.map(passphrase))
        }
    }

    /// The public half of a key file of any kind.
    static func publicHalf(_ path: String, passphraseFile: String? = nil) throws -> PublicKey {
        let bytes = try read(path, limit: 1 << 20)
        let isPrivate =
            TokenAddress.isAddress(bytes)
            || String(decoding: bytes, as: UTF8.self).contains("PRIVATE KEY")
        return isPrivate
            ? try privateKey(path, passphraseFile: passphraseFile).publicKey
            : try publicKey(path)
    }
}

/// `--key` and the passphrase for it.
struct SigningKey: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The private key to sign with: PEM, or a token's address.", valueName: "pem"))
    var key: String

    @Option(help: ArgumentHelp("A file whose first line opens the key.", valueName: "file"))
    var passphraseFile: String?

    /// Reads the key.
    func load() throws -> PrivateKey {
        try Files.privateKey(key, passphraseFile: passphraseFile)
    }
}

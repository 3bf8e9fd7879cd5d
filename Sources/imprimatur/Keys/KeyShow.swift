// `imprimatur key show`: what a key file holds.

internal import ArgumentParser
internal import CanonicalJSON
internal import Cryptography
internal import OfflineCommands

/// Shows id, algorithm and public half of a private or public key.
struct KeyShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a key's id, algorithm and public half.",
        discussion: "Exit codes: 0 shown, 2 cannot be read, 64 usage.")

    @Argument(help: "A private or public key in PEM, or the address of a key in a token.")
    var file: String

    @Option(help: ArgumentHelp("A file whose first line opens the key.", valueName: "file"))
    var passphraseFile: String?

    @OptionGroup var format: Format

    func run() throws {
        let key = try Files.publicHalf(file, passphraseFile: passphraseFile)
        guard !format.json else { return Console.out(key.json) }
        Console.out("id         \(key.id)\nalgorithm  \(key.algorithm.rawValue)\n\(key.pem)")
    }
}

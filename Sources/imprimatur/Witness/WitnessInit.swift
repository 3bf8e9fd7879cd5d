// `imprimatur witness init`: makes a witness's folder and key.

internal import ArgumentParser
internal import CanonicalJSON
internal import OfflineCommands
internal import Registry
internal import TransparencyLog

/// Makes a witness; never over something that exists.
struct WitnessInit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a witness's folder and its key.",
        discussion: """
            Prints the verifier key: logs put it into their witness policies. Exit codes: 0 made, \
            2 not made, 64 usage.
            """)

    @OptionGroup var folder: WitnessFolderOption

    @Option(
        help: ArgumentHelp(
            "The witness's name, best a schema-less URL such as witness.example/w1.",
            valueName: "name"))
    var name: String

    @OptionGroup var format: Format

    func run() throws {
        guard let keyName = KeyName(name) else {
            throw ValidationError("--name has no spaces and no “+”, and at most 255 bytes.")
        }
        let key = try WitnessFolder.create(folder.path, name: keyName)
        guard format.json else { return Console.out(key.text) }
        Console.out(["name": .string(name), "vkey": .string(key.text)])
    }
}

// `imprimatur witness add-log`: tells a witness of a log, or of its new keys.

internal import ArgumentParser
internal import CanonicalJSON
internal import OfflineCommands
internal import Registry
internal import TransparencyLog

/// Makes a log known to a witness.
struct WitnessAddLog: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add-log", abstract: "Make a log known to the witness, or give it new keys.",
        discussion: """
            For a log that is known already the keys replace the earlier ones; what was cosigned \
            stays. Before a log changes its key, give the old and the new one. The witness must not \
            be running. Exit codes: 0 known, 2 not, 64 usage.
            """)

    @OptionGroup var folder: WitnessFolderOption

    @Argument(
        help: ArgumentHelp(
            "A file with the log's verifier keys, a line each, as at /log/key; - for standard input.",
            valueName: "vkeys"))
    var keys: String

    @Option(
        help: ArgumentHelp("The log's origin, when it is not the name of its keys."))
    var origin: String?

    @OptionGroup var format: Format

    func run() throws {
        let text = String(decoding: try Files.read(keys, limit: 65_536), as: UTF8.self)
        let keys = try text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            .map { try VerifierKey(String($0)) }
        guard let first = keys.first else { throw CommandError("\(self.keys) holds no key.") }
        guard origin != nil || keys.allSatisfy({ $0.name == first.name }) else {
            throw ValidationError("The keys have several names: give --origin.")
        }
        let origin = origin ?? first.name.description
        let isNew = try WitnessFolder(opening: folder.path)
            .add(WitnessedLog(origin: origin, keys: keys))
        let id = WitnessFolder.id(ofOrigin: origin)
        guard !format.json else {
            return Console.out([
                "origin": .string(origin), "id": .string(id), "new": .bool(isNew),
                "keys": .array(keys.map { .string($0.text) }),
            ])
        }
        Console.out("\(isNew ? "added" : "changed") \(origin)\nid \(id)")
    }
}

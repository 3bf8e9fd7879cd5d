// `imprimatur key`: keys in files.

internal import ArgumentParser

/// The commands about keys.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Make keys, look at them, add and revoke them.",
        subcommands: [KeyNew.self, KeyShow.self, KeyAdd.self, KeyRevoke.self])
}

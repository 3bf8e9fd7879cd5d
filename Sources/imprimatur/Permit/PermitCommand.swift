// The commands about permits: checked offline, asked for at the service.

internal import ArgumentParser
internal import OfflineCommands

/// The commands about permits.
struct PermitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "permit", abstract: "Check permits offline; permits to start again what runs.",
        subcommands: [
            PermitCheckCommand.self, PermitRun.self, PermitRenew.self, PermitStatus.self,
        ])
}

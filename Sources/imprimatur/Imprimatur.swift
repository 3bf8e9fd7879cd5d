// The one binary: the tree of its commands, and how each of them ends.

internal import ArgumentParser
internal import Glibc
internal import OfflineCommands

/// `imprimatur`.
@main
struct Imprimatur: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "imprimatur",
        abstract: "Says which model may run where, and proves it.",
        discussion: """
            Exit codes: 0 yes (valid, allowed, intact, done), 1 no (invalid, denied, tampered, \
            refused), 64 the command line is wrong, 75 recorded but the receipt is still to come; \
            anything else: could not decide, and not a yes. Data goes to standard output; \
            error:, warning: and hint: to standard error.
            """,
        version: Version.text,
        groupedSubcommands: [
            CommandGroup(
                name: "Keys, bytes, cards, proofs",
                subcommands: [
                    KeyCommand.self, ArtifactCommand.self, CardCommand.self, EvaluateCommand.self,
                    PermitCommand.self, RootCommand.self, StatementCommand.self,
                    PolicyCommand.self,
                    AuditCommand.self, ReportCommand.self,
                ]),
            CommandGroup(
                name: "A model's life, through the service",
                subcommands: [
                    Submit.self, Attest.self, Status.self, Approve.self, Reject.self,
                    RequestChanges.self, Suspend.self,
                    Lift.self, Alert.self, DetermineTier.self, FindingCommand.self, Abstain.self,
                    Recuse.self, Waive.self,
                    BreakGlassCommand.self,
                    Withdraw.self, Deploy.self, Undeploy.self, Reconcile.self,
                    ImportCommand.self,
                    Retire.self, Dispose.self,
                ]),
            CommandGroup(
                name: "People",
                subcommands: [
                    PrincipalCommand.self, RoleCommand.self, DelegationCommand.self,
                    TokenCommand.self, WhoAmI.self,
                    HoldCommand.self,
                ]),
            CommandGroup(
                name: "The service",
                subcommands: [
                    InitCommand.self, ServeCommand.self, MigrateCommand.self, DemoCommand.self,
                    BackupCommand.self, RestoreCommand.self, DoctorCommand.self,
                    WitnessCommand.self,
                ]),
        ])

    /// Parses, runs, and ends with the exit code that the answer deserves.
    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try await asyncParseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            Glibc.exit(end(with: error) { CommandError(explaining: $0) }.rawValue)
        }
    }
}

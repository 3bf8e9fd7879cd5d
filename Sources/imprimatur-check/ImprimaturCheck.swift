// The checker: what an air-gapped host needs of `imprimatur`, in the same words, with the same exit codes,
// and without libpq or anything of the service.

internal import ArgumentParser
internal import Glibc
internal import OfflineCommands

/// `imprimatur-check`.
@main
struct ImprimaturCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "imprimatur-check",
        abstract: "Checks artifacts, permits and receipts, offline.",
        discussion: """
            The commands are those of `imprimatur`. Exit codes: 0 yes (valid, proven), 1 no, 64 the \
            command line is wrong; anything else: could not decide, and not a yes. Data goes to \
            standard output; error:, warning: and hint: to standard error.
            """,
        version: Version.text,
        subcommands: [Artifact.self, Permit.self, Audit.self])

    /// The commands about bytes on disk that sign nothing.
    struct Artifact: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "artifact", abstract: "Verify, inspect and digest the bytes of a model.",
            subcommands: [
                ArtifactVerify.self, ArtifactVerifyImage.self, ArtifactVerifyFile.self,
                ArtifactInspect.self, ArtifactDigest.self,
            ])
    }

    /// The commands about permits that need nobody.
    struct Permit: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "permit", abstract: "Check permits.",
            subcommands: [PermitCheckCommand.self])
    }

    /// The commands about the log that need nobody.
    struct Audit: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "audit", abstract: "Check receipts of the log.",
            subcommands: [AuditCheck.self])
    }

    /// Parses, runs, and ends with the exit code that the answer deserves.
    static func main() {
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            let code = end(with: error) { CommandError(explainingOffline: $0) }
            Glibc.exit(code.rawValue)
        }
    }
}

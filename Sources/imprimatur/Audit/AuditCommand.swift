// `imprimatur audit`: whether the log is what it was, from the database or from receipts.

internal import ArgumentParser
internal import OfflineCommands

/// The commands of auditors.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Verify the log, replay it, fetch and check receipts.",
        subcommands: [
            AuditVerify.self, AuditReplay.self, AuditProof.self, AuditCheck.self,
            AuditConsistency.self, AuditReads.self, AuditRecover.self,
        ])
}

// How the errors of the service and its database become one sentence for people.

internal import CanonicalJSON
internal import Database
internal import Governance
internal import HTTPClient
internal import OfflineCommands
internal import Registry

extension CommandError {
    /// Addresses and schemas are the operator's own; what a server says of statements may quote data.
    private init(database error: DatabaseError) {
        switch error.kind {
        case .connection where error.message.contains("unsupported startup parameter"):
            self.init(
                "A pooler stands before the database: \(error.message)",
                hint: "Name the server itself as well, with --direct-url.")
        case .connection: self.init("The database does not answer: \(error.message)")
        case .configuration, .migration: self.init(error.message)
        default: self.init(error.description)
        }
    }

    /// Any error of the rooms below, explained; always "could not decide" unless it says otherwise.
    init(explaining error: any Error) {
        switch error {
        case let error as YAMLError: self.init("This is not acceptable YAML: \(error)")
        case let error as PackFolder.Unreadable:
            self.init("This is not acceptable YAML: \(error.description)")
        case let error as PackFindings:
            self.init(
                "The policy pack is not acceptable.", findings: error.findings.map(\.description))
        case let error as DatabaseError: self.init(database: error)
        case let error as BackupError: self.init(error.description, hint: error.hint)
        case let error as RecoveryError: self.init(error.description, hint: error.hint)
        case let error as NodeError: self.init(error.description, hint: error.hint)
        case let error as Refusal:
            self.init(
                error.message, findings: error.findings.map(\.description), hint: error.hint)
        case let error as HTTPTransport.AuthoritiesUnreadable:
            self.init(
                "The certificate authorities in \(error.file ?? "the system") cannot be read.")
        case let error as WitnessFolderError: self.init(error.description, hint: error.hint)
        default: self.init(explainingOffline: error)
        }
    }
}

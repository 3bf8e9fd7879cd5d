// Every way in which a command ends, and how foreign errors become one sentence for people.
//
//     0   yes: valid, allowed, intact, done          64  the command line is wrong
//     1   no: invalid, denied, tampered, refused     75  recorded, but its receipt is still to come
//     2   could not decide: nobody may take it for a yes

internal import ArgumentParser
internal import Artifacts
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Governance
internal import HTTPClient
internal import Registry
internal import TransparencyLog

extension ExitCode {
    /// The answer is no.
    static let no = ExitCode(1)
    /// There is no answer.
    static let undecided = ExitCode(2)
    /// Recorded; the receipt is still to come (EX_TEMPFAIL).
    static let pending = ExitCode(75)
}

/// Why a command ends without a yes, as it is told to people.
struct CommandError: Error, Sendable {
    let message: String
    /// Everything that was found, each in a line.
    var findings: [String] = []
    var hint: String?
    var code: ExitCode = .undecided
    /// The HTTP status, when the service said it.
    var status: Int?

    init(
        _ message: String, findings: [String] = [], hint: String? = nil,
        code: ExitCode = .undecided
    ) {
        self.message = message
        self.findings = findings
        self.hint = hint
        self.code = code
    }

    /// Writes the error to standard error.
    func report() {
        Console.error(message)
        for finding in findings { Console.note("  - \(finding)") }
        if let hint { Console.hint(hint) }
    }
}

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
        case let error as CommandError: self = error
        case let error as ArtifactError: self.init("\(error.path): \(error.message)")
        case let error as CryptographyError: self.init(error.message)
        case let error as AttestationError:
            self.init(
                error.findings.count == 1
                    ? error.findings[0].message : "The document is not acceptable.",
                findings: error.findings.count == 1 ? [] : error.findings.map(\.description))
        case let error as JSONFindings:
            self.init(
                "The document is not acceptable.", findings: error.findings.map(\.description))
        case let error as JSONError: self.init("This is not JSON: \(error)")
        case let error as YAMLError: self.init("This is not acceptable YAML: \(error)")
        case let error as PackFindings:
            self.init(
                "The policy pack is not acceptable.", findings: error.findings.map(\.description))
        case let error as TrustRootError:
            self.init("The trust root is not acceptable.", findings: error.problems)
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
        case let error as WitnessPolicyError:
            self.init(
                "The witness policy is not acceptable.",
                findings: error.findings.map { "line \($0.line): \($0.reason)" })
        default: self.init("\(error)")
        }
    }
}

// Every way in which a command ends, and how foreign errors become one sentence for people.
//
//     0   yes: valid, allowed, intact, done          64  the command line is wrong
//     1   no: invalid, denied, tampered, refused     75  recorded, but its receipt is still to come
//     2   could not decide: nobody may take it for a yes

package import ArgumentParser
internal import Artifacts
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import TransparencyLog

extension ExitCode {
    /// The answer is no.
    package static let no = ExitCode(1)
    /// There is no answer.
    package static let undecided = ExitCode(2)
    /// Recorded; the receipt is still to come (EX_TEMPFAIL).
    package static let pending = ExitCode(75)
}

/// Why a command ends without a yes, as it is told to people.
package struct CommandError: Error, Sendable {
    package let message: String
    /// Everything that was found, each in a line.
    package var findings: [String] = []
    package var hint: String?
    package var code: ExitCode = .undecided
    /// The HTTP status, when the service said it.
    package var status: Int?

    package init(
        _ message: String, findings: [String] = [], hint: String? = nil,
        code: ExitCode = .undecided
    ) {
        self.message = message
        self.findings = findings
        self.hint = hint
        self.code = code
    }

    /// Writes the error to standard error.
    package func report() {
        Console.error(message)
        for finding in findings { Console.note("  - \(finding)") }
        if let hint { Console.hint(hint) }
    }
}

extension CommandError {
    /// Any error of the rooms that the offline commands use, explained; "could not decide" unless it says
    /// otherwise.
    package init(explainingOffline error: any Error) {
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
        case let error as TrustRootError:
            self.init("The trust root is not acceptable.", findings: error.problems)
        case let error as WitnessPolicyError:
            self.init(
                "The witness policy is not acceptable.",
                findings: error.findings.map { "line \($0.line): \($0.reason)" })
        default: self.init("\(error)")
        }
    }
}

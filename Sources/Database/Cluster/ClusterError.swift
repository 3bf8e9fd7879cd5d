// Why the private PostgreSQL cannot run, and what to do about it.

/// A reason with advice, for people at a terminal: it names paths and users, never secrets.
package struct ClusterError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of trouble.
    package enum Kind: String, Sendable {
        case binariesMissing
        case versionTooOld
        case userUnknown
        case directoryNotTraversable
        case directoryUnusable
        case socketPathTooLong
        case initializationFailed
        case startFailed
        case notReady
        case foreignServer
        case stopFailed
        case versionMismatch
        case dumpFailed
        case restoreFailed
    }

    package let kind: Kind
    /// What is wrong.
    package let message: String
    /// What to do.
    package let advice: String
    /// The last lines of the server's or tool's own output, when there are any.
    package let output: String

    init(_ kind: Kind, _ message: String, advice: String, output: String = "") {
        self.kind = kind
        self.message = message
        self.advice = advice
        self.output = output
    }

    package var description: String {
        let text = "\(message). \(advice)"
        return output.isEmpty ? text : "\(text)\n\(output)"
    }
}

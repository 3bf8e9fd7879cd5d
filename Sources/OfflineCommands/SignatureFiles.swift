// Signature files on a command line, and findings about them for people.

package import ArgumentParser
internal import Attestation
internal import CanonicalJSON

/// Signature files that may lie inside an artifact and are no part of it.
package struct SignatureFiles: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A signature file inside PATH, which is no part of the artifact.", valueName: "file"))
    package var signature: [String] = []

    package init() {}
}

extension AttestationFinding {
    /// One line for people.
    var line: String { (path.map { "\($0): \(message)" } ?? message).plain() }
}

extension AttestationFinding {
    /// The finding as JSON.
    var json: JSON {
        [
            "code": .string(code.rawValue),
            "path": path.map(JSON.string) ?? .null,
            "message": .string(message),
        ]
    }
}

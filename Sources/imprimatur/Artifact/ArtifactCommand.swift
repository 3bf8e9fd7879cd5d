// `imprimatur artifact`: the bytes of a model, offline.

internal import ArgumentParser
internal import Artifacts
internal import Attestation
internal import CanonicalJSON

/// The commands about bytes on disk.
struct ArtifactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "artifact", abstract: "Sign, verify, inspect and digest the bytes of a model.",
        subcommands: [
            ArtifactSign.self, ArtifactVerify.self, ArtifactInspect.self, ArtifactDigest.self,
        ])
}

/// Signature files that may lie inside an artifact and are no part of it.
struct SignatureFiles: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A signature file inside PATH, which is no part of the artifact.", valueName: "file"))
    var signature: [String] = []
}

extension AttestationFinding {
    /// A line for people.
    var line: String { path.map { "\($0): \(message)" } ?? message }
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

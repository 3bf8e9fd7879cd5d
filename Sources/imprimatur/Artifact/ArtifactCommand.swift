// `imprimatur artifact`: the bytes of a model, offline.

internal import ArgumentParser
internal import OfflineCommands

/// The commands about bytes on disk.
struct ArtifactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "artifact", abstract: "Sign, verify, inspect and digest the bytes of a model.",
        subcommands: [
            ArtifactSign.self, ArtifactVerify.self, ArtifactVerifyImage.self,
            ArtifactVerifyFile.self, ArtifactInspect.self, ArtifactDigest.self,
        ])
}

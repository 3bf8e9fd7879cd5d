// `imprimatur evaluate submit`: records a signed evaluation of a version.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Governance
internal import OfflineCommands

/// Sends a signed evaluation; the service computes every rate again.
struct EvaluateSubmit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Record a signed evaluation of a version.",
        discussion: """
            Exit codes: 0 recorded, 1 refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @Argument(help: "The signed statement.")
    var statement: String

    @Option(help: ArgumentHelp("The version.", valueName: "ns/name@n"), transform: Parse.version)
    var model: VersionReference

    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func run() async throws {
        let envelope = try Files.envelope(statement)
        let answer = try await service.client().write(
            model.address + "/evaluations", ["statement": envelope.json], key: retry.key)
        try answer.finish("recorded \(envelope.payloadDigest)", json: format.json)
    }
}

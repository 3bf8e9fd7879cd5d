// `imprimatur undeploy`: records that a deployment no longer runs.

internal import ArgumentParser
internal import CanonicalJSON
internal import OfflineCommands

/// Ends a deployment.
struct Undeploy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undeploy", abstract: "Record that a deployment no longer runs.",
        discussion: """
            Exit codes: 0 recorded, 1 refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @Argument(help: "The deployment, d-….")
    var deployment: String

    @Option(help: "Why; kept for ever, so without personal data.")
    var reason: String

    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func validate() throws {
        guard
            deployment.utf8.allSatisfy({
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
            })
        else { throw ValidationError("A deployment looks like d-0123456789abcdef.") }
    }

    func run() async throws {
        let answer = try await service.client().write(
            "/api/v1/deployments/\(deployment)/end", ["reason": .string(reason)], key: retry.key)
        try answer.finish("ended \(deployment)", json: format.json)
    }
}

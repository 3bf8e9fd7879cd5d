// `imprimatur suspend` and `imprimatur withdraw`: what forbids needs no signature, only a known caller.

internal import ArgumentParser
internal import CanonicalJSON
internal import Governance
internal import OfflineCommands

/// Options of a restriction.
struct RestrictOptions: ParsableArguments {
    @Argument(help: "The version, ns/name@n.", transform: Parse.version)
    var version: VersionReference

    @Option(help: "Why; kept for ever, so without personal data.")
    var reason: String

    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func restrict(_ path: String, _ done: String) async throws {
        let answer = try await service.client().write(
            "\(version.address)/\(path)", ["reason": .string(reason)], key: retry.key)
        try answer.finish("\(done) \(version)", json: format.json)
    }
}

/// Suspends a version.
struct Suspend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend", abstract: "Suspend a version: no deployment until it is lifted.",
        discussion: """
            Exit codes: 0 suspended, 1 refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @OptionGroup var options: RestrictOptions

    func run() async throws { try await options.restrict("suspension", "suspended") }
}

/// Withdraws a version.
struct Withdraw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw", abstract: "Withdraw a version; ends its request for ever.",
        discussion: """
            Exit codes: 0 withdrawn, 1 refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @OptionGroup var options: RestrictOptions

    func run() async throws { try await options.restrict("withdrawal", "withdrawn") }
}

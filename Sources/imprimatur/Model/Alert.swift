// `imprimatur alert`: a monitor or an officer says that a version drifts, or did harm.

internal import ArgumentParser
internal import CanonicalJSON
internal import Governance
internal import OfflineCommands

/// Raises an alert.
struct Alert: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alert", abstract: "Say that a version drifts, or that an incident happened.",
        discussion: """
            Taken at once, from one person or monitor. Where `review_triggers` in the pack's \
            approvals.yaml names drift or incident, approvals that were given before no longer count. \
            To stop a version altogether there is `imprimatur suspend`. Exit codes: 0 recorded, 1 \
            refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @Argument(help: "The version, ns/name@n.", transform: Parse.version)
    var version: VersionReference

    @Option(help: ArgumentHelp("The metric that has drifted.", valueName: "metric"))
    var drift: String?

    @Option(help: "Its value, a decimal.")
    var value: String?

    @Option(help: "The bound that it has left, a decimal.")
    var threshold: String?

    @Option(help: ArgumentHelp("What the incident is called elsewhere.", valueName: "id"))
    var incident: String?

    @Option(help: "Why; kept for ever, so without personal data.")
    var reason: String

    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func validate() throws {
        guard (drift == nil) != (incident == nil) else {
            throw ValidationError("Give --drift or --incident.")
        }
        guard (drift != nil) == (value != nil), (drift != nil) == (threshold != nil) else {
            throw ValidationError(
                "--drift goes with --value and --threshold, and nothing else does.")
        }
    }

    func run() async throws {
        let cause: VersionAlerted.Cause = drift == nil ? .incident : .drift
        var body: [String: JSON] = [
            "cause": .string(cause.rawValue), "name": .string(drift ?? incident ?? ""),
            "reason": .string(reason),
        ]
        if let value { body["value"] = .string(value) }
        if let threshold { body["threshold"] = .string(threshold) }
        let answer = try await service.client().write(
            version.address + "/alerts", .object(body), key: retry.key)
        try answer.finish("recorded \(cause.rawValue) of \(version)", json: format.json)
    }
}

// `imprimatur abstain` and `imprimatur recuse`: who might approve a version says not to judge it.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// Options of an abstention.
struct AbstainOptions: ParsableArguments {
    @Argument(help: "The version, ns/name@n.", transform: Parse.version)
    var version: VersionReference

    @Option(help: "Why; in the log for ever, so without personal data.")
    var reason: String

    @OptionGroup var key: SigningKey

    @Option(help: "The role in which you sign.", transform: Parse.role)
    var role: Role

    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    /// Builds the statement, shows it, signs it, sends it.
    func send(_ meaning: Abstention.Meaning) async throws {
        let client = try service.client()
        let who = try await Who(asking: client)
        let status = try await client.get(version.address).json()
        guard let id = status["request"]?["id"]?.string,
            let nonce = status["request"]?["nonce"]?.string
        else { throw CommandError("The service names no request for \(version).") }
        let abstention = Abstention(
            origin: who.origin, request: .init(id: id, nonce: nonce), version: version,
            artifact: try status.signedDigest("artifact"), meaning: meaning, reason: reason,
            signer: SigningOfficer(
                principal: who.principal, role: role,
                assignment: try who.assignment(of: role, for: version.model)),
            signedAt: SystemClock.now())
        let envelope = try abstention.statement.sign(with: [key.load()])
        try EnvelopeText.show(envelope)
        let answer = try await client.write(
            version.address + "/abstentions", ["statement": envelope.json], key: retry.key)
        try answer.finish(
            "\(meaning.rawValue) \(version): \(envelope.payloadDigest)", json: format.json)
    }
}

/// Abstains.
struct Abstain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "abstain", abstract: "Put on record that you give no answer.",
        discussion: """
            Exit codes: 0 recorded, 1 refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @OptionGroup var options: AbstainOptions

    func run() async throws { try await options.send(.abstain) }
}

/// Recuses oneself.
struct Recuse: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recuse",
        abstract: "Put on record that you are not to judge a version, for ever.",
        discussion: """
            Your approvals of the version count no longer, and later ones are refused; objections \
            still count. Exit codes: 0 recorded, 1 refused, 2 could not be asked, 64 usage, 75 receipt \
            to come.
            """)

    @OptionGroup var options: AbstainOptions

    func run() async throws { try await options.send(.recuse) }
}

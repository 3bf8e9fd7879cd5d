// `imprimatur waive`: somebody whom the pack names sets one of its rules aside for a version.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// Waives a rule.
struct Waive: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "waive", abstract: "Set a rule of the pack aside for a version, for a time.",
        discussion: """
            The pack says which rules can be waived, and by which roles; none of the floor can. What \
            is signed is shown first. Decisions show the rule as waived, by whom and until when. Exit \
            codes: 0 recorded, 1 refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @Argument(help: "The version, ns/name@n.", transform: Parse.version)
    var version: VersionReference

    @Option(help: "The rule, such as DEP-303.")
    var rule: String

    @Option(help: "Why; in the log for ever, so without personal data.")
    var reason: String

    @Option(
        help: "Until when, 2027-01-31T00:00:00.000Z; thirty days at most.", transform: Parse.time)
    var until: Timestamp

    @OptionGroup var key: SigningKey

    @Option(help: "The role in which you sign.", transform: Parse.role)
    var role: Role

    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func run() async throws {
        let client = try service.client()
        let who = try await Who(asking: client)
        let status = try await client.get(version.address).json()
        guard let policy = status["activePolicy"]?.string.flatMap({ SHA256Digest(hex: $0) }) else {
            throw CommandError("The service does not say which policy pack is in force.")
        }
        let waiver = Waiver(
            origin: who.origin, version: version, artifact: try status.signedDigest("artifact"),
            rule: rule, policy: policy, reason: reason,
            signer: SigningOfficer(
                principal: who.principal, role: role,
                assignment: try who.assignment(of: role, for: version.model)),
            signedAt: SystemClock.now(), expiresAt: until)
        let envelope = try waiver.statement.sign(with: [key.load()])
        try EnvelopeText.show(envelope)
        let answer = try await client.write(
            version.address + "/waivers", ["statement": envelope.json], key: retry.key)
        try answer.finish(
            "waived \(rule) for \(version) until \(until): \(envelope.payloadDigest)",
            json: format.json)
    }
}

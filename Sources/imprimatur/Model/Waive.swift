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

    @Option(help: "The rule, such as DEP-303.")
    var rule: String

    @Option(
        help: "Until when, 2027-01-31T00:00:00.000Z; thirty days at most.", transform: Parse.time)
    var until: Timestamp

    @OptionGroup var signing: OfficerSigning

    func run() async throws {
        let version = signing.version
        try await signing.send(to: "waivers") { scene in
            guard
                let policy = scene.status["activePolicy"]?.string.flatMap({ SHA256Digest(hex: $0) })
            else { throw CommandError("The service does not say which policy pack is in force.") }
            return Waiver(
                origin: scene.origin, version: version,
                artifact: try scene.status.signedDigest("artifact"), rule: rule, policy: policy,
                reason: signing.reason, signer: scene.signer, signedAt: scene.now, expiresAt: until
            )
        } tell: { envelope in
            "waived \(rule) for \(version) until \(until): \(envelope.payloadDigest)"
        }
    }
}

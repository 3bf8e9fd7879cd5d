// `imprimatur tier`: a validator puts a version into a risk tier.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// Signs for a tier.
struct DetermineTier: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tier", abstract: "Sign which risk tier a version is in.",
        discussion: """
            A validator who did not make the version signs. The tier is never lower than the one that \
            the pack makes of the card. Where the version, or the one of its model before it that was \
            approved or permitted, was in a stricter tier, the whole quorum of that tier signs one and \
            the same statement: with -o it is written with the signatures at hand, `imprimatur \
            statement sign` adds one, --statement sends it. Exit codes: 0 recorded, 1 refused, 2 could \
            not be asked, 64 usage, 75 receipt to come.
            """)

    @Option(help: "The tier that holds: 1, 2 or 3.", transform: Parse.tier)
    var tier: Tier?

    @OptionGroup var signing: JointSigning

    func validate() throws { try signing.validate(tier != nil, "--tier") }

    func run() async throws {
        let version = signing.version
        try await signing.send(to: "tier") { scene in
            guard
                let derived = scene.status["tierDetermination"]?["derived"]
                    .flatMap({ Tier(json: $0) })
            else { throw CommandError("The service does not say what the pack makes of the card.") }
            return TierDetermination(
                origin: scene.origin, version: version,
                artifact: try scene.status.signedDigest("artifact"),
                card: try scene.status.signedDigest("card"),
                policy: try scene.status.signedDigest("policy"), derived: derived,
                tier: tier ?? derived, reason: scene.reason, signers: scene.signers,
                signedAt: scene.now, expiresAt: scene.expiresAt)
        } tell: { envelope in
            "recorded the tier of \(version): \(envelope.payloadDigest)"
        }
    }
}

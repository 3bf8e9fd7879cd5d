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

    @Argument(help: "The version, ns/name@n.", transform: Parse.version)
    var version: VersionReference

    @Option(help: "The tier that holds: 1, 2 or 3.", transform: Parse.tier)
    var tier: Tier?

    @Option(help: "Why; signed for ever, so without personal data.")
    var reason: String?

    @Option(
        help: ArgumentHelp("Who signs, and in which role; repeat.", valueName: "p-…=role"),
        transform: Lift.Signer.init)
    var signer: [Lift.Signer] = []

    @Option(help: ArgumentHelp("A key to sign with; repeat.", valueName: "pem"))
    var key: [String] = []

    @Option(help: ArgumentHelp("A statement that is signed already.", valueName: "file"))
    var statement: String?

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("Write the statement instead of sending it.", valueName: "file"))
    var output: String?

    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func validate() throws {
        if statement != nil {
            guard tier == nil, reason == nil, signer.isEmpty, key.isEmpty, output == nil
            else { throw ValidationError("--statement is sent as it is: no other option fits.") }
        } else {
            guard let tier, Tier.usable.contains(tier), reason != nil, !signer.isEmpty,
                !key.isEmpty
            else {
                throw ValidationError(
                    "Give --tier (1, 2 or 3), --reason, --signer and --key, or --statement.")
            }
        }
    }

    func run() async throws {
        let client = try service.client()
        let envelope =
            if let statement { try Files.envelope(statement) } else { try await make(client) }
        if let output {
            try Files.create(output, envelope.canonicalBytes)
            return Console.out(envelope.payloadDigest.hex)
        }
        let answer = try await client.write(
            version.address + "/tier", ["statement": envelope.json], key: retry.key)
        try answer.finish(
            "recorded the tier of \(version): \(envelope.payloadDigest)", json: format.json)
    }

    private func make(_ client: ServiceClient) async throws -> Envelope {
        let status = try await client.get(version.address).json()
        guard let derived = status["tierDetermination"]?["derived"].flatMap({ Tier(json: $0) })
        else { throw CommandError("The service does not say what the pack makes of the card.") }
        let now = SystemClock.now()
        let determination = TierDetermination(
            origin: try await Who(asking: client).origin, version: version,
            artifact: try status.signedDigest("artifact"), card: try status.signedDigest("card"),
            policy: try status.signedDigest("policy"), derived: derived, tier: tier ?? derived,
            reason: reason ?? "",
            signers: try await Lift.officers(signer, for: version, client), signedAt: now,
            expiresAt: now.adding(seconds: 7 * 86_400))
        let envelope = try determination.statement.sign(
            with: key.map { try Files.privateKey($0, passphraseFile: nil) })
        try EnvelopeText.show(envelope)
        return envelope
    }
}

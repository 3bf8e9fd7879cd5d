// `imprimatur break-glass`: two people override what the pack lists, in an emergency; a third reviews it.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// The commands about emergencies.
struct BreakGlassCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "break-glass",
        abstract: "Override the rules that the pack lists, in an emergency, for hours.",
        discussion:
            "`imprimatur status` lists a version's emergencies, and what is to be done now.",
        subcommands: [BreakGlassOpen.self, BreakGlassReviewing.self])
}

/// Breaks the glass.
struct BreakGlassOpen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open", abstract: "Break the glass for a version in an environment.",
        discussion: """
            Two people sign, in roles that `break_glass` in the pack's permits.yaml names, neither of \
            whom made the version. Decisions show each overridden rule, by whom and until when; what \
            was permitted ends with the emergency and has to be undeployed then. Exit codes: 0 \
            recorded, 1 refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @Argument(help: "The version, ns/name@n.", transform: Parse.version)
    var version: VersionReference

    @Option(help: "In which environment, and no other.", transform: Parse.environment)
    var environment: EnvironmentName?

    @Option(help: "What the emergency is called elsewhere, such as INC-2041.")
    var incident: String?

    @Option(help: "For how many hours; the pack says how many at most.")
    var hours: Int64 = 1

    @Option(help: "One of the two.", transform: Parse.principal)
    var first: PrincipalID?

    @Option(help: "The other.", transform: Parse.principal)
    var second: PrincipalID?

    @Option(help: "Why; in the log for ever, so without personal data.")
    var reason: String?

    @Option(help: ArgumentHelp("A signer's private key; repeat.", valueName: "pem"))
    var signer: [String] = []

    @Option(help: ArgumentHelp("Send this signed statement.", valueName: "file"))
    var statement: String?

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("Write the statement here instead of sending it.", valueName: "file"))
    var output: String?

    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func validate() throws {
        guard (1...72).contains(hours) else { throw ValidationError("--hours is 1 to 72.") }
        let given = [
            environment != nil, incident != nil, first != nil, second != nil, reason != nil,
        ]
        guard given.allSatisfy({ $0 == (statement == nil) }) else {
            throw ValidationError(
                "Give --environment, --incident, --reason, --first and --second, or --statement.")
        }
        guard statement == nil || signer.isEmpty else {
            throw ValidationError(
                "A statement is sent as it is: sign it first, with `imprimatur statement sign`.")
        }
    }

    func run() async throws {
        let client = try service.client()
        let envelope = try await envelope(client)
        if let output {
            try Files.create(output, envelope.canonicalBytes)
            Console.out(envelope.payloadDigest.hex)
            return
        }
        let answer = try await client.write(
            version.address + "/break-glass", ["statement": envelope.json], key: retry.key)
        try answer.finish(
            "broke the glass for \(version): \(envelope.payloadDigest)", json: format.json)
    }

    private func envelope(_ client: ServiceClient) async throws -> Envelope {
        guard let environment, let incident, let first, let second, let reason else {
            guard let statement else { throw ValidationError("Give --statement.") }
            return try Files.envelope(statement)
        }
        let status = try await client.get(version.address).json()
        guard let policy = status["activePolicy"]?.string.flatMap({ SHA256Digest(hex: $0) }) else {
            throw CommandError("The service does not say which policy pack is in force.")
        }
        let now = SystemClock.now()
        let namespace = version.model.namespace
        let glass = BreakGlass(
            origin: try await Who(asking: client).origin, version: version,
            artifact: try status.signedDigest("artifact"), environment: environment,
            policy: policy, incident: incident, reason: reason,
            signers: [
                try await client.officer(first, as: BreakGlass.roles) { $0.matches(namespace) },
                try await client.officer(second, as: BreakGlass.roles) { $0.matches(namespace) },
            ], signedAt: now, expiresAt: now.adding(seconds: hours * 3_600))
        // What the service would refuse is told before anybody signs.
        _ = try BreakGlass(reading: glass.statement)
        let keys = try signer.map { try Files.privateKey($0, passphraseFile: nil) }
        let envelope = try glass.statement.sign(with: keys)
        try EnvelopeText.show(envelope)
        return envelope
    }
}

/// Reviews an emergency.
struct BreakGlassReviewing: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "review", abstract: "Say whether an emergency was one.",
        discussion: """
            The reviewer is neither of the two who broke the glass, nor an author of the version. \
            `justified` can be said when its time is over, `unjustified` at once, and ends it. Exit \
            codes: 0 recorded, 1 refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @Option(help: "The emergency, by the digest of its statement.", transform: Parse.digest)
    var breakGlass: SHA256Digest

    @Option(help: "justified or unjustified.", transform: Self.verdict)
    var verdict: BreakGlassReview.Verdict

    @OptionGroup var signing: OfficerSigning

    static func verdict(_ text: String) throws -> BreakGlassReview.Verdict {
        guard let verdict = BreakGlassReview.Verdict(rawValue: text) else {
            throw ValidationError("“\(text)” is not justified or unjustified.")
        }
        return verdict
    }

    func run() async throws {
        try await signing.send(to: "break-glass/review") { scene in
            BreakGlassReview(
                origin: scene.origin, version: signing.version,
                artifact: try scene.status.signedDigest("artifact"), breakGlass: breakGlass,
                verdict: verdict, reason: signing.reason, signer: scene.signer, signedAt: scene.now
            )
        } tell: { envelope in
            "\(verdict.rawValue) \(breakGlass): \(envelope.payloadDigest)"
        }
    }
}

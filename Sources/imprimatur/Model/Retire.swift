// `imprimatur retire`: the end of a version, with a certificate.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Governance
internal import OfflineCommands
internal import Registry

/// Asks the retire gate.
struct Retire: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire", abstract: "Retire a version; get a certificate.",
        discussion: """
            Refused while a deployment is active. Exit codes: 0 retired, and certificate and receipt \
            were verified here; 1 denied; 2 could not decide; 64 usage; 75 receipt to come.
            """)

    @Argument(help: "The version, ns/name@n.", transform: Parse.version)
    var version: VersionReference

    @Option(help: "Why; kept for ever, so without personal data.")
    var reason: String

    @Option(
        help: ArgumentHelp("The version that follows.", valueName: "ns/name@n"),
        transform: Parse.version)
    var successor: VersionReference?

    @Option(help: ArgumentHelp("Keep the certificate here.", valueName: "file"))
    var certificate: String?

    @OptionGroup var root: RootOptions
    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func run() async throws {
        let client = try service.client()
        let trust = try await root.load(for: client)
        let key = retry.key
        let answer = try await ask(client, key)
        if format.json { Console.out(answer.json) }
        guard let decision = answer.json["decision"],
            let verdict = decision["verdict"]?.string.flatMap(Verdict.init(rawValue:))
        else { throw CommandError("The service's answer holds no decision.") }
        guard verdict == .allow else {
            Console.error("\(version) may not be retired.")
            for reason in StatusText.reasons(decision) { Console.note("  - \(reason)") }
            if !format.json { Console.out("deny") }
            throw ExitCode.no
        }
        try answer.verifyReceipt(under: trust)
        guard answer.receipt != nil else {
            Console.warning("retired, but the receipt is still to come")
            Console.hint("Ask again with --idempotency-key \(key)")
            throw ExitCode.pending
        }
        let envelope = try verified(answer.json["certificate"] ?? .null, trust)
        if let certificate { try Files.write(certificate, envelope.canonicalBytes) }
        if !format.json { Console.out("retired \(version)\ncertificate \(envelope.payloadDigest)") }
    }

    private func ask(_ client: ServiceClient, _ key: String) async throws -> WriteAnswer {
        var body: [String: JSON] = ["reason": .string(reason)]
        if let successor { body["successor"] = .string(successor.description) }
        do {
            return try await client.write(version.address + "/retirement", .object(body), key: key)
        } catch var error as CommandError {
            error.code = .undecided
            throw error
        }
    }

    /// The certificate is signed by a permit key of the root, for this version.
    private func verified(_ json: JSON, _ trust: TrustRoot) throws -> Envelope {
        let envelope = try Envelope(json: json)
        let verdict = envelope.verifyStatement(
            with: trust.permitKeys(at: SystemClock.now()),
            predicateType: RetirementCertificate.predicateType)
        guard let statement = verdict.statement?.statement,
            let certificate = try? RetirementCertificate(reading: statement),
            certificate.origin == trust.origin, certificate.version == version,
            certificate.successor == successor, certificate.reason == reason,
            certificate.root == Permit.Root(version: trust.version, digest: trust.digest)
        else {
            throw CommandError(
                "The certificate that the service gave does not hold: this is not a yes.",
                findings: verdict.findings.map(\.message))
        }
        return envelope
    }
}

// `imprimatur permit run` and `renew`: permits to start again what was deployed, while the service is down.

internal import ArgumentParser
internal import Artifacts
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// Asks for a permit to start a deployment again.
struct PermitRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Get a permit to start again what was deployed.",
        discussion: """
            PERMIT is the permit of a deployment that is confirmed to run; the new one is for the same \
            version, environment, target, use and deployment. It is decided anew, against the state of \
            now. Exit codes: 0 permitted, and permit and receipt were verified here; 1 denied; 2 could \
            not decide; 64 usage; 75 permitted, but the receipt is still to come.
            """)

    @Argument(help: "The artifact: a directory or one file.")
    var path: String

    @Argument(help: "The bundle of the deployment's permit.")
    var permit: String

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("Where to write the new permit.", valueName: "file"))
    var output: String

    @OptionGroup var asking: RunAsking

    func run() async throws { try await asking.ask(path, permit, output) }
}

/// The same, in the place of a run permit.
struct PermitRenew: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew", abstract: "Renew a permit to run, in its file.",
        discussion: """
            Decided anew, against the state of now: what is suspended, retired or no longer approved is \
            not renewed, and the old permit stays as it is. Exit codes as for permit run.
            """)

    @Argument(help: "The artifact: a directory or one file.")
    var path: String

    @Argument(help: "The bundle of the permit to run.")
    var permit: String

    @OptionGroup var asking: RunAsking

    func run() async throws { try await asking.ask(path, permit, permit) }
}

/// Asks, verifies, keeps.
struct RunAsking: ParsableArguments {
    @OptionGroup var signatures: SignatureFiles
    @OptionGroup var root: RootOptions
    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func ask(_ path: String, _ old: String, _ output: String) async throws {
        let held: Permit
        do {
            let bundle = try SigstoreBundle(parsing: Files.read(old))
            held = try Permit(Statement(parsing: bundle.envelope.payload))
        } catch let error as AttestationError {
            throw CommandError(
                "\(old) is no permit.", findings: error.findings.map(\.description))
        }
        let client = try service.client()
        let trust = try await root.load(for: client)
        Console.progress("hashing \(path)")
        let scan = try ArtifactScan.scan(path, signatureFiles: signatures.signature)
        Console.endProgress()
        let reply = try await GateReply.ask(
            client, "/api/v1/deployments/\(held.deployment)/run-permits",
            ["artifact": .string(scan.digest.hex)], key: retry.key)
        if format.json { Console.out(reply.document) }
        guard reply.verdict == .allow else {
            Console.error("\(held.model) may not be started again in \(held.environment).")
            for reason in StatusText.reasons(reply.decision) { Console.note("  - \(reason)") }
            if !format.json { Console.out("deny") }
            throw ExitCode.no
        }
        try reply.requireReceipt(under: trust)
        let new = try reply.permit(
            PermitExpectation(
                artifact: scan.digest, model: held.model, environment: held.environment,
                target: held.target, use: held.use, deployment: held.deployment, kind: .run,
                acceptsDevelopment: trust.development), under: trust)
        try Files.write(output, new.bytes)
        guard !format.json else { return }
        Console.out(
            "run: \(held.model) in \(held.environment) until \(new.permit.notAfter)\n"
                + "deployment \(held.deployment)")
        Console.note("permit kept: \(output), log entry \(new.index ?? -1)")
    }
}

// `imprimatur deploy`: may these bytes on this disk go there, now?
//
// In this order: hash the bytes; compare their headers with the card; ask the gate; tell the decision; verify permit, entry and receipt
// against the pinned root, not believing the service; stage the verified bytes; keep the permit;
// confirm. Only after all of that the exit code is 0.

internal import ArgumentParser
internal import Artifacts
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import ModelFormats
internal import OfflineCommands

/// Asks the deploy gate.
struct Deploy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy",
        abstract: "Ask whether the bytes at PATH may be deployed; get a permit.",
        discussion: """
            Exit codes: 0 allowed, and permit and receipt were verified here; 1 denied; 2 could not \
            decide; 64 usage; 75 allowed, but the receipt is still to come: ask again with the same \
            --idempotency-key.
            """)

    @Argument(help: "The artifact: a directory or one file.")
    var path: String

    @Option(help: ArgumentHelp("The version.", valueName: "ns/name@n"), transform: Parse.version)
    var model: VersionReference

    @Option(help: "Where it is to be deployed.", transform: Parse.environment)
    var environment: EnvironmentName

    @Option(help: "The machine, cluster or place within the environment.")
    var target = ""

    @Option(help: "What it is to be used for.", transform: Parse.use)
    var use: UseName?

    @Option(help: ArgumentHelp("Copy the verified bytes into DIR, read-only.", valueName: "dir"))
    var stage: String?

    @Flag(help: "Record that the deployment runs.")
    var confirm = false

    @Flag(help: "Only ask: nothing is permitted.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "Where to keep the permit; else beside PATH.", valueName: "file"))
    var permit: String?

    @OptionGroup var signatures: SignatureFiles
    @OptionGroup var root: RootOptions
    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func validate() throws {
        guard !dryRun || (!confirm && stage == nil && permit == nil) else {
            throw ValidationError("--dry-run permits nothing: no --confirm, --stage or --permit.")
        }
    }

    func run() async throws {
        let client = try service.client()
        let trust = try await root.load(for: client)
        Console.progress("hashing \(path)")
        let scan = try ArtifactScan.scan(path, signatureFiles: signatures.signature)
        Console.endProgress()
        let truth = try await HeaderTruth.comparing(
            model, of: scan.digest, with: scan.contents(), at: client)
        truth?.warn()
        let reply = try await GateReply.ask(
            client, model.address + "/deployments", question(scan, truth), key: retry.key)
        if format.json { Console.out(reply.document) }
        guard reply.verdict == .allow else {
            describeDenial(reply.decision)
            throw ExitCode.no
        }
        try truth?.requireSameBytes()
        if dryRun {
            try reply.requireRecord(under: trust)
        } else {
            try reply.requireReceipt(under: trust)
        }
        for reason in StatusText.reasons(reply.decision) { Console.warning(reason) }
        if dryRun {
            guard !format.json else { return }
            return Console.out("dry run: \(model) would be allowed in \(environment)")
        }
        let id = reply.document["deployment"]?.string
        let new = try reply.permit(
            PermitExpectation(
                artifact: scan.digest, model: model.description,
                environment: environment.description, target: target,
                use: use?.description ?? "", deployment: id, kind: .deploy,
                acceptsDevelopment: trust.development), under: trust)
        if !format.json {
            Console.out(
                "allow: \(model) in \(environment) until \(new.permit.notAfter)\n"
                    + "deployment \(id ?? "")")
            Console.note("permit and receipt verified: log entry \(new.index ?? -1)")
        }
        try keep(new.bytes, scan)
        try await confirmIfAsked(client, id, trust)
    }

    private func question(_ scan: ArtifactScan, _ truth: HeaderTruth?) -> JSON {
        var body: [String: JSON] = [
            "environment": .string(environment.description),
            "artifact": .string(scan.digest.hex),
        ]
        if !target.isEmpty { body["target"] = .string(target) }
        if let use { body["use"] = .string(use.description) }
        body["uncovered"] = .array(
            scan.signatureFiles.map { ArtifactCoverage.Gap(path: $0, reason: .signature).json })
        if let told = truth?.told { body["contradictions"] = .array(told.map(\.json)) }
        if dryRun { body["dryRun"] = true }
        return .object(body)
    }

    private func describeDenial(_ decision: JSON) {
        Console.error("\(model) may not be deployed in \(environment).")
        for reason in StatusText.reasons(decision) { Console.note("  - \(reason)") }
        for need in decision["missing"]?.array ?? [] {
            Console.note("  missing \(StatusText.need(need))")
        }
        if !format.json { Console.out("deny") }
    }

    private func keep(_ bundle: [UInt8], _ scan: ArtifactScan) throws {
        if let stage {
            let place = try Staging.stage(scan.manifest, from: path, below: stage)
            Console.note("staged read-only: \(place)")
        } else {
            Console.warning("between this check and the use of \(path) its bytes can change")
            Console.hint(
                "--stage DIR writes the verified bytes once, read-only, and names the place")
        }
        if let permit {
            try Files.write(permit, bundle)
            return Console.note("permit kept: \(permit)")
        }
        var base = path
        while base.count > 1, base.hasSuffix("/") { base.removeLast() }
        let place = "\(base).\(model.model.name)@\(model.number).\(environment).permit.json"
        do {
            try Files.write(place, bundle)
            Console.note("permit kept: \(place)")
        } catch {
            Console.warning("the permit was not kept: \(CommandError(explaining: error).message)")
        }
    }

    private func confirmIfAsked(
        _ client: ServiceClient, _ id: String?, _ trust: TrustRoot
    ) async throws {
        guard confirm else { return }
        guard let id else {
            throw CommandError("The service named no deployment to confirm.")
        }
        let answer = try await client.write("/api/v1/deployments/\(id)/confirmation", [:])
        try answer.verifyReceipt(under: trust)
        Console.note("recorded that \(id) runs")
        guard answer.receipt != nil else { throw ExitCode.pending }
    }
}

// `imprimatur permit check`: may these bytes run here, by this permit? Offline.

package import ArgumentParser
internal import Artifacts
internal import Attestation
internal import CanonicalJSON
internal import Governance
internal import TransparencyLog

extension Permit.Kind: ExpressibleByArgument {}

/// Checks a permit against the bytes on disk and a trust root that the caller brings.
package struct PermitCheckCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check a permit for the bytes on disk.",
        discussion: """
            Needs no network: the permit's bundle carries its receipt. A permit from a development \
            root is refused unless --accept-development is given. Without --status the answer leaves \
            open whether the permit was revoked; with a list that is forged or too old there is no \
            answer. Exit codes: 0 valid, 1 not, 2 could not decide, 64 usage.
            """)

    @Argument(help: "The permit's bundle.")
    var permit: String

    @Argument(help: "The artifact: a directory or one file.")
    var path: String

    @Option(help: ArgumentHelp("The trust root.", valueName: "file"))
    var root: String

    @Option(help: "Where the artifact is about to be used.", transform: Parse.environment)
    var environment: EnvironmentName?

    @Option(
        help: ArgumentHelp("What the artifact must be.", valueName: "ns/name@n"),
        transform: Parse.version)
    var model: VersionReference?

    @Option(help: "The machine, cluster or place; a permit for one is refused without it.")
    var target = ""

    @Option(help: "What the artifact is about to be used for.", transform: Parse.use)
    var use: UseName?

    @Option(help: ArgumentHelp("The deployment, d-….", valueName: "id"))
    var deployment: String?

    @Option(help: ArgumentHelp("Whose cosignatures are needed (tlog-policy).", valueName: "file"))
    var witnessPolicy: String?

    @Option(
        help: ArgumentHelp(
            "The status list: what is suspended, revoked or retired.", valueName: "file"))
    var status: String?

    @Option(help: "How many seconds old the status list may be; else until its own end.")
    var maxStatusAge: Int64?

    @Option(help: "What is about to be done: deploy or run.")
    var kind: Permit.Kind?

    @Option(help: "Check for this time instead of now.", transform: Parse.time)
    var at: Timestamp?

    @Option(
        help: ArgumentHelp(
            "Write the checked bytes once below this directory, read-only.", valueName: "dir"))
    var stage: String?

    @Flag(help: "Accept a permit from a development root.")
    var acceptDevelopment = false

    @OptionGroup var signatures: SignatureFiles
    @OptionGroup var format: Format

    package init() {}

    package func validate() throws {
        guard maxStatusAge == nil || (status != nil && maxStatusAge.map { $0 > 0 } == true) else {
            throw ValidationError("--max-status-age is a number of seconds, and needs --status.")
        }
    }

    package func run() throws {
        let trust = try Files.root(root)
        let witnesses = try witnessPolicy.map {
            try WitnessPolicy(parsing: Files.read($0, limit: 1 << 20))
        }
        let bytes = try Files.read(permit)
        let scan = try ArtifactScan.scan(path, signatureFiles: signatures.signature)
        let bundle: SigstoreBundle
        do {
            bundle = try SigstoreBundle(parsing: bytes)
        } catch {
            throw CommandError(
                "\(permit) is no permit.", findings: error.findings.map(\.description), code: .no)
        }
        let receipts = try ReceiptCheck(root: trust, witnesses: witnesses)
        let now = at ?? SystemClock.now()
        var check = PermitCheck(
            bundle, receipts: receipts,
            expecting: PermitExpectation(
                artifact: scan.digest, model: model?.description,
                environment: environment?.description, target: target,
                use: use?.description, deployment: deployment, kind: kind,
                acceptsDevelopment: acceptDevelopment),
            now: now)
        let list = try status.map { try consult($0, receipts, now) }
        if let list { check.consult(list) }
        if format.json { Console.out(check.json) } else { describe(check) }
        guard check.isValid else { throw ExitCode.no }
        guard !check.isUndecided else {
            throw CommandError(
                "The permit would hold, but the status list decides nothing.",
                findings: (list?.findings ?? []).map(\.message),
                hint: "`imprimatur permit status -o FILE` fetches the newest one.")
        }
        if let stage {
            let place = try Staging.stage(scan.manifest, from: path, below: stage)
            Console.note("staged read-only: \(place)")
        }
    }

    private func consult(
        _ path: String, _ receipts: ReceiptCheck, _ now: Timestamp
    ) throws -> StatusCheck {
        let bytes = try Files.read(path)
        guard let bundle = try? SigstoreBundle(parsing: bytes) else {
            throw CommandError("\(path) is no status list.")
        }
        return StatusCheck(
            bundle, receipts: receipts, oldest: maxStatusAge, now: now,
            acceptsDevelopment: acceptDevelopment)
    }

    private func describe(_ check: PermitCheck) {
        guard !check.isUndecided else { return }
        guard check.isValid, let permit = check.claimed else {
            Console.error("The permit does not hold for these bytes here and now.")
            for finding in check.findings { Console.note("  - \(finding.message)") }
            return
        }
        if permit.development { Console.warning("made under a development root") }
        if case .good(let issuedAt) = check.revocation {
            Console.note("nothing against it in the status list of \(issuedAt)")
        } else {
            Console.warning("revocation unknown: no status list was given")
        }
        Console.out(
            "valid: \(permit.model) in \(permit.environment) until \(permit.notAfter)\n"
                + "artifact \(permit.manifest.digest), log entry \(check.index ?? -1)")
    }
}

// `imprimatur finding`: what reviewers find about a version, put on record and closed.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// The commands about findings.
struct FindingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "finding", abstract: "Put findings on record and close them.",
        discussion: "`imprimatur status` lists those that are open.",
        subcommands: [FindingRaise.self, FindingClose.self])
}

/// What every finding says, also one that is a condition of an approval.
struct FindingTexts {
    let summary: String
    let severity: FindingSeverity
    let blocking: Bool
    let owner: PrincipalID
    let dueAt: Timestamp
    var approval: SHA256Digest?

    /// Signs the finding, shows it and sends it.
    func raise(
        on version: VersionReference, _ key: PrivateKey, _ role: Role, _ who: Who,
        _ client: ServiceClient, retry: String? = nil
    ) async throws -> (Envelope, WriteAnswer) {
        let status = try await client.get(version.address).json()
        let finding = ValidationFinding(
            origin: who.origin, version: version, artifact: try status.signedDigest("artifact"),
            severity: severity, blocking: blocking, summary: summary, owner: owner, dueAt: dueAt,
            approval: approval,
            signer: SigningOfficer(
                principal: who.principal, role: role,
                assignment: try who.assignment(of: role, for: version.model)),
            signedAt: SystemClock.now())
        let envelope = try finding.statement.sign(with: [key])
        try EnvelopeText.show(envelope)
        let answer = try await client.write(
            version.address + "/findings", ["statement": envelope.json], key: retry)
        return (envelope, answer)
    }
}

/// Puts a finding on record.
struct FindingRaise: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "raise", abstract: "Put a finding about a version on record.",
        discussion: """
            What is signed is shown first. A blocking finding denies every deployment from now until \
            it is closed, another one from the time it is due. Exit codes: 0 recorded, 1 refused, 2 \
            could not be asked, 64 usage, 75 receipt to come.
            """)

    @Argument(help: "The version, ns/name@n.", transform: Parse.version)
    var version: VersionReference

    @OptionGroup var key: SigningKey

    @Option(help: "The role in which you sign.", transform: Parse.role)
    var role: Role

    @Option(help: "low, medium, high or critical.", transform: Self.severity)
    var severity: FindingSeverity

    @Flag(help: "Nothing is deployed until the finding is closed.")
    var blocking = false

    @Option(help: "What is wrong; in the log for ever, so without personal data.")
    var summary: String

    @Option(help: "Who has to see to it, p-….", transform: Parse.principal)
    var owner: PrincipalID

    @Option(help: "By when, 2027-01-31T00:00:00.000Z.", transform: Parse.time)
    var due: Timestamp

    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    static func severity(_ text: String) throws -> FindingSeverity {
        guard let severity = FindingSeverity(rawValue: text) else {
            throw ValidationError("“\(text)” is not low, medium, high or critical.")
        }
        return severity
    }

    func run() async throws {
        let client = try service.client()
        let texts = FindingTexts(
            summary: summary, severity: severity, blocking: blocking, owner: owner, dueAt: due)
        let (envelope, answer) = try await texts.raise(
            on: version, try key.load(), role, try await Who(asking: client), client,
            retry: retry.key)
        try answer.finish(envelope.payloadDigest.hex, json: format.json)
    }
}

/// Closes a finding.
struct FindingClose: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "close", abstract: "Close a finding by a signed statement.",
        discussion: """
            Whoever closes a finding holds the role in which it was made, or is a risk officer, and \
            is neither an author of the version nor the one who had to see to it. Only a risk officer \
            closes it as accepted. Exit codes: 0 closed, 1 refused, 2 could not be asked, 64 usage, \
            75 receipt to come.
            """)

    @Option(help: "The finding, by the digest of its statement.", transform: Parse.digest)
    var finding: SHA256Digest

    @Option(help: "resolved, refuted or accepted.", transform: Self.resolution)
    var resolution: FindingClosure.Resolution = .resolved

    @OptionGroup var signing: OfficerSigning

    static func resolution(_ text: String) throws -> FindingClosure.Resolution {
        guard let resolution = FindingClosure.Resolution(rawValue: text) else {
            throw ValidationError("“\(text)” is not resolved, refuted or accepted.")
        }
        return resolution
    }

    func run() async throws {
        try await signing.send(to: "findings/closure") { scene in
            FindingClosure(
                origin: scene.origin, version: signing.version, finding: finding,
                resolution: resolution, reason: signing.reason,
                digests: try scene.status.signedDigests(), signer: scene.signer,
                signedAt: scene.now, expiresAt: scene.now.adding(seconds: 7 * 86_400)
            )
        } tell: { _ in
            "closed \(finding)"
        }
    }
}

// `imprimatur lift`: the approvers of a version end its suspension, together.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// Lifts a suspension.
struct Lift: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lift", abstract: "Lift a suspension by a statement of the approvers.",
        discussion: """
            To lift takes what to approve takes: one person for every role of the tier's quorum, none \
            of them an author, all under one and the same statement. With -o the statement is written \
            with the signatures at hand; `imprimatur statement sign` adds one; --statement sends it. \
            Exit codes: 0 lifted, 1 refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @Argument(help: "The version, ns/name@n.", transform: Parse.version)
    var version: VersionReference

    @Option(help: ArgumentHelp("The suspension, s-….", valueName: "id"))
    var suspension: String?

    @Option(help: "Why; signed for ever, so without personal data.")
    var reason: String?

    @Option(
        help: ArgumentHelp(
            "Who signs, and in which role; once for each place of the quorum.",
            valueName: "p-…=role"),
        transform: Signer.init)
    var signer: [Signer] = []

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

    /// One `--signer`.
    struct Signer {
        let principal: PrincipalID
        let role: Role

        init(_ text: String) throws {
            let parts = text.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw ValidationError("“\(text)” is not like p-0123456789abcdef=validator.")
            }
            principal = try Parse.principal(String(parts[0]))
            role = try Parse.role(String(parts[1]))
        }
    }

    func validate() throws {
        if statement != nil {
            guard suspension == nil, reason == nil, signer.isEmpty, key.isEmpty, output == nil
            else { throw ValidationError("--statement is sent as it is: no other option fits.") }
        } else {
            guard suspension != nil, reason != nil, !signer.isEmpty, !key.isEmpty else {
                throw ValidationError(
                    "Give --suspension, --reason, --signer and --key, or --statement.")
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
            version.address + "/lift", ["statement": envelope.json], key: retry.key)
        try answer.finish("lifted the suspension of \(version)", json: format.json)
    }

    private func make(_ client: ServiceClient) async throws -> Envelope {
        let status = try await client.get(version.address).json()
        func digest(_ name: String) throws -> SHA256Digest { try status.signedDigest(name) }
        let signers = try await Self.officers(signer, for: version, client)
        let now = SystemClock.now()
        let lift = SuspensionLift(
            origin: try await Who(asking: client).origin, version: version,
            restriction: suspension ?? "", reason: reason ?? "",
            digests: SignedDigests(
                card: try digest("card"), artifact: try digest("artifact"),
                evidence: try digest("evidence"), policy: try digest("policy")),
            signers: signers, signedAt: now, expiresAt: now.adding(seconds: 7 * 86_400))
        let envelope = try lift.statement.sign(
            with: key.map { try Files.privateKey($0, passphraseFile: nil) })
        try EnvelopeText.show(envelope)
        return envelope
    }

    /// The signers, each with the assignment by which it holds the role.
    static func officers(
        _ signers: [Signer], for version: VersionReference, _ client: ServiceClient
    ) async throws -> [SigningOfficer] {
        var officers: [SigningOfficer] = []
        for signer in signers {
            officers.append(
                SigningOfficer(
                    principal: signer.principal, role: signer.role,
                    assignment: try await assignment(of: signer, for: version, client)))
        }
        return officers
    }

    /// The assignment by which a signer holds the role for this model.
    private static func assignment(
        of signer: Signer, for version: VersionReference, _ client: ServiceClient
    ) async throws -> SHA256Digest {
        let holder = try await client.get("/api/v1/principals/\(signer.principal)").json()
        let found = (holder["roles"]?.array ?? []).first { held in
            held["role"]?.string == signer.role.rawValue && held["revokedAt"]?.isNull != false
                && held["namespace"]?.string.flatMap { NamespacePattern($0) }
                    .map { $0.matches(version.model) } == true
        }
        guard let digest = found?["statement"]?.string.flatMap({ SHA256Digest(hex: $0) }) else {
            throw CommandError(
                "\(signer.principal) does not hold the role \(signer.role) for \(version.model).",
                code: .no)
        }
        return digest
    }
}

// What commands have in common by which several officers sign one statement about a version: here with the
// keys at hand, or from hand to hand as a file.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// Several signers of one statement.
struct JointSigning: ParsableArguments {
    @Argument(help: "The version, ns/name@n.", transform: Parse.version)
    var version: VersionReference

    @Option(help: "Why; signed for ever, so without personal data.")
    var reason: String?

    @Option(
        help: ArgumentHelp("Who signs, and in which role; repeat.", valueName: "p-…=role"),
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

    /// What a statement is made of, beside what the command itself says.
    struct Scene {
        let origin: String
        /// The version as the service shows it.
        let status: JSON
        let reason: String
        let signers: [SigningOfficer]
        let now: Timestamp
        let expiresAt: Timestamp
    }

    /// Whether there is either a signed statement or all that one is made of.
    ///
    /// - Parameters:
    ///   - own: whether the command's own option was given, and its name.
    func validate(_ isGiven: Bool, _ own: String) throws {
        if statement != nil {
            guard !isGiven, reason == nil, signer.isEmpty, key.isEmpty, output == nil
            else { throw ValidationError("--statement is sent as it is: no other option fits.") }
        } else {
            guard isGiven, reason != nil, !signer.isEmpty, !key.isEmpty else {
                throw ValidationError(
                    "Give \(own), --reason, --signer and --key, or --statement.")
            }
        }
    }

    /// Builds, shows and signs the statement unless it is there, and sends it or writes it.
    ///
    /// - Parameters:
    ///   - place: below the version's address.
    ///   - tell: what is printed when it is recorded.
    func send<Signed: OfficerStatement>(
        to place: String, _ make: (Scene) throws -> Signed, tell: (Envelope) -> String
    ) async throws {
        let client = try service.client()
        let envelope =
            if let statement {
                try Files.envelope(statement)
            } else {
                try await sign(make, client)
            }
        if let output {
            try Files.create(output, envelope.canonicalBytes)
            return Console.out(envelope.payloadDigest.hex)
        }
        let answer = try await client.write(
            "\(version.address)/\(place)", ["statement": envelope.json], key: retry.key)
        try answer.finish(tell(envelope), json: format.json)
    }

    private func sign<Signed: OfficerStatement>(
        _ make: (Scene) throws -> Signed, _ client: ServiceClient
    ) async throws -> Envelope {
        let now = SystemClock.now()
        let statement = try make(
            Scene(
                origin: try await Who(asking: client).origin,
                status: try await client.get(version.address).json(), reason: reason ?? "",
                signers: try await officers(client), now: now,
                expiresAt: now.adding(seconds: 7 * 86_400))
        ).statement
        // What the service would refuse is told before anybody signs.
        _ = try Signed(reading: statement)
        let envelope = try statement.sign(
            with: key.map { try Files.privateKey($0, passphraseFile: nil) })
        try EnvelopeText.show(envelope)
        return envelope
    }

    /// The signers, each with the assignment by which it holds the role.
    private func officers(_ client: ServiceClient) async throws -> [SigningOfficer] {
        var officers: [SigningOfficer] = []
        for signer in signer {
            officers.append(
                SigningOfficer(
                    principal: signer.principal, role: signer.role,
                    assignment: try await assignment(of: signer, client)))
        }
        return officers
    }

    /// The assignment by which a signer holds the role for this model.
    private func assignment(
        of signer: Signer, _ client: ServiceClient
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

// `imprimatur role`: signed assignments of roles.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// The commands about roles.
struct RoleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "role", abstract: "Grant and revoke roles.",
        subcommands: [RoleGrant.self, RoleRevoke.self])
}

/// Makes, signs and sends a role assignment.
struct RoleGrant: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant", abstract: "Grant a role by a signed assignment.",
        discussion: """
            Roles that approve, validate or change policy need two --signer of different persons, \
            neither of them the beneficiary. Signers who are elsewhere: -o, `statement sign`, \
            --statement. Exit codes: 0 granted, 1 refused, 2 could not be asked, 64 usage, 75 \
            receipt to come.
            """)

    @Option(help: "Who gets the role, p-….", transform: Parse.principal)
    var principal: PrincipalID

    @Option(help: "The role.", transform: Parse.role)
    var role: Role

    @Option(help: "Where: a namespace pattern (credit, *, **).", transform: Parse.pattern)
    var namespace: NamespacePattern

    @Option(help: "For how many days.", transform: Parse.days)
    var days: Int64 = 365

    @Option(help: ArgumentHelp("A signer's private key; repeat.", valueName: "pem"))
    var signer: [String] = []

    @Option(help: ArgumentHelp("Send this signed statement.", valueName: "file"))
    var statement: String?

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("Write the statement here instead of sending it.", valueName: "file"))
    var output: String?

    @Option(help: "The log's origin; with --credential and -o no service is asked.")
    var origin: String?

    @Option(
        help: ArgumentHelp("A key assignment to rely on; else all of them.", valueName: "digest"),
        transform: Parse.digest)
    var credential: [SHA256Digest] = []

    @Option(
        help: "The natural person behind the principal, with --credential; else itself.",
        transform: Parse.principal)
    var person: PrincipalID?

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func run() async throws {
        let envelope = if let statement { try Files.envelope(statement) } else { try await make() }
        if let output {
            try Files.create(output, envelope.canonicalBytes)
            return Console.out(envelope.payloadDigest.hex)
        }
        let client = try service.client()
        let answer = try await client.write(
            "/api/v1/principals/\(principal)/roles", ["assignment": envelope.json])
        try answer.finish(envelope.payloadDigest.hex, json: format.json)
    }

    private func make() async throws -> Envelope {
        let (credentials, person) = try await holder()
        let signers = try signer.map { try Files.privateKey($0, passphraseFile: nil) }
        let now = SystemClock.now()
        return try RoleAssignment(
            origin: try await service.origin(given: origin), principal: principal, person: person,
            role: role, namespace: namespace, credentials: Set(credentials).sorted(),
            validFrom: now, validUntil: now.adding(seconds: days * 86_400)
        ).statement.sign(with: signers)
    }

    /// The key assignments that the role will rely on, and the person behind them.
    private func holder() async throws -> ([SHA256Digest], PrincipalID) {
        guard credential.isEmpty else { return (credential, person ?? principal) }
        let holder = try await service.client().get("/api/v1/principals/\(principal)").json()
        let keys = (holder["keys"]?.array ?? []).filter { $0["revokedAt"]?.isNull ?? true }
        let credentials = keys.compactMap { $0["statement"]?.string }
            .compactMap { SHA256Digest(hex: $0) }
        guard !credentials.isEmpty,
            let person = holder["person"]?.string.flatMap({ PrincipalID($0) })
        else { throw CommandError("\(principal) has no key that a role could rely on.", code: .no) }
        return (credentials, person)
    }
}

/// Revokes a role assignment.
struct RoleRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revoke a role assignment.",
        discussion: """
            Exit codes: 0 revoked, 1 refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @Argument(help: "The assignment's digest, as granted.", transform: Parse.digest)
    var assignment: SHA256Digest

    @Option(help: "Whose role it is, p-….", transform: Parse.principal)
    var principal: PrincipalID

    @Option(help: "Why.")
    var reason: String

    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func run() async throws {
        let answer = try await service.client().write(
            "/api/v1/principals/\(principal)/roles/\(assignment)/revocation",
            ["reason": .string(reason)], key: retry.key)
        try answer.finish("revoked \(assignment)", json: format.json)
    }
}

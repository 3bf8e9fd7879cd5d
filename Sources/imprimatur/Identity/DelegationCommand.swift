// `imprimatur delegation`: a holder of a role lets another person approve in it, for a time.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// The commands about delegations.
struct DelegationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delegation",
        abstract: "Let another person approve in your role for a time, and take it back.",
        subcommands: [DelegationGrant.self, DelegationRevoke.self])
}

/// Makes, signs and sends a delegation.
struct DelegationGrant: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant", abstract: "Let another person approve in your role.",
        discussion: """
            The pack says which roles can be delegated, and for how long. The other person signs with \
            an own key: `approve … --role R --for P`. What is signed is shown first. Exit codes: 0 \
            recorded, 1 refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @Option(help: "Who may act for you, p-….", transform: Parse.principal)
    var to: PrincipalID

    @Option(help: "Your role.", transform: Parse.role)
    var role: Role

    @Option(help: "Where: a namespace pattern (credit, *, **).", transform: Parse.pattern)
    var namespace: NamespacePattern?

    @Option(help: "For one model alone, ns/name.", transform: Parse.model)
    var model: ModelName?

    @Option(help: "The highest tier that it is for, 1 to 3.")
    var tier: Int64

    @Option(help: "For how many days.", transform: Parse.days)
    var days: Int64

    @Option(help: "Why; in the log for ever, so without personal data.")
    var reason: String

    @OptionGroup var key: SigningKey
    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func validate() throws {
        guard (namespace == nil) != (model == nil) else {
            throw ValidationError("Give one of --namespace and --model.")
        }
        guard Tier(json: .integer(tier)) != nil else {
            throw ValidationError("--tier is 1, 2 or 3.")
        }
    }

    func run() async throws {
        guard let tier = Tier(json: .integer(tier)),
            let scope = namespace.map(Delegation.Scope.namespace)
                ?? model.map(
                    Delegation.Scope.model)
        else { throw ExitCode.validationFailure }
        let client = try service.client()
        let who = try await Who(asking: client)
        let now = SystemClock.now()
        let envelope = try Delegation(
            origin: who.origin,
            delegator: SigningOfficer(
                principal: who.principal, role: role,
                assignment: try who.assignment(of: role, within: scope)),
            delegate: to, scope: scope, highestTier: tier, reason: reason, validFrom: now,
            validUntil: now.adding(seconds: days * 86_400)
        ).statement.sign(with: [key.load()])
        try EnvelopeText.show(envelope)
        let answer = try await client.write(
            "/api/v1/principals/\(who.principal)/delegations", ["delegation": envelope.json],
            key: retry.key)
        try answer.finish(
            "\(to) may approve as \(role) for \(who.principal): \(envelope.payloadDigest)",
            json: format.json)
    }
}

/// Takes a delegation back.
struct DelegationRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Take a delegation back at once.",
        discussion: """
            Whoever gave it or got it can, and every officer over what it is for. What was signed under \
            it before stays, unless --compromised. Exit codes: 0 revoked, 1 refused, 2 could not be \
            asked, 64 usage, 75 receipt to come.
            """)

    @Argument(help: "The delegation's digest, as granted.", transform: Parse.digest)
    var delegation: SHA256Digest

    @Option(help: "Who gave it, p-….", transform: Parse.principal)
    var principal: PrincipalID

    @Option(help: "Why.")
    var reason: String

    @Flag(help: "Nothing counts that was ever signed under it.")
    var compromised = false

    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func run() async throws {
        let answer = try await service.client().write(
            "/api/v1/principals/\(principal)/delegations/\(delegation)/revocation",
            ["reason": .string(reason), "compromised": .bool(compromised)], key: retry.key)
        try answer.finish("revoked \(delegation)", json: format.json)
    }
}

extension Who {
    /// The digest of an assignment by which the caller holds a role over all that a delegation is for.
    fileprivate func assignment(
        of role: Role, within scope: Delegation.Scope
    ) throws -> SHA256Digest {
        for held in json["roles"]?.array ?? [] {
            guard held["role"]?.string == role.rawValue,
                let pattern = held["namespace"]?.string.flatMap({ NamespacePattern($0) }),
                scope.isWithin(pattern),
                let digest = held["assignment"]?.string.flatMap({ SHA256Digest(hex: $0) })
            else { continue }
            return digest
        }
        throw CommandError(
            "\(principal) does not hold the role \(role) over the \(scope).",
            hint: "`imprimatur whoami` lists the roles held.", code: .no)
    }
}

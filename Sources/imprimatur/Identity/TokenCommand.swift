// `imprimatur token`: API tokens, which authenticate and never sign.

internal import ArgumentParser
internal import CanonicalJSON
internal import Governance
internal import OfflineCommands

/// The commands about tokens.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Issue and revoke API tokens.",
        subcommands: [TokenIssue.self, TokenRevoke.self])
}

/// Issues a token; its secret is shown once.
struct TokenIssue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue", abstract: "Issue a token; its secret is shown once.",
        discussion: """
            Exit codes: 0 issued, 1 refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @Option(help: "For whom, p-….", transform: Parse.principal)
    var principal: PrincipalID

    @Option(help: "For how many days.", transform: Parse.days)
    var days: Int64 = 30

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("Write the secret here (0600) instead of showing it.", valueName: "file")
    )
    var output: String?

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func run() async throws {
        let answer = try await service.client().write(
            "/api/v1/principals/\(principal)/tokens", ["days": .integer(days)])
        guard let secret = answer.result["secret"]?.string else {
            throw CommandError("The service's answer holds no secret.")
        }
        let id = answer.result["token"]?.string ?? ""
        Console.note("token \(id) until \(answer.result["expiresAt"]?.string ?? "")")
        if let output {
            try Files.create(output, Array((secret + "\n").utf8), isSecret: true)
            // The document is for logs too; the secret is in the file and nowhere else.
            return try answer.without("secret").finish(id, json: format.json)
        }
        try answer.finish(secret, json: format.json)
    }
}

/// Revokes a token.
struct TokenRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revoke a token.",
        discussion: """
            Exit codes: 0 revoked, 1 refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @Argument(help: "The token's id, t-….")
    var id: String

    @Option(help: "Why.")
    var reason: String

    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func validate() throws {
        guard
            id.utf8.allSatisfy({
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
            })
        else { throw ValidationError("A token's id looks like t-0123456789abcdef.") }
    }

    func run() async throws {
        let answer = try await service.client().write(
            "/api/v1/tokens/\(id)/revocation", ["reason": .string(reason)], key: retry.key)
        try answer.finish("revoked \(id)", json: format.json)
    }
}

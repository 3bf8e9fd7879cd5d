// `imprimatur key revoke`: a key that counts no more.

internal import ArgumentParser
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// Revokes a key; an administrator or its holder may.
struct KeyRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revoke a principal's key.",
        discussion: """
            With --effective-from, what the log took from then on does not count either. \
            Exit codes: 0 revoked, 1 refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @Argument(help: "The key's id.", transform: Parse.keyID)
    var key: KeyID

    @Option(help: "Whose key it is, p-….", transform: Parse.principal)
    var principal: PrincipalID

    @Option(help: "Why.")
    var reason: String

    @Option(
        help: "Since when it does not count; else since now. What the log took before stays.",
        transform: Parse.time)
    var effectiveFrom: Timestamp?

    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func run() async throws {
        var body: [String: JSON] = ["reason": .string(reason)]
        if let effectiveFrom { body["effectiveFrom"] = .string(effectiveFrom.description) }
        let answer = try await service.client().write(
            "/api/v1/principals/\(principal)/keys/\(key)/revocation", .object(body),
            key: retry.key)
        try answer.finish("revoked \(key)", json: format.json)
    }
}

// `imprimatur key revoke`: a key that counts no more.

internal import ArgumentParser
internal import CanonicalJSON
internal import Cryptography
internal import Governance

/// Revokes a key; an administrator or its holder may.
struct KeyRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revoke a principal's key.",
        discussion: """
            Exit codes: 0 revoked, 1 refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @Argument(help: "The key's id.", transform: Parse.keyID)
    var key: KeyID

    @Option(help: "Whose key it is, p-….", transform: Parse.principal)
    var principal: PrincipalID

    @Option(help: "Why.")
    var reason: String

    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func run() async throws {
        let answer = try await service.client().write(
            "/api/v1/principals/\(principal)/keys/\(key)/revocation",
            ["reason": .string(reason)], key: retry.key)
        try answer.finish("revoked \(key)", json: format.json)
    }
}

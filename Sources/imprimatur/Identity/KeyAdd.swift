// `imprimatur key add`: a further key for a principal.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// Assigns one more key, signed by the new one, an existing one, and an administrator.
struct KeyAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Give a principal a further key.",
        discussion: """
            Signed by the new key, by a key that the principal has, and by an administrator or \
            custodian. Exit codes: 0 assigned, 1 refused, 2 could not be asked, 64 usage, 75 receipt \
            to come.
            """)

    @Option(help: "Whose key it will be, p-….", transform: Parse.principal)
    var principal: PrincipalID

    @OptionGroup var key: SigningKey

    @Option(help: ArgumentHelp("A key that signs too; repeat.", valueName: "pem"))
    var signer: [String] = []

    @Option(help: "How many days the key is valid.", transform: Parse.days)
    var days: Int64 = 365

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func run() async throws {
        let client = try service.client()
        let holder = try await client.get("/api/v1/principals/\(principal)").json()
        let keys = (holder["keys"]?.array ?? []).filter { $0["revokedAt"]?.isNull ?? true }
        guard let kind = holder["kind"]?.string.flatMap(PrincipalKind.init(rawValue:)) else {
            throw CommandError("The service's answer is not that about a principal.")
        }
        let own = try key.load()
        let signers = try signer.map { try Files.privateKey($0, passphraseFile: nil) }
        let now = SystemClock.now()
        let envelope = try KeyAssignment(
            origin: try await Who(asking: client).origin, principal: principal, kind: kind,
            key: own.publicKey,
            previous: keys.last?["statement"]?.string.flatMap { SHA256Digest(hex: $0) },
            validFrom: now, validUntil: now.adding(seconds: days * 86_400)
        ).statement.sign(with: [own] + signers)
        let answer = try await client.write(
            "/api/v1/principals/\(principal)/keys", ["assignment": envelope.json])
        try answer.finish(own.publicKey.id.hex, json: format.json)
    }
}

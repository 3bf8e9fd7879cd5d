// `imprimatur principal`: people and services that act.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// The commands about principals.
struct PrincipalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "principal", abstract: "Register people and services; show and erase them.",
        subcommands: [PrincipalAdd.self, PrincipalShow.self, PrincipalErase.self])
}

/// Shows keys and roles of a principal.
struct PrincipalShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a principal's keys and roles.",
        discussion: "Exit codes: 0 shown, 2 could not be asked, 64 usage.")

    @Argument(help: "The principal, p-….", transform: Parse.principal)
    var principal: PrincipalID

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func run() async throws {
        let json = try await service.client().get("/api/v1/principals/\(principal)").json()
        guard !format.json else { return Console.out(json) }
        func validity(_ item: JSON) -> String {
            let end = item["revokedAt"]?.string.map { "revoked at \($0)" }
            return end ?? "until \(item["validUntil"]?.string ?? "")"
        }
        var lines = [
            "principal  \(principal)  \(json["kind"]?.string ?? "")",
            "person     \(json["person"]?.string ?? "")",
        ]
        for key in json["keys"]?.array ?? [] {
            lines.append("key        \(key["key"]?.string ?? "")  \(validity(key))")
        }
        for role in json["roles"]?.array ?? [] {
            lines.append(
                "role       \(role["role"]?.string ?? "") in \(role["namespace"]?.string ?? "")  "
                    + "\(validity(role))  \(role["statement"]?.string ?? "")")
        }
        Console.out(lines.joined(separator: "\n"))
    }
}

/// Registers a principal with its first key.
struct PrincipalAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Register a person or service with its first key.",
        discussion: """
            The key assignment is signed by the new key (possession) and by an administrator or \
            custodian. Where the two are not in one hand, -o writes the statement with the \
            signatures at hand, `statement sign` adds the other, and --statement sends it. Exit \
            codes: 0 registered, 1 refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @Option(help: "The printed name; kept beside the log, where it can be erased.")
    var name: String

    @Option(help: "person or service.", transform: Parse.kind)
    var kind: PrincipalKind = .person

    @Option(help: "The natural person behind the principal.", transform: Parse.principal)
    var person: PrincipalID?

    @Option(help: ArgumentHelp("The principal's own private key.", valueName: "pem"))
    var key: String?

    @Option(help: ArgumentHelp("A file whose first line opens --key.", valueName: "file"))
    var passphraseFile: String?

    @Option(help: ArgumentHelp("An administrator's or custodian's key.", valueName: "pem"))
    var signer: [String] = []

    @Option(help: "How many days the key is valid.", transform: Parse.days)
    var days: Int64 = 365

    @Option(help: ArgumentHelp("Send this signed statement.", valueName: "file"))
    var statement: String?

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("Write the statement here instead of sending it.", valueName: "file"))
    var output: String?

    @Option(help: "The log's origin; with -o no service is asked then.")
    var origin: String?

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func validate() throws {
        guard (statement == nil) != (key == nil) else {
            throw ValidationError("Give --key to make the statement, or --statement to send one.")
        }
    }

    func run() async throws {
        let envelope = try await self.envelope()
        if let output {
            try Files.create(output, envelope.canonicalBytes)
            if let principal = IdentityBook.read(envelope.canonicalBytes)?.assignment.principal {
                Console.note("principal \(principal)")
            }
            return Console.out(envelope.payloadDigest.hex)
        }
        let client = try service.client()
        let answer = try await client.write(
            "/api/v1/principals",
            [
                "name": .string(name), "assignment": envelope.json,
                "person": person.map { .string($0.description) } ?? .null,
            ])
        try answer.finish(answer.result["principal"]?.string ?? "", json: format.json)
    }

    private func envelope() async throws -> Envelope {
        if let statement { return try Files.envelope(statement) }
        guard let key, let principal = PrincipalID(bytes: Random.bytes(8)) else {
            throw ValidationError("Give --key.")
        }
        let own = try Files.privateKey(key, passphraseFile: passphraseFile)
        let signers = try signer.map { try Files.privateKey($0, passphraseFile: nil) }
        let now = SystemClock.now()
        return try KeyAssignment(
            origin: try await service.origin(given: origin), principal: principal, kind: kind,
            key: own.publicKey, validFrom: now, validUntil: now.adding(seconds: days * 86_400)
        ).statement.sign(with: [own] + signers)
    }
}

extension Endorsement.Assignment {
    /// Whom the assignment is about.
    var principal: PrincipalID {
        switch self {
        case .key(let key): key.principal
        case .role(let role): role.principal
        case .delegation(let delegation): delegation.delegator.principal
        }
    }
}

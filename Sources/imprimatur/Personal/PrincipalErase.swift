// `imprimatur principal erase`: what two officers ask for together.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance

/// Makes, signs and sends a request to erase personal data.
struct PrincipalErase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase", abstract: "Erase a person's name, or the people that a card names.",
        discussion: """
            A privacy officer and a compliance officer, neither of them the subject, sign one \
            statement. Where their keys are not in one hand: -o, `statement sign`, --statement. \
            Refused under a hold, an open incident or an unexpired minimum period; the refusal is \
            an entry. Afterwards make a backup: older ones no longer open. Exit codes: 0 erased, 1 \
            refused, 2 could not be asked, or the former key is still there, 64 usage, 75 receipt \
            to come.
            """)

    @Argument(help: "The subject: p-… or card/ns/name@n.", transform: Parse.subject)
    var subject: PersonalSubject

    @Option(help: "Why; in the log for ever, so without personal data.")
    var reason: String?

    @Option(help: "The privacy officer who signs, p-….", transform: Parse.principal)
    var privacyOfficer: PrincipalID?

    @Option(help: "The compliance officer who signs, p-….", transform: Parse.principal)
    var complianceOfficer: PrincipalID?

    @Option(help: "For how many days the statement may be used, 30 at most.")
    var days: Int64 = 7

    @OptionGroup var sending: SignedByTwo
    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func validate() throws {
        guard (1...30).contains(days) else { throw ValidationError("--days is 1 to 30.") }
        let parts = [reason != nil, privacyOfficer != nil, complianceOfficer != nil]
        guard parts.allSatisfy({ $0 == (sending.statement == nil) }) else {
            throw ValidationError(
                "Give --reason, --privacy-officer and --compliance-officer, or --statement.")
        }
    }

    func run() async throws {
        let client = try service.client()
        let envelope = try await self.envelope(client)
        guard try !sending.write(envelope) else { return }
        let answer = try await client.write(
            "/api/v1/erasures", ["statement": envelope.json], key: retry.key)
        try finish(answer)
    }

    private func envelope(_ client: ServiceClient) async throws -> Envelope {
        guard let reason, let privacyOfficer, let complianceOfficer else {
            return try sending.read()
        }
        let now = SystemClock.now()
        let request = ErasureRequest(
            origin: try await Who(asking: client).origin, subject: subject, reason: reason,
            privacyOfficer: try await client.officer(privacyOfficer, as: [.privacyOfficer]),
            complianceOfficer: try await client.officer(
                complianceOfficer, as: [.complianceOfficer]),
            signedAt: now, expiresAt: now.adding(seconds: days * 86_400))
        return try sending.sign(request.statement)
    }

    private func finish(_ answer: WriteAnswer) throws {
        let erasure = answer.json["erasure"] ?? .null
        let isErased = erasure["verdict"]?.string == "erased"
        for export in erasure["exports"]?.array ?? [] {
            Console.warning(
                "shown before: \(export["kind"]?.string ?? "") \(export["digest"]?.string ?? "") "
                    + "to \(export["recipient"]?.string ?? "") at \(export["at"]?.string ?? "")")
        }
        let count = erasure["commitments"]?.array?.count ?? 0
        try answer.finish(
            isErased ? "erased \(subject): \(count) values" : "refused", json: format.json)
        guard isErased else {
            let grounds = (erasure["grounds"]?.array ?? []).compactMap { $0["detail"]?.string }
            throw CommandError(
                "The personal data of \(subject) has to stay.", findings: grounds, code: .no)
        }
        guard erasure["keyDestroyed"]?.bool == true else {
            throw CommandError(
                "The values are erased, but the former key-encryption key is still on the disk.",
                hint: "Restart the service, then ask `imprimatur doctor`.")
        }
        Console.hint("Make a backup now: personal values in older ones cannot be opened any more.")
    }
}

/// Statements that two people sign, together or one after the other.
struct SignedByTwo: ParsableArguments {
    @Option(help: ArgumentHelp("A signer's private key; repeat.", valueName: "pem"))
    var signer: [String] = []

    @Option(help: ArgumentHelp("Send this signed statement.", valueName: "file"))
    var statement: String?

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("Write the statement here instead of sending it.", valueName: "file"))
    var output: String?

    /// The statement in the file given.
    func read() throws -> Envelope {
        guard let statement else { throw ValidationError("Give --statement.") }
        return try Files.envelope(statement)
    }

    /// A statement signed with the keys at hand, shown first.
    func sign(_ statement: Statement) throws -> Envelope {
        let keys = try signer.map { try Files.privateKey($0, passphraseFile: nil) }
        let envelope = try statement.sign(with: keys)
        try EnvelopeText.show(envelope)
        return envelope
    }

    /// Writes the statement where -o says; whether it did.
    func write(_ envelope: Envelope) throws -> Bool {
        guard let output else { return false }
        try Files.create(output, envelope.canonicalBytes)
        Console.out(envelope.payloadDigest.hex)
        return true
    }
}

extension ServiceClient {
    /// A principal as a signer in one of these roles: the widest assignment that `accepts` lets pass.
    func officer(
        _ principal: PrincipalID, as roles: Set<Role>,
        where accepts: (NamespacePattern) -> Bool = { _ in true }
    ) async throws -> SigningOfficer {
        let json = try await get("/api/v1/principals/\(principal)").json()
        let held = (json["roles"]?.array ?? []).compactMap {
            item -> (SigningOfficer, NamespacePattern)? in
            guard item["revokedAt"]?.isNull ?? true,
                let role = item["role"]?.string.flatMap({ Role(rawValue: $0) }),
                roles.contains(role),
                let pattern = item["namespace"]?.string.flatMap({ NamespacePattern($0) }),
                accepts(pattern),
                let digest = item["statement"]?.string.flatMap({ SHA256Digest(hex: $0) })
            else { return nil }
            return (
                SigningOfficer(principal: principal, role: role, assignment: digest), pattern
            )
        }
        let widest = held.first { candidate in held.allSatisfy { candidate.1.covers($0.1) } }
        guard let found = widest ?? held.first else {
            let names = roles.sorted().map(\.rawValue).joined(separator: " or ")
            throw CommandError("\(principal) does not hold the role \(names) there.", code: .no)
        }
        return found.0
    }
}

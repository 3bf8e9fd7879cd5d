// Statements that two officers sign, together or one after the other: what the commands for them share.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// Statements that two people sign, together or one after the other.
struct SignedByTwo: ParsableArguments {
    @Option(help: "Why; in the log for ever, so without personal data.")
    var reason: String?

    @Option(help: "For how many days the statement may be used, 30 at most.")
    var days: Int64 = 7

    @Option(help: ArgumentHelp("A signer's private key; repeat.", valueName: "pem"))
    var signer: [String] = []

    @Option(help: ArgumentHelp("Send this signed statement.", valueName: "file"))
    var statement: String?

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("Write the statement here instead of sending it.", valueName: "file"))
    var output: String?

    func validate() throws {
        guard (1...30).contains(days) else { throw ValidationError("--days is 1 to 30.") }
    }

    /// Whether anything is to be signed or sent.
    var isGiven: Bool { reason != nil || statement != nil || output != nil }

    /// Either everything that a new statement needs is given, or a signed one.
    func requireEither(_ parts: [PrincipalID?], named names: String) throws {
        let given = parts.map { $0 != nil } + [reason != nil]
        guard given.allSatisfy({ $0 == (statement == nil) }) else {
            throw ValidationError("Give --reason, \(names), or --statement.")
        }
    }

    /// When a statement that is signed now ends.
    func expiry(from now: Timestamp) -> Timestamp { now.adding(seconds: days * 86_400) }

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

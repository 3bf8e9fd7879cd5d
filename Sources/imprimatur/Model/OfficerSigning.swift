// What one officer signs about a version, from a command line: abstentions, closures, reviews, waivers.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// Options of a statement that one officer signs about a version.
struct OfficerSigning: ParsableArguments {
    @Argument(help: "The version, ns/name@n.", transform: Parse.version)
    var version: VersionReference

    @Option(help: "Why; in the log for ever, so without personal data.")
    var reason: String

    @OptionGroup var key: SigningKey

    @Option(help: "The role in which you sign.", transform: Parse.role)
    var role: Role

    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    /// What a statement is made of, beside what the command itself says.
    struct Scene {
        let origin: String
        /// The version as the service shows it.
        let status: JSON
        let signer: SigningOfficer
        let now: Timestamp
    }

    /// Builds the statement, shows it, signs it and sends it.
    ///
    /// - Parameters:
    ///   - place: below the version's address.
    ///   - tell: what is printed when it is recorded.
    func send<Signed: OfficerStatement>(
        to place: String, _ make: (Scene) throws -> Signed, tell: (Envelope) -> String
    ) async throws {
        let client = try service.client()
        let who = try await Who(asking: client)
        let status = try await client.get(version.address).json()
        let statement = try make(
            Scene(
                origin: who.origin, status: status,
                signer: SigningOfficer(
                    principal: who.principal, role: role,
                    assignment: try who.assignment(of: role, for: version.model)),
                now: SystemClock.now())
        ).statement
        // What the service would refuse is told before anybody signs.
        _ = try Signed(reading: statement)
        let envelope = try statement.sign(with: [key.load()])
        try EnvelopeText.show(envelope)
        let answer = try await client.write(
            "\(version.address)/\(place)", ["statement": envelope.json], key: retry.key)
        try answer.finish(tell(envelope), json: format.json)
    }
}

extension JSON {
    /// A digest of a status document that is to be signed for.
    func signedDigest(_ name: String) throws -> SHA256Digest {
        guard let digest = self["digests"]?[name]?.string.flatMap({ SHA256Digest(hex: $0) }) else {
            throw CommandError("The service does not say which \(name) is to be signed for.")
        }
        return digest
    }

    /// All that a status document wants to be signed for.
    func signedDigests() throws -> SignedDigests {
        SignedDigests(
            card: try signedDigest("card"), artifact: try signedDigest("artifact"),
            evidence: try signedDigest("evidence"), policy: try signedDigest("policy"))
    }
}

// `imprimatur principal erase`: what two officers ask for together.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

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

    @Option(help: "The privacy officer who signs, p-….", transform: Parse.principal)
    var privacyOfficer: PrincipalID?

    @Option(help: "The compliance officer who signs, p-….", transform: Parse.principal)
    var complianceOfficer: PrincipalID?

    @OptionGroup var sending: SignedByTwo
    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func validate() throws {
        try sending.requireEither(
            [privacyOfficer, complianceOfficer],
            named: "--privacy-officer and --compliance-officer")
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
        guard let reason = sending.reason, let privacyOfficer, let complianceOfficer else {
            return try sending.read()
        }
        let now = SystemClock.now()
        let request = ErasureRequest(
            origin: try await Who(asking: client).origin, subject: subject, reason: reason,
            privacyOfficer: try await client.officer(privacyOfficer, as: [.privacyOfficer]),
            complianceOfficer: try await client.officer(
                complianceOfficer, as: [.complianceOfficer]),
            signedAt: now, expiresAt: sending.expiry(from: now))
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

// What `approve` and `reject` share: the statement is built from what the service lists, shown, signed.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// Options of an answer to an approval request.
struct AnswerOptions: ParsableArguments {
    @Argument(help: "The version, ns/name@n.", transform: Parse.version)
    var version: VersionReference

    @OptionGroup var key: SigningKey

    @Option(help: "The role in which you sign.", transform: Parse.role)
    var role: Role

    @Option(
        name: .customLong("for"),
        help: "Whose role it is, when it was delegated to you, p-….", transform: Parse.principal)
    var delegator: PrincipalID?

    @Option(help: "An environment that the answer is for; repeat.", transform: Parse.environment)
    var environment: [EnvironmentName]

    @Option(help: "A use that the answer is limited to; repeat.", transform: Parse.use)
    var use: [UseName] = []

    @Option(help: "For how many days.", transform: Parse.days)
    var days: Int64 = 180

    @Option(help: "A comment; signed for ever, so without personal data.")
    var comment = ""

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    /// Builds the statement, shows it, signs it, sends it.
    func answer(_ meaning: ApprovalMeaning, condition: FindingTexts? = nil) async throws {
        let client = try service.client()
        let key = try key.load()
        let who = try await Who(asking: client)
        let status = try await client.get(version.address).json()
        let statement = try self.statement(meaning, who, status)
        let envelope = try statement.statement.sign(with: [key])
        try EnvelopeText.show(envelope)
        // The condition comes first: no approval stands without it.
        if var condition {
            condition.approval = envelope.payloadDigest
            let (finding, _) = try await condition.raise(on: version, key, role, who, client)
            Console.note("condition \(finding.payloadDigest)")
        }
        let answer = try await client.write(
            version.address + "/approvals", ["statement": envelope.json])
        try answer.finish(
            "\(meaning.rawValue) \(version): \(envelope.payloadDigest)", json: format.json)
    }

    private func statement(
        _ meaning: ApprovalMeaning, _ who: Who, _ status: JSON
    ) throws -> ApprovalStatement {
        func digest(_ name: String) throws -> SHA256Digest { try status.signedDigest(name) }
        guard let id = status["request"]?["id"]?.string,
            let nonce = status["request"]?["nonce"]?.string
        else { throw CommandError("The service names no request for \(version).") }
        let prior = (status["approvals"]?.array ?? []).last {
            $0["principal"]?.string == who.principal.description
        }
        let now = SystemClock.now()
        return ApprovalStatement(
            origin: who.origin, request: .init(id: id, nonce: nonce), version: version,
            environments: Set(environment).sorted(), uses: Set(use).sorted(),
            digests: SignedDigests(
                card: try digest("card"), artifact: try digest("artifact"),
                evidence: try digest("evidence"), policy: try digest("policy")),
            signer: try signer(who),
            meaning: meaning, comment: comment, signedAt: now,
            expiresAt: now.adding(seconds: days * 86_400),
            prior: (prior?["digest"]?.string ?? prior?["statement"]?.string)
                .flatMap { SHA256Digest(hex: $0) })
    }

    /// In the signer's own role, or in one that somebody delegated.
    private func signer(_ who: Who) throws -> ApprovalStatement.Signer {
        guard let delegator else {
            return .init(
                principal: who.principal, role: role,
                assignment: try who.assignment(of: role, for: version.model))
        }
        let held = try who.delegation(of: role, by: delegator, for: version.model)
        return .init(
            principal: who.principal, role: role, assignment: held.assignment,
            delegation: held.delegation)
    }
}

// `imprimatur dispose`: what two officers let go together when its period has passed.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// Looks at what may be disposed of; makes, signs and sends a request for it.
struct Dispose: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dispose",
        abstract: "Dispose of a retired version's documents when their period has passed.",
        discussion: """
            Entries, digests and proofs stay; the bytes of the version's card, file list, signature, \
            evaluations and of what its gates decided on go, unless another version needs them. A \
            compliance officer and a second officer, neither of whom submitted the version, sign one \
            statement about one list. Where their keys are not in one hand: -o, `statement sign`, \
            --statement. Exit codes: 0 disposed of, or for --dry-run: may go; 1 refused, or has to \
            stay; 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @Argument(
        help: "The version, ns/name@n; only --dry-run does without.", transform: Parse.version)
    var version: VersionReference?

    @Flag(help: "Only say what may go, what stands against it, and what is due next.")
    var dryRun = false

    @Option(help: "The compliance officer who signs, p-….", transform: Parse.principal)
    var complianceOfficer: PrincipalID?

    @Option(
        help: "The second officer who signs (compliance, risk or privacy), p-….",
        transform: Parse.principal)
    var secondOfficer: PrincipalID?

    @OptionGroup var sending: SignedByTwo
    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func validate() throws {
        if dryRun {
            let isGiven = complianceOfficer != nil || secondOfficer != nil || sending.isGiven
            guard !isGiven else { throw ValidationError("--dry-run signs and sends nothing.") }
            return
        }
        guard version != nil else { throw ValidationError("Give the version, or --dry-run.") }
        try sending.requireEither(
            [complianceOfficer, secondOfficer], named: "--compliance-officer and --second-officer")
    }

    func run() async throws {
        let client = try service.client()
        guard let version else { return try await forecast(client) }
        guard !dryRun else { return try await look(at: version, client) }
        let envelope = try await self.envelope(version, client)
        guard try !sending.write(envelope) else { return }
        let answer = try await client.write(
            "/api/v1/disposals", ["statement": envelope.json], key: retry.key)
        try finish(answer, version)
    }

    // MARK: looking

    private func forecast(_ client: ServiceClient) async throws {
        let json = try await client.get("/api/v1/disposals").json()
        guard !format.json else { return Console.out(json) }
        func line(_ item: JSON) -> String {
            "\(item["version"]?.string ?? "")  \(item["bytes"]?.integer ?? 0) bytes  kept until "
                + (item["keptUntil"]?.string ?? "nobody knows when")
        }
        for item in json["due"]?.array ?? [] { Console.out(line(item)) }
        let count = json["dueCount"]?.integer ?? 0
        Console.note(
            "\(count) versions are due, \(json["dueBytes"]?.integer ?? 0) bytes; "
                + "\(json["heldCount"]?.integer ?? 0) retired ones are held back")
        if let next = json["next"], !next.isNull { Console.note("next: \(line(next))") }
    }

    private func look(at version: VersionReference, _ client: ServiceClient) async throws {
        let plan = try await client.get(Self.path(version)).json()
        let grounds = (plan["grounds"]?.array ?? []).compactMap { $0["detail"]?.string }
        if format.json {
            Console.out(plan)
        } else {
            for name in plan["documents"]?.array ?? [] { Console.out(name.string ?? "") }
            Console.note(
                "\(plan["documents"]?.array?.count ?? 0) documents, "
                    + "\(plan["bytes"]?.integer ?? 0) bytes, list \(plan["list"]?.string ?? "")")
        }
        guard grounds.isEmpty else {
            throw CommandError(
                "The documents of \(version) have to stay.", findings: grounds, code: .no)
        }
    }

    private static func path(_ version: VersionReference) -> String {
        "/api/v1/namespaces/\(version.model.namespace)/models/\(version.model.name)/versions/"
            + "\(version.number)/disposal"
    }

    // MARK: acting

    private func envelope(
        _ version: VersionReference, _ client: ServiceClient
    ) async throws -> Envelope {
        guard let reason = sending.reason, let complianceOfficer, let secondOfficer else {
            return try sending.read()
        }
        let plan = try await client.get(Self.path(version)).json()
        guard let list = plan["list"]?.string.flatMap({ SHA256Digest(hex: $0) }) else {
            throw CommandError("The service does not say what may go.", code: .undecided)
        }
        Console.note(
            "\(plan["documents"]?.array?.count ?? 0) documents, "
                + "\(plan["bytes"]?.integer ?? 0) bytes")
        let namespace = version.model.namespace
        let now = SystemClock.now()
        let request = DisposalRequest(
            origin: try await Who(asking: client).origin, version: version, list: list,
            reason: reason,
            complianceOfficer: try await client.officer(
                complianceOfficer, as: [.complianceOfficer]
            ) { $0.matches(namespace) },
            secondOfficer: try await client.officer(
                secondOfficer, as: DisposalRequest.secondRoles
            ) { $0.matches(namespace) },
            signedAt: now, expiresAt: sending.expiry(from: now))
        return try sending.sign(request.statement)
    }

    private func finish(_ answer: WriteAnswer, _ version: VersionReference) throws {
        let disposal = answer.json["disposal"] ?? .null
        let isDisposed = disposal["verdict"]?.string == "disposed"
        let count = disposal["documents"]?.integer ?? 0
        let bytes = disposal["bytes"]?.integer ?? 0
        try answer.finish(
            isDisposed
                ? "disposed of \(count) documents of \(version), \(bytes) bytes" : "refused",
            json: format.json)
        guard isDisposed else {
            let grounds = (disposal["grounds"]?.array ?? []).compactMap { $0["detail"]?.string }
            throw CommandError(
                "The documents of \(version) have to stay.", findings: grounds, code: .no)
        }
        Console.hint("Backups from before still hold them; make a backup and let old ones go.")
    }
}

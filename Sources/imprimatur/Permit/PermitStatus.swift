// `imprimatur permit status`: fetches the newest status list, for those who check permits offline.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Governance
internal import OfflineCommands

/// Fetches the status list and keeps it if it counts.
struct PermitStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Fetch the status list: what is suspended, revoked, retired.",
        discussion: """
            The list is verified under the trust root before it is written. Exit codes: 0 written, 1 the \
            list does not count, 2 could not be asked, 64 usage.
            """)

    @Option(
        name: [.short, .long], help: ArgumentHelp("Where to write the list.", valueName: "file"))
    var output: String

    @OptionGroup var root: RootOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func run() async throws {
        let client = try service.client()
        let trust = try await root.load(for: client)
        let bytes = try await client.get("/api/v1/status-list").body
        let check = StatusCheck(
            try SigstoreBundle(parsing: bytes), receipts: try ReceiptCheck(root: trust),
            oldest: nil, now: SystemClock.now(), acceptsDevelopment: trust.development)
        guard check.isValid, let list = check.list else {
            throw CommandError(
                "The status list of the service does not count.",
                findings: check.findings.map(\.message),
                hint: "Is the pinned trust root the right one? Tell the auditors.", code: .no)
        }
        try Files.write(output, bytes)
        if list.development { Console.warning("made under a development root") }
        guard !format.json else { return Console.out(list.content) }
        for (name, status) in list.versions.sorted(by: { $0.key < $1.key }) {
            Console.out("\(status.rawValue.padded(to: 10))\(name)")
        }
        for (name, status) in list.deployments.sorted(by: { $0.key < $1.key }) {
            Console.out("\(status.rawValue.padded(to: 10))\(name)")
        }
        Console.note(
            "status list of \(list.issuedAt), good until \(list.validUntil), "
                + "log entry \(check.index ?? -1): \(output)")
    }
}

// `imprimatur audit proof`: fetches the receipt of an entry.

internal import ArgumentParser
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import TransparencyLog

/// Fetches a receipt and checks it against the pinned root before keeping it.
struct AuditProof: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proof", abstract: "Fetch the receipt of an entry, by its leaf hash.",
        discussion: """
            Exit codes: 0 fetched, and it proves the entry; 1 it does not; 2 could not be asked; 64 \
            usage; 75 still to come.
            """)

    @Argument(help: "The entry's leaf hash.", transform: Parse.digest)
    var leafHash: SHA256Digest

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("The file to write; else standard output.", valueName: "file"))
    var output: String?

    @OptionGroup var root: RootOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let client = try service.client()
        let trust = try await root.load(for: client)
        let reply = try await client.get("/api/v1/entries/\(leafHash)/receipt")
        guard reply.status == 200 else {
            Console.warning("the receipt is still to come")
            throw ExitCode.pending
        }
        let receipt = try LogProof(parsing: reply.body)
        let verdict = try ReceiptCheck(root: trust).verify(receipt, leafHash: leafHash)
        guard verdict.reasons.isEmpty else {
            throw CommandError(
                "The receipt does not prove the entry.",
                findings: verdict.reasons.map(\.description), code: .no)
        }
        guard let output else { return Console.out(bytes: receipt.bytes) }
        try Files.write(output, receipt.bytes)
        Console.out(output)
    }
}

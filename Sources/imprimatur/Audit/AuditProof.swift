// `imprimatur audit proof`: fetches the receipt of an entry.

internal import ArgumentParser
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands
internal import Registry
internal import TransparencyLog

/// Fetches a receipt and checks it against the pinned root before keeping it.
struct AuditProof: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proof", abstract: "Fetch the receipt of an entry, and check it.",
        discussion: """
            ENTRY is a leaf hash (64 hex digits), an index (412), or an insert id (id:519). Exit \
            codes: 0 fetched, and it proves the entry; 1 it does not, or there is no such entry; \
            2 could not be asked; 64 usage; 75 still to come.
            """)

    @Argument(help: "The entry.", transform: Parse.entry)
    var entry: EntryName

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("The file to write; else standard output.", valueName: "file"))
    var output: String?

    @Option(
        name: .customLong("entry"),
        help: ArgumentHelp(
            "Keep the entry's bytes too; for auditors of everything.", valueName: "file"))
    var entryFile: String?

    @OptionGroup var root: RootOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func run() async throws {
        let client = try service.client()
        let trust = try await root.load(for: client)
        let located = try await Self.located(entry, client)
        let reply = try await Self.get("/api/v1/entries/\(entry)/receipt", client)
        let receipt = try LogProof(parsing: reply.body)
        let verdict = try ReceiptCheck(root: trust).verify(receipt, leafHash: located.leafHash)
        var reasons = verdict.reasons.map(\.description)
        if case .index(let index) = entry, receipt.index != index {
            reasons.append("the receipt is for index \(receipt.index)")
        }
        guard reasons.isEmpty else {
            throw CommandError(
                "The receipt does not prove the entry.", findings: reasons, code: .no)
        }
        if let entryFile {
            guard let bytes = located.bytes else {
                throw CommandError(
                    "The service shows the bytes of entries to auditors of everything only.",
                    hint: "Ask for the role auditor over **.", code: .no)
            }
            try Files.write(entryFile, bytes)
        }
        if let output { try Files.write(output, receipt.bytes) }
        if format.json {
            Console.out([
                "index": .integer(receipt.index), "leafHash": .string(located.leafHash.hex),
                "size": verdict.proof.map { .integer($0.checkpoint.checkpoint.size) } ?? .null,
                "receipt": .string(String(decoding: receipt.bytes, as: UTF8.self)),
            ])
        } else if let output {
            Console.out(output)
        } else {
            Console.out(bytes: receipt.bytes)
        }
    }

    /// What is asked for: bytes, where they are shown, must have the hash that is proved.
    private static func located(
        _ entry: EntryName, _ client: ServiceClient
    ) async throws -> (leafHash: SHA256Digest, bytes: [UInt8]?) {
        let answer = try await get("/api/v1/entries/\(entry)", client).json()
        let bytes = answer["entryBytes"]?.string.flatMap { Base64.decode($0) }
        guard let leafHash = answer["leafHash"]?.string.flatMap({ SHA256Digest(hex: $0) }) else {
            throw CommandError("The service's answer names no leaf hash.")
        }
        var isAsked = bytes.map { MerkleTree.leafHash(of: $0) == leafHash } ?? true
        if case .leafHash(let wanted) = entry { isAsked = isAsked && wanted == leafHash }
        guard isAsked else {
            throw CommandError("The service answered with another entry.", code: .no)
        }
        return (leafHash, bytes)
    }

    private static func get(_ path: String, _ client: ServiceClient) async throws -> Reply {
        do {
            let reply = try await client.get(path)
            guard reply.status != 200 else { return reply }
        } catch var error as CommandError {
            if error.status == 404 { error.code = .no }
            throw error
        }
        Console.warning("the receipt is still to come")
        throw ExitCode.pending
    }
}

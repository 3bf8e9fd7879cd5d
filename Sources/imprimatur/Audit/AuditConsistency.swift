// `imprimatur audit consistency`: does a later checkpoint continue an earlier one?
//
// Both are signed by the log, so a "no" is evidence against the log itself: two signatures of its key
// over histories that exclude each other.

internal import ArgumentParser
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands
internal import Registry
internal import TransparencyLog

/// Compares two checkpoints.
struct AuditConsistency: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "consistency",
        abstract: "Check that one checkpoint of the log continues another.",
        discussion: """
            A and B are each a file (a checkpoint, a pin, or a receipt), the size of a checkpoint \
            that the service published, or “latest”. Both must be signed by the log; their order \
            does not matter. Exit codes: 0 one continues the other; 1 it does not, or a signature \
            does not hold; 2 could not be asked; 64 usage.
            """)

    @Argument(help: "A checkpoint.")
    var a: String

    @Argument(help: "Another one.")
    var b = "latest"

    @OptionGroup var root: RootOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    /// A checkpoint with where it came from.
    private struct Known {
        let name: String
        let checkpoint: Checkpoint
    }

    func run() async throws {
        let client = try service.client(needsToken: false)
        let trust = try await root.load(for: client)
        let known = [
            try await checkpoint(a, trust, client), try await checkpoint(b, trust, client),
        ].sorted { $0.checkpoint.size < $1.checkpoint.size }
        let (old, new) = (known[0].checkpoint, known[1].checkpoint)
        let reasons = try await Self.reasons(old, new, client)
        if format.json {
            Console.out([
                "consistent": .bool(reasons.isEmpty), "origin": .string(trust.origin),
                "oldSize": .integer(old.size), "oldRoot": .digest(old.root),
                "newSize": .integer(new.size), "newRoot": .digest(new.root),
                "findings": .array(reasons.map(JSON.string)),
            ])
        } else if reasons.isEmpty {
            Console.out(
                "consistent: the log of \(new.size) entries continues the log of \(old.size)")
        } else {
            Console.error(
                "The log has signed two histories: \(known[1].name) does not continue "
                    + "\(known[0].name).")
            for reason in reasons { Console.note("  - \(reason)") }
            Console.hint("Keep both checkpoints: together they are the evidence.")
        }
        guard reasons.isEmpty else { throw ExitCode.no }
    }

    /// Why the newer does not continue the older; empty when it does.
    private static func reasons(
        _ old: Checkpoint, _ new: Checkpoint, _ client: ServiceClient
    ) async throws -> [String] {
        if old.size == new.size || old.size == 0 {
            let proof = ConsistencyProof(oldSize: new.size, newSize: new.size, hashes: [])
            guard old.size > 0 else {
                throw CommandError("An empty log is continued by every log: nothing to compare.")
            }
            return proof.check(oldRoot: old.root, newRoot: new.root).reasons.map(\.description)
        }
        let answer = try await client.get("/api/v1/log/consistency/\(old.size)/\(new.size)").json()
        let hashes = (answer["hashes"]?.array ?? []).compactMap { hash in
            hash.string.flatMap { Base64.decode($0) }.flatMap { SHA256Digest(bytes: $0) }
        }
        return ConsistencyProof(oldSize: old.size, newSize: new.size, hashes: hashes)
            .check(oldRoot: old.root, newRoot: new.root).reasons.map(\.description)
    }

    private func checkpoint(
        _ text: String, _ trust: TrustRoot, _ client: ServiceClient
    ) async throws -> Known {
        let note: [UInt8]
        if text == "latest" {
            note = try await client.get("/log/checkpoint").body
        } else if case .index(let size) = EntryName(text) {
            note = try await client.get("/api/v1/log/checkpoints/\(size)").body
        } else {
            let bytes = try Files.read(text, limit: 1 << 20)
            note = (try? LogProof(parsing: bytes))?.checkpoint.bytes ?? bytes
        }
        let verdict = Checkpoint.open(
            note, origin: trust.origin, logKeys: try ReceiptCheck(root: trust).logKeys)
        guard let checkpoint = verdict.checkpoint?.checkpoint else {
            throw CommandError(
                "\(text) is not a checkpoint signed by \(trust.origin).",
                findings: verdict.reasons.map(\.description),
                hint: "A checkpoint of another time may need the trust root of that time."
            )
        }
        return Known(name: text, checkpoint: checkpoint)
    }
}

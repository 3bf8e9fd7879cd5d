// `imprimatur audit check`: a receipt against an entry and a trust root, offline.

package import ArgumentParser
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import TransparencyLog

/// Checks a receipt.
package struct AuditCheck: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check a receipt offline.",
        discussion: """
            Exit codes: 0 the entry is in the log, 1 not proven, 2 could not decide, 64 usage.
            """)

    @Argument(help: "The receipt (.tlog-proof).")
    var receipt: String

    @Option(help: ArgumentHelp("The entry's bytes, as kept beside the receipt.", valueName: "file"))
    var entry: String?

    @Option(help: ArgumentHelp("The entry's leaf hash.", valueName: "hex"), transform: Parse.digest)
    var leaf: SHA256Digest?

    @OptionGroup var root: RootFile

    @Option(help: ArgumentHelp("Whose cosignatures are needed (tlog-policy).", valueName: "file"))
    var witnessPolicy: String?

    @OptionGroup var format: Format

    package init() {}

    package func validate() throws {
        guard (entry == nil) != (leaf == nil) else {
            throw ValidationError("Give --entry or --leaf.")
        }
    }

    package func run() throws {
        let trust = try root.load()
        let witnesses = try witnessPolicy.map {
            try WitnessPolicy(parsing: Files.read($0, limit: 1 << 20))
        }
        let bytes = try Files.read(receipt, limit: 1 << 20)
        guard let leafHash = try leaf ?? entry.map({ MerkleTree.leafHash(of: try Files.read($0)) })
        else { throw ValidationError("Give --entry or --leaf.") }
        var reasons: [String] = []
        var proof: VerifiedLogProof?
        do {
            let verdict = try ReceiptCheck(root: trust, witnesses: witnesses)
                .verify(LogProof(parsing: bytes), leafHash: leafHash)
            reasons = verdict.reasons.map(\.description)
            proof = verdict.proof
        } catch let error as LogProofError {
            reasons = [error.description]
        }
        if format.json {
            Console.out([
                "valid": .bool(proof != nil), "leafHash": .string(leafHash.hex),
                "index": proof.map { .integer($0.index) } ?? .null,
                "size": proof.map { .integer($0.checkpoint.checkpoint.size) } ?? .null,
                "development": .bool(trust.development),
                "findings": .array(reasons.map(JSON.string)),
            ])
        } else if let proof {
            if trust.development { Console.warning("under a development root") }
            Console.out(
                "proven: entry \(proof.index) of \(trust.origin), in a log of "
                    + "\(proof.checkpoint.checkpoint.size) entries")
        } else {
            Console.error("The receipt does not prove that the entry is in the log.")
            for reason in reasons { Console.note("  - \(reason)") }
        }
        guard proof != nil else { throw ExitCode.no }
    }
}

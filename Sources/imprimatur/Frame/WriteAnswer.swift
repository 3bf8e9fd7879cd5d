// What the service answers to a write: the entry, its receipt, and what came of it.

internal import ArgumentParser
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands
internal import TransparencyLog

/// The answer to a write, read and not yet believed.
struct WriteAnswer {
    /// The whole document.
    private(set) var json: JSON
    let kind: String
    let leafHash: SHA256Digest
    /// The bytes of the entry as the log holds them.
    let entryBytes: [UInt8]
    /// Nil while it is still to come.
    let receipt: LogProof?

    /// Reads an answer; throws when it is not of this form or contradicts itself.
    init(_ reply: Reply) throws {
        json = try reply.json()
        guard let entry = json["entry"], let kind = entry["kind"]?.string,
            let hash = entry["leafHash"]?.string.flatMap({ SHA256Digest(hex: $0) }),
            let bytes = json["entryBytes"]?.string.flatMap({ Base64.decode($0) })
        else { throw CommandError("The service's answer is not that to a write.") }
        guard MerkleTree.leafHash(of: bytes) == hash else {
            throw CommandError("The service's answer contradicts itself: another entry was hashed.")
        }
        self.kind = kind
        leafHash = hash
        entryBytes = bytes
        receipt = try json["receipt"]?.string.map { try LogProof(parsing: Array($0.utf8)) }
    }

    /// What came of it.
    var result: JSON { json["result"] ?? .null }

    /// The same without a member of the result that is not to be shown.
    func without(_ name: String) -> WriteAnswer {
        guard case .object(var members) = json, case .object(var result) = self.result else {
            return self
        }
        result[name] = nil
        members["result"] = .object(result)
        var copy = self
        copy.json = .object(members)
        return copy
    }

    /// Checks the receipt under a root; throws when it does not prove the entry.
    func verifyReceipt(under root: TrustRoot) throws {
        guard let receipt else { return }
        let verdict = try ReceiptCheck(root: root).verify(receipt, leafHash: leafHash)
        guard verdict.reasons.isEmpty else {
            throw CommandError(
                "The receipt does not prove that the entry is in the log.",
                findings: verdict.reasons.map(\.description),
                hint: "Keep the answer and tell the auditors.")
        }
    }

    /// Tells where the entry is; throws exit code 75 when that is still to come.
    func finish(_ what: String, json isJSON: Bool) throws {
        if isJSON { Console.out(json) } else { Console.out(what) }
        guard let receipt else {
            Console.warning("recorded, but the receipt is still to come")
            Console.hint("Fetch it later with: imprimatur audit proof \(leafHash)")
            throw ExitCode.pending
        }
        if !isJSON { Console.note("\(kind) is log entry \(receipt.index), \(leafHash)") }
    }
}

extension ServiceClient {
    /// Writes and reads the answer.
    func write(_ path: String, _ body: JSON, key: String? = nil) async throws -> WriteAnswer {
        try WriteAnswer(try await post(path, body, key: key))
    }
}

extension VersionReference {
    /// Where the service keeps this version.
    var address: String { "\(model.address)/versions/\(number)" }
}

extension ModelName {
    /// Where the service keeps this model.
    var address: String { "/api/v1/namespaces/\(namespace)/models/\(name)" }
}

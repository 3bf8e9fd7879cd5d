// The answer to a write: the entry, its receipt or where to fetch it, and what came of it.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import HTTPTypes
internal import Hummingbird
internal import Registry
internal import TransparencyLog

/// Writes the answers to writes.
enum Answering {
    /// 201 with the receipt, or 202 with the place where it will be.
    static func response(
        _ outcome: Registry.Outcome, result: JSON, status: HTTPResponse.Status = .created
    ) -> Response {
        response(outcome, members: ["result": result], status: status)
    }

    /// The same, with other members beside the entry.
    ///
    /// - Parameter isWhole: whether the answer is whole without a receipt, as one that permits nothing is.
    static func response(
        _ outcome: Registry.Outcome, members: [String: JSON], status: HTTPResponse.Status,
        isWhole: Bool = false
    ) -> Response {
        let url = receiptURL(outcome)
        var document = members
        document["entry"] = entry(outcome)
        document["receipt"] =
            outcome.receipt.map { .string(String(decoding: $0.bytes, as: UTF8.self)) } ?? .null
        document["receiptURL"] = .string(url)
        document["entryBytes"] = .string(Base64.encode(outcome.recorded.bytes))
        document["replayed"] = .bool(outcome.recorded.wasReplayed)
        if document["result"] == nil { document["result"] = [:] }
        guard outcome.receipt == nil, !isWhole else {
            return Response(status: status, json: .object(document))
        }
        var response = Response(status: .accepted, json: .object(document))
        response.headers[.location] = url
        return response
    }

    private static func leafHash(_ outcome: Registry.Outcome) -> SHA256Digest {
        MerkleTree.leafHash(of: outcome.recorded.bytes)
    }

    private static func receiptURL(_ outcome: Registry.Outcome) -> String {
        "/api/v1/entries/\(leafHash(outcome).hex)/receipt"
    }

    private static func entry(_ outcome: Registry.Outcome) -> JSON {
        let entry = outcome.recorded.entry
        return [
            "kind": .string(entry.event.kind), "time": .string(entry.time.description),
            "leafHash": .string(leafHash(outcome).hex),
            "index": outcome.receipt.map { .integer($0.index) } ?? .null,
        ]
    }

    /// The permit with its receipt beside the signature, as a sigstore bundle.
    ///
    /// Nil while there is no receipt: a permit is released only with the proof that it is in the log.
    static func permitBundle(
        _ answer: Registry.GateAnswer, _ registry: Registry
    ) -> SigstoreBundle? {
        guard let envelope = answer.document, let receipt = answer.outcome.receipt else {
            return nil
        }
        return bundle(envelope, answer.outcome.recorded.bytes, receipt, registry)
    }

    /// What a permit key signed, with the log entry about it and its receipt.
    static func bundle(
        _ envelope: Envelope, _ entry: [UInt8], _ receipt: LogProof, _ registry: Registry
    ) -> SigstoreBundle? {
        guard let head = try? Checkpoint(parsing: receipt.checkpoint.text),
            let logKey = logKey(of: receipt, registry)
        else { return nil }
        let proof = InclusionProof(
            index: receipt.index, treeSize: head.size, hashes: receipt.hashes)
        let placed = TransparencyLogEntry(
            logIndex: receipt.index, logKeyID: logKey.fullKeyID.bytes, kind: "imprimatur",
            version: "1",
            integratedTimeSeconds: nil,
            inclusionProof: .init(
                proof: proof, rootHash: head.root,
                checkpoint: String(decoding: receipt.checkpoint.bytes, as: UTF8.self)),
            canonicalizedBody: entry)
        return SigstoreBundle(
            envelope: envelope, key: registry.permitKey.publicKey, logEntries: [placed])
    }

    /// The key of ours that signed the receipt's checkpoint.
    private static func logKey(of receipt: LogProof, _ registry: Registry) -> VerifierKey? {
        let keys = registry.roots.history.logKeys
        let verdict = Checkpoint.open(
            receipt.checkpoint.bytes, origin: registry.root.origin, logKeys: keys)
        return verdict.checkpoint?.note.verified.map(\.key).first { keys.contains($0) }
    }
}

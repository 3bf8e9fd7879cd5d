// What can be said of an entry, or of a checkpoint, by itself: hash, form, origin, signature.
//
// This is where verifying spends its time, so it runs on two threads while the connection's own
// thread reads what comes next and folds what came before. A batch signature is verified once,
// however many entries it covers.

internal import Cryptography
internal import Dispatch
internal import Governance
internal import Synchronization
internal import TransparencyLog

/// An entry seen by itself.
struct ExaminedEntry: Sendable {
    /// Hash of the bytes as stored.
    let leafHash: SHA256Digest
    /// What it says; nil when it cannot be read.
    let entry: Entry?
    /// The service key that it names.
    var serviceKey: KeyID?
    /// Whether a service key of a root signed it while that key counted.
    let isAuthentic: Bool
    let faults: [Fault]

    /// What is wrong with it.
    struct Fault: Sendable {
        let kind: AuditFinding.Kind
        let message: String
    }
}

/// Examines entries under one trust root. Many threads may use it.
final class EntryExaminer: Sendable {
    private let roots: [TrustRoot]
    private let batches = Mutex<[Batch: Bool]>([:])

    /// A signature that covers several entries.
    private struct Batch: Hashable {
        let key: KeyID
        let size: Int64
        let root: SHA256Digest
        let signature: [UInt8]
    }

    /// Verified batch signatures that are remembered; entries of a batch lie close together.
    private static let rememberedBatches = 1_024

    /// Examines under any of the roots that a log was under; which one counts its place decides.
    init(roots: [TrustRoot]) {
        self.roots = roots
    }

    func examine(_ bytes: [UInt8]) -> ExaminedEntry {
        let leafHash = MerkleTree.leafHash(of: bytes)
        let signed: SignedEntry
        let entry: Entry
        do {
            signed = try SignedEntry(parsing: bytes)
            entry = try Entry(parsing: signed.payload)
        } catch {
            return ExaminedEntry(
                leafHash: leafHash, entry: nil, isAuthentic: false,
                faults: [.init(kind: .entryMalformed, message: error.message)])
        }
        var faults: [ExaminedEntry.Fault] = []
        if !roots.contains(where: { $0.origin.utf8.elementsEqual(entry.origin.utf8) }) {
            faults.append(
                .init(kind: .entryOrigin, message: "the entry is for the log \(entry.origin)"))
        }
        let reason = problem(of: signed, at: entry.time)
        if let reason { faults.append(.init(kind: .entryUnauthentic, message: reason)) }
        return ExaminedEntry(
            leafHash: leafHash, entry: entry, serviceKey: signed.keyID,
            isAuthentic: reason == nil, faults: faults)
    }

    /// Why the signature does not count; nil when it does.
    private func problem(of entry: SignedEntry, at time: Timestamp) -> String? {
        guard let key = roots.lazy.compactMap({ $0.serviceKey(entry.keyID, at: time) }).first
        else {
            return "the trust root has no service key \(entry.keyID) that counts at \(time)"
        }
        guard let root = entry.batchRoot else { return "the entry's batch proof has no valid form" }
        let batch = Batch(
            key: entry.keyID, size: entry.batchSize, root: root, signature: entry.signature)
        let isShared = entry.batchSize > 1
        if isShared, let known = batches.withLock({ $0[batch] }) {
            return known ? nil : Self.forged
        }
        let holds = key.verify(
            entry.signature, over: SignedEntry.batchMessage(size: entry.batchSize, root: root))
        if isShared {
            batches.withLock { batches in
                if batches.count >= Self.rememberedBatches { batches.removeAll() }
                batches[batch] = holds
            }
        }
        return holds ? nil : Self.forged
    }

    private static let forged = "the signature is not one of the service key that it names"
}

/// Work that two other threads do while the connection's thread goes on.
final class ParallelWork<Input: Sendable, Output: Sendable>: Sendable {
    private let group = DispatchGroup()
    private let results = Mutex<[Int: [Output]]>([:])
    private let count: Int

    /// Starts at once, in as many equal parts as there are threads.
    init(_ inputs: [Input], threads: Int = 2, _ work: @escaping @Sendable (Input) -> Output) {
        let size = max(1, (inputs.count + threads - 1) / threads)
        let parts = stride(from: 0, to: inputs.count, by: size).map {
            inputs[$0..<min($0 + size, inputs.count)]
        }
        count = parts.count
        for (number, part) in parts.enumerated() {
            DispatchQueue.global().async(group: group) {
                let outputs = part.map(work)
                self.results.withLock { $0[number] = outputs }
            }
        }
    }

    /// Waits; the outputs in the order of the inputs.
    func wait() -> [Output] {
        group.wait()
        return results.withLock { results in (0..<count).flatMap { results[$0] ?? [] } }
    }
}

// Reads a log's entries as it grows, and answers a witness that wants to know what speaks against a tree.

package import Cryptography
package import Governance
internal import Schema
package import TransparencyLog

/// Where an auditor reads a log: its entries, and the documents that they name.
package protocol LogSource: Sendable {
    /// The bytes of a bundle of entries.
    func entries(_ bundle: EntryBundleID) async throws -> [UInt8]
    /// A document; nil when the log cannot show it.
    func document(_ digest: SHA256Digest) async throws -> [UInt8]?
}

/// Audits one log for a witness.
///
/// It reads from entry 0 after each start, and what it has read stays in memory. A tree whose entries do
/// not hash to the signed root is refused after one more reading from the start, so that what was read of
/// another tree cannot stand in the way.
package actor LogAuditor: WitnessAuditor {
    private let root: TrustRoot
    private let schema: JSONSchema
    private let source: any LogSource
    /// Violations that the operator has looked at and lives with, by index.
    private let accepted: Set<Int64>
    private var examiner: EntryExaminer
    private var audit: LogAudit
    private var known: [SHA256Digest: [UInt8]] = [:]
    private var running: Task<[String], any Error>?

    private var knownBytes = 0

    /// Bytes of documents kept for the next entry that names them.
    private static let mostKnown = 64 << 20
    /// Reasons that are told; the others are in the same log.
    private static let mostReasons = 8

    /// An auditor under a pinned trust root; throws when the card's schema cannot be read.
    package init(
        root: TrustRoot, source: any LogSource, accepting accepted: Set<Int64> = []
    ) throws {
        self.root = root
        self.source = source
        self.accepted = accepted
        schema = try JSONSchema(loading: Resources.file("docs/reference/model-card.schema.json"))
        examiner = EntryExaminer(roots: [root])
        audit = LogAudit(root: root, schema: schema)
    }

    package func examine(_ checkpoint: Checkpoint) async throws -> [String] {
        let before = running
        let task = Task {
            // One after another: each goes on where the one before stopped.
            _ = await before?.result
            return try await self.read(checkpoint)
        }
        running = task
        return try await task.value
    }

    private func read(_ checkpoint: Checkpoint) async throws -> [String] {
        if checkpoint.size >= audit.tree.size {
            try await readEntries(upTo: checkpoint.size)
        }
        if audit.tree.size != checkpoint.size || audit.tree.root != checkpoint.root {
            audit = LogAudit(root: root, schema: schema)
            examiner = EntryExaminer(roots: [root])
            try await readEntries(upTo: checkpoint.size)
        }
        guard audit.tree.root == checkpoint.root else {
            return ["the entries that the log serves do not have the root that it signed"]
        }
        let standing = audit.standing.filter { !accepted.contains($0.index) }
        return standing.prefix(Self.mostReasons).map { "entry \($0.index): \($0.reason)" }
            + (standing.count > Self.mostReasons
                ? ["and \(standing.count - Self.mostReasons) more"] : [])
    }

    private func readEntries(upTo size: Int64) async throws {
        while audit.tree.size < size {
            let start = audit.tree.size
            guard let bundle = EntryBundleID(index: start, treeSize: size) else { return }
            let entries = try EntryBundle.decode(await source.entries(bundle))
            guard entries.count >= bundle.width else {
                throw WitnessUnreachable("\(bundle) has \(entries.count) entries")
            }
            let wanted = entries[Int(start - bundle.indexes.lowerBound)..<bundle.width]
            for bytes in wanted {
                let examined = examiner.examine(bytes)
                let names = examined.entry.map { audit.documents(for: $0) } ?? []
                audit.append(examined, documents: try await documents(names))
                if case .rootChanged? = examined.entry?.event {
                    examiner = EntryExaminer(roots: audit.history.roots)
                }
            }
        }
    }

    private func documents(_ names: [SHA256Digest]) async throws -> [SHA256Digest: [UInt8]] {
        var documents: [SHA256Digest: [UInt8]] = [:]
        for name in names where documents[name] == nil {
            if let bytes = known[name] {
                documents[name] = bytes
            } else if let bytes = try await source.document(name), SHA256.hash(bytes) == name {
                documents[name] = bytes
                if knownBytes + bytes.count > Self.mostKnown {
                    known.removeAll()
                    knownBytes = 0
                }
                known[name] = bytes
                knownBytes += bytes.count
            }
        }
        return documents
    }
}

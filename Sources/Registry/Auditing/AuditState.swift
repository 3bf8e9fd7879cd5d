// Where a verification left off, so that the next one reads only what was added since.
//
//     {"chain":"<hex>","checkpoint":"<the signed note>","entry":519,"time":"2026-11-21T…Z",
//      "type":"imprimatur-audit-state/v1"}
//
// `checkpoint` is one that the log signed and that the verified log agreed with; `chain`, `entry` (its
// insert id) and `time` are those of the last entry below its size. Such a file is an auditor's own:
// kept outside the database, it is an anchor too. Nobody signed `chain`, `entry` and `time`; they only
// matter for what follows them, where a lie would show as a fault, not hide one.
//
// A bare checkpoint will do as well. Then the chain is taken up from the row before it.

package import CanonicalJSON
internal import Cryptography
internal import Database
internal import Governance
internal import TransparencyLog

/// Where a verification may begin instead of the first entry.
package struct AuditState: Sendable, Hashable {
    /// A signed note.
    package let checkpoint: [UInt8]
    /// What the entry before the beginning left; nil when only the checkpoint is known.
    let last: Last?

    /// What later entries are compared with.
    struct Last: Sendable, Hashable {
        let chain: SHA256Digest
        let entryID: Int64
        let time: Timestamp?
    }

    static let type = "imprimatur-audit-state/v1"

    /// A beginning of which only the checkpoint is known.
    package init(checkpoint: [UInt8]) {
        self.checkpoint = checkpoint
        last = nil
    }

    init(checkpoint: [UInt8], last: Last) {
        self.checkpoint = checkpoint
        self.last = last
    }

    /// Reads a state, a receipt, or a checkpoint.
    package init(parsing bytes: [UInt8]) throws(JSONFindings) {
        guard bytes.first == UInt8(ascii: "{"), let json = try? JSON(parsing: bytes) else {
            self.init(checkpoint: (try? LogProof(parsing: bytes))?.checkpoint.bytes ?? bytes)
            return
        }
        self = try JSONReader.decode(json) { reader in
            _ = reader.parsed("type", as: Self.type) { $0 == Self.type ? $0 : nil }
            let note = reader.string("checkpoint", length: 1...65_536)
            let entry = reader.integer("entry", in: 0...(1 << 53 - 1))
            let chain = reader.parsed("chain", as: "64 lowercase hex digits") {
                SHA256Digest(hex: $0)
            }
            let time = reader.string("time", length: 0...40)
            guard let chain else { return nil }
            return AuditState(
                checkpoint: Array(note.utf8),
                last: Last(chain: chain, entryID: entry, time: Timestamp(time)))
        }
    }

    /// The file.
    package var json: JSON {
        var members: [String: JSON] = [
            "type": .string(Self.type),
            "checkpoint": .string(String(decoding: checkpoint, as: UTF8.self)),
        ]
        if let last {
            members["chain"] = .digest(last.chain)
            members["entry"] = .integer(last.entryID)
            members["time"] = .string(last.time?.description ?? "")
        }
        return .object(members)
    }
}

/// The tree at a beginning, as the stored tiles make it.
struct ResumedLog {
    let tree: GrowingTree
    let lastEntryID: Int64
    let lastTime: Timestamp?

    /// Takes the log up at a checkpoint; nil when the stored tiles do not have its root, so that
    /// everything has to be read to say what is wrong.
    init?(
        _ state: AuditState, at checkpoint: Checkpoint, _ db: borrowing Connection
    ) throws {
        let (size, row) = (
            checkpoint.size,
            try db.all(
                """
                SELECT entry_id, chain_hash FROM audit.leaf WHERE index = \(checkpoint.size - 1)
                """, as: (Int64, [UInt8]).self
            ).first
        )
        let edge = try TileID.rightEdge(of: size)
        guard size > 0, let row, let tiles = try? LogTiles.load(edge, db) else { return nil }
        guard let chain = state.last?.chain ?? SHA256Digest(bytes: row.1),
            let tree = GrowingTree(
                size: size, chain: chain, rightEdge: zip(edge, tiles).map { ($0, $1) }),
            tree.root == checkpoint.root
        else { return nil }
        self.tree = tree
        lastEntryID = state.last?.entryID ?? row.0
        lastTime = state.last?.time
    }
}

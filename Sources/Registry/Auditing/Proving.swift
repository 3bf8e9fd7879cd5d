// Proofs out of the published tree: where an entry is, and that one tree continues another.

package import CanonicalJSON
package import Cryptography
internal import Database
internal import Governance
package import TransparencyLog

/// An entry in the published tree.
package struct LocatedEntry: Sendable {
    package let index: Int64
    package let id: Int64
    package let leafHash: SHA256Digest
    /// The stored bytes; not for everybody.
    package let bytes: [UInt8]

    /// The entry as an answer; with its bytes for those who may read them.
    package func json(withBytes: Bool) -> JSON {
        var members: [String: JSON] = [
            "index": .integer(index), "id": .string("id:\(id)"), "leafHash": .string(leafHash.hex),
            "receiptURL": .string("/api/v1/entries/\(leafHash)/receipt"),
        ]
        if withBytes { members["entryBytes"] = .string(Base64.encode(bytes)) }
        return .object(members)
    }
}

extension Registry {
    /// The entry of a name; nil while it is committed but not in a published tree.
    ///
    /// - Throws: `Refusal` `entry-unknown` when there is none.
    package func entry(_ name: EntryName) async throws -> LocatedEntry? {
        let size = follower.snapshot.published?.checkpoint.size ?? 0
        let condition: SQL
        switch name {
        case .leafHash(let digest): condition = "e.leaf_hash = \(digest.bytes)"
        case .index(let index): condition = "l.index = \(index)"
        case .id(let id): condition = "e.id = \(id)"
        }
        let places: SQL
        switch name {
        case .leafHash(let digest):
            places = """
                SELECT entry_id FROM audit.leaf WHERE leaf_hash = \(digest.bytes)
                UNION SELECT entry_id FROM audit.pending
                """
        case .index(let index):
            places = "SELECT entry_id FROM audit.leaf WHERE index = \(index)"
        case .id(let id): places = "SELECT \(id)"
        }
        let found = try await database.read { db in
            try db.all(
                """
                SELECT e.id, l.index, e.bytes FROM audit.entry e
                LEFT JOIN audit.leaf l ON l.entry_id = e.id
                WHERE e.id IN (\(places)) AND \(condition)
                ORDER BY l.index LIMIT 1
                """, as: (Int64, Int64?, [UInt8]).self)
        }.first
        guard let (id, index, bytes) = found else {
            throw Refusal(.notFound, "entry-unknown", "There is no entry \(name).")
        }
        guard let index, index < size else { return nil }
        return LocatedEntry(
            index: index, id: id, leafHash: MerkleTree.leafHash(of: bytes), bytes: bytes)
    }

    /// The checkpoint that was signed for exactly this size, as a note; halted logs show theirs too.
    ///
    /// - Throws: `Refusal` `checkpoint-unknown` when none was, or when nothing that large is published.
    package func checkpoint(ofSize size: Int64) async throws -> [UInt8] {
        let published = follower.snapshot.published
        if let published, published.checkpoint.size == size { return published.note }
        let note = try await database.read { db in
            try db.oneOrNil(
                "SELECT note FROM audit.checkpoint WHERE size = \(size)", as: [UInt8].self)
        }
        guard let note, let published, size < published.checkpoint.size else {
            throw Refusal(
                .notFound, "checkpoint-unknown", "No checkpoint of \(size) entries is published.",
                hint: "Not every size is signed; /log/checkpoint is the newest.")
        }
        return note
    }

    /// The proof that the published tree of `newSize` entries continues the one of `oldSize`.
    ///
    /// - Throws: `Refusal` `sizes-invalid` when they descend, are zero, or are not published.
    package func consistency(
        from oldSize: Int64, to newSize: Int64
    ) async throws -> ConsistencyProof {
        let size = follower.snapshot.published?.checkpoint.size ?? 0
        guard oldSize > 0, oldSize <= newSize, newSize <= size else {
            throw Refusal(
                .unprocessable, "sizes-invalid",
                "Sizes are 1 to \(size), the older first; an empty log proves nothing.")
        }
        return try await database.read { db in
            try ConsistencyProof.make(oldSize: oldSize, newSize: newSize) {
                try LogTiles.load($0, db)
            }
        }
    }
}

// Receipts: inclusion proofs in a published checkpoint, each checked before anybody gets it.

package import Cryptography
internal import Database
internal import Governance
package import TransparencyLog

extension Follower {
    /// The receipt of an act, when the log has published it within `timeout`; nil otherwise.
    package func receipt(for recorded: Recorded, timeout: Duration) async throws -> LogProof? {
        let leaf = MerkleTree.leafHash(of: recorded.bytes)
        let id = recorded.entryID
        if let receipt = await receipts.wait(for: id, leaf, timeout: timeout) { return receipt }
        return try await makeReceipt(for: id, leaf)
    }

    /// The receipt of an entry that has its place in the log; nil before. A stored proof that does not
    /// lead from the entry's bytes to the published root halts, and is handed to nobody.
    ///
    /// - Parameter expected: the leaf hash that the entry must have; nil for whatever is stored. A row id
    ///   that a crash of PostgreSQL took back may have been given to another entry.
    package func makeReceipt(
        for entryID: Int64, _ expected: SHA256Digest? = nil
    ) async throws -> LogProof? {
        let (shown, cosigned, edge) = look { ($0.published, $0.cosigned, $0.edge) }
        guard let shown else { return nil }
        let made = try await database.read { db -> (LogProof, SHA256Digest, Published)? in
            let row = try db.oneOrNil(
                """
                SELECT l.index, e.bytes FROM audit.leaf l JOIN audit.entry e ON e.id = l.entry_id
                WHERE l.entry_id = \(entryID)
                """, as: (Int64, [UInt8]).self)
            guard let (index, bytes) = row, index < shown.checkpoint.size else { return nil }
            // One with cosignatures proves more, where it covers the entry.
            let published = cosigned.flatMap { index < $0.checkpoint.size ? $0 : nil } ?? shown
            let proof = try Self.proof(of: index, in: published, edge, db)
            return (proof, MerkleTree.leafHash(of: bytes), published)
        }
        guard let (proof, leaf, published) = made, expected.map({ $0 == leaf }) ?? true else {
            return nil
        }
        guard holds(proof.index, proof.hashes, leaf, published.checkpoint) else { return nil }
        return proof
    }

    /// A receipt for a place in a published tree, as the stored tiles have it.
    private static func proof(
        of index: Int64, in published: Published, _ edge: CompactRange, _ db: borrowing Connection
    ) throws -> LogProof {
        // A checkpoint with cosignatures may be of an earlier tree than the edge at hand.
        let size = published.checkpoint.size
        let edge = try edge.size == size ? edge : stored(size, db)
        let proof = try InclusionProof.make(index: index, in: edge) { ids in
            try LogTiles.load(ids, db)
        }
        return try LogProof(
            index: index, hashes: proof.hashes, checkpoint: SignedNote(parsing: published.note))
    }

    /// The right edge of an earlier tree, from the stored tiles.
    private static func stored(
        _ size: Int64, _ db: borrowing Connection
    ) throws -> CompactRange {
        let ids = try TileID.rightEdge(of: size)
        return try CompactRange(size: size, from: TileSet(ids, LogTiles.load(ids, db)))
    }

    private func holds(
        _ index: Int64, _ hashes: [SHA256Digest], _ leaf: SHA256Digest, _ checkpoint: Checkpoint
    ) -> Bool {
        let proof = InclusionProof(index: index, treeSize: checkpoint.size, hashes: hashes)
        if proof.verify(leafHash: leaf, root: checkpoint.root) { return true }
        stop(.inconsistent, "the stored tiles do not prove entry \(index)")
        return false
    }

    /// Answers those who wait for these entries, from tiles in memory or in the database.
    func handOut(
        _ added: [ReceiptDesk.Addition], _ published: Published, _ tiles: TileSet?
    ) async throws {
        let wanted = receipts.arrived(added)
        guard !wanted.isEmpty else { return }
        let note = try SignedNote(parsing: published.note)
        let size = published.checkpoint.size
        let set: TileSet
        if let tiles {
            set = tiles
        } else {
            var ids: Set<TileID> = []
            for addition in wanted {
                ids.formUnion(try InclusionProof.tiles(index: addition.index, treeSize: size))
            }
            let ordered = ids.sorted()
            set = try TileSet(
                ordered, try await database.read { try LogTiles.load(ordered, $0) })
        }
        var prover = InclusionProver(treeSize: size, tiles: set)
        for addition in wanted {
            let proof = try prover.proof(of: addition.index)
            guard holds(addition.index, proof.hashes, addition.leaf, published.checkpoint) else {
                return
            }
            receipts.deliver(
                try LogProof(index: addition.index, hashes: proof.hashes, checkpoint: note),
                to: addition)
        }
    }
}

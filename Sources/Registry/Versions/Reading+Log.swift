// The log as it is served: tiles and bundles of the published tree, and who may read entries.

package import Cryptography
internal import Database
internal import Governance
package import TransparencyLog

extension Registry {
    /// The bytes of a tile, cut to the width asked for; the published tree must have it.
    package func tile(_ id: TileID) async throws -> [UInt8] {
        let stored = try await database.read { try LogTiles.load([id], $0) }
        guard let bytes = stored.first, bytes.count >= 32 * id.width else {
            throw ProofError.tileMissing(level: id.level, number: id.number)
        }
        return Array(bytes.prefix(32 * id.width))
    }

    /// The bundle of entries; the published tree must have it.
    package func entryBundle(_ id: EntryBundleID) async throws -> [UInt8] {
        let (start, end) = (id.indexes.lowerBound, id.indexes.upperBound)
        let entries = try await database.read { db in
            try db.all(
                """
                SELECT e.bytes FROM audit.leaf l JOIN audit.entry e ON e.id = l.entry_id
                WHERE l.index >= \(start) AND l.index < \(end) ORDER BY l.index
                """, as: [UInt8].self)
        }
        guard entries.count == id.width else {
            throw ProofError.tileMissing(level: 0, number: id.number)
        }
        return try EntryBundle.encode(entries)
    }

    /// The size of the largest checkpoint that was signed, whether it is shown yet or not.
    package func signedSize() async throws -> Int64 {
        try await database.read { db in
            try db.one("SELECT coalesce(max(size), 0) FROM audit.checkpoint", as: Int64.self)
        }
    }

    /// A document by its digest; nil when there is none that hashes to it.
    package func document(_ digest: SHA256Digest) async throws -> [UInt8]? {
        try await database.read { try Documents.load([digest], $0) }[digest]
    }

    /// Whether a caller may read every entry: auditors of all namespaces.
    package func mayReadEntries(_ caller: Caller) -> Bool {
        follower.snapshot.identities.chain.assignments(of: caller.principal, at: clock()).contains {
            $0.assignment.role == .auditor && $0.assignment.namespace.covers(.everything)
        }
    }
}

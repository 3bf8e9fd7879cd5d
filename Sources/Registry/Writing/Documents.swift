// Documents: bytes too large for an entry or signed by others, stored under their SHA-256.

internal import CanonicalJSON
internal import Cryptography
internal import Database

/// Reads and stores documents by digest.
package enum Documents {
    /// Largest document in bytes.
    package static let maximumBytes = 64 << 20

    /// Stores documents; those already there stay as they are.
    static func insert(_ documents: [[UInt8]], _ digests: [SHA256Digest]) -> SQL {
        """
        INSERT INTO audit.document (sha256, bytes)
        SELECT DISTINCT ON (sha256) sha256, bytes
        FROM unnest(\(digests.map(\.bytes)), \(documents)) AS document (sha256, bytes)
        ORDER BY sha256 ON CONFLICT DO NOTHING
        """
    }

    /// Loads documents; one whose bytes do not hash to its name is left out, as if it were missing.
    static func load(
        _ digests: [SHA256Digest], _ db: borrowing Connection
    ) throws -> [SHA256Digest: [UInt8]] {
        guard !digests.isEmpty else { return [:] }
        let rows = try db.all(
            "SELECT bytes FROM audit.document WHERE sha256 = ANY(\(digests.map(\.bytes)))",
            as: [UInt8].self)
        let wanted = Set(digests)
        var documents: [SHA256Digest: [UInt8]] = [:]
        for bytes in rows {
            let digest = SHA256.hash(bytes)
            if wanted.contains(digest) { documents[digest] = bytes }
        }
        return documents
    }

    /// Which of these documents the database holds with the bytes that their names say.
    static func unchanged(
        _ digests: [SHA256Digest], _ db: borrowing Connection
    ) throws -> [SHA256Digest] {
        guard !digests.isEmpty else { return [] }
        return try db.all(
            """
            SELECT sha256 FROM audit.document
            WHERE sha256 = ANY(\(digests.map(\.bytes))) AND sha256(bytes) = sha256
            """, as: [UInt8].self
        ).compactMap { SHA256Digest(bytes: $0) }
    }
}

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

    /// A document as the database has it.
    struct Stored: Sendable {
        let bytes: [UInt8]
        /// Where the row lies and which transaction wrote it: no statement changes a row without changing this.
        let place: String
    }

    /// Loads documents; one whose bytes do not hash to its name is left out, as if it were missing.
    static func load(
        _ digests: [SHA256Digest], _ db: borrowing Connection
    ) throws -> [SHA256Digest: [UInt8]] {
        try loadStored(digests, db).mapValues(\.bytes)
    }

    /// Loads documents with their places.
    static func loadStored(
        _ digests: [SHA256Digest], _ db: borrowing Connection
    ) throws -> [SHA256Digest: Stored] {
        guard !digests.isEmpty else { return [:] }
        let rows = try db.all(
            """
            SELECT bytes, ctid::text || ' ' || xmin::text FROM audit.document
            WHERE sha256 = ANY(\(digests.map(\.bytes)))
            """, as: ([UInt8], String).self)
        let wanted = Set(digests)
        var documents: [SHA256Digest: Stored] = [:]
        for (bytes, place) in rows {
            let digest = SHA256.hash(bytes)
            if wanted.contains(digest) { documents[digest] = Stored(bytes: bytes, place: place) }
        }
        return documents
    }

    /// The places of those documents that the database has.
    static func places(
        of digests: [SHA256Digest], _ db: borrowing Connection
    ) throws -> [SHA256Digest: String] {
        guard !digests.isEmpty else { return [:] }
        let rows = try db.all(
            """
            SELECT sha256, ctid::text || ' ' || xmin::text FROM audit.document
            WHERE sha256 = ANY(\(digests.map(\.bytes)))
            """, as: ([UInt8], String).self)
        return rows.reduce(into: [:]) { places, row in
            if let digest = SHA256Digest(bytes: row.0) { places[digest] = row.1 }
        }
    }
}

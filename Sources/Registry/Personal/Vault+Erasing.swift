// Destroys what belongs to one subject and wraps the keys of all others anew, in one transaction.

package import Cryptography
package import Database

/// What an erasure did to the tables; it counts once the transaction commits.
package struct VaultErasure: Sendable {
    /// The commitments whose values and salts are gone, ascending.
    package let commitments: [SHA256Digest]
    /// Names the key-encryption key from now on.
    package let key: SHA256Digest
    /// Subjects whose keys were wrapped anew.
    package let survivors: Int64
    /// Subjects whose keys did not open any more, and were left as they were.
    package let damaged: [String]
}

extension Vault {
    /// How many subject keys are wrapped in one round trip.
    private static let batch: Int64 = 2_000

    /// Deletes a subject's key, values and salts, and wraps every other key under the successor.
    ///
    /// The rows of personal.kek and of every subject key are locked until the transaction ends. Call
    /// `settle` after the commit: only then the former key is destroyed.
    package func erase(_ subject: String, _ db: borrowing Connection) throws -> VaultErasure {
        let select: SQL = "SELECT name FROM personal.kek FOR UPDATE"
        let name = try db.oneOrNil(select, as: String.self)
        guard let former = try name.map({ try keys.key(named: $0) }) ?? keys.current else {
            throw VaultError.keyOutdated(name ?? "")
        }
        // What an interrupted rotation left must not be taken for this one's successor.
        try keys.settle(on: former.name.hex)
        let next = try keys.prepare()
        let commitments = try db.all(
            "SELECT personal.erase(\(subject))", as: [UInt8].self
        ).compactMap { SHA256Digest(bytes: $0) }
        try db.execute("SELECT personal.erase_key(\(subject))")
        let (survivors, damaged) = try rewrap(from: former, to: next, db)
        try db.execute(
            """
            INSERT INTO personal.kek (name) VALUES (\(next.name.hex))
            ON CONFLICT (one) DO UPDATE SET name = excluded.name
            """)
        return VaultErasure(
            commitments: commitments.sorted(), key: next.name, survivors: survivors,
            damaged: damaged)
    }

    private func rewrap(
        from former: KeyEncryptionKey, to next: KeyEncryptionKey, _ db: borrowing Connection
    ) throws -> (survivors: Int64, damaged: [String]) {
        var (survivors, damaged, last) = (Int64(0), [String](), "")
        while true {
            let rows = try db.all(
                """
                SELECT subject, wrapped FROM personal.subject_key
                WHERE subject > \(last) AND kek = \(former.name.hex)
                ORDER BY subject LIMIT \(Self.batch) FOR UPDATE
                """, as: (String, [UInt8]).self)
            guard let end = rows.last?.0 else { return (survivors, damaged) }
            last = end
            var (subjects, wrapped) = ([String](), [[UInt8]]())
            for (subject, bytes) in rows {
                let associated = Array("subject-key\n\(subject)".utf8)
                guard
                    let key = try? AuthenticatedEncryption.open(
                        bytes, key: former.bytes, associatedData: associated)
                else {
                    damaged.append(subject)
                    continue
                }
                subjects.append(subject)
                wrapped.append(
                    try AuthenticatedEncryption.seal(
                        key, key: next.bytes, associatedData: associated))
            }
            survivors += Int64(subjects.count)
            try db.execute(
                """
                UPDATE personal.subject_key k SET kek = \(next.name.hex), wrapped = n.wrapped
                FROM unnest(\(subjects), \(wrapped)) AS n (subject, wrapped)
                WHERE k.subject = n.subject
                """)
        }
    }

    /// Makes the key files follow the database; whether a former key was destroyed.
    @discardableResult
    package func settle(_ database: Database) async throws -> Bool {
        try await database.write { db in
            let name = try db.oneOrNil(
                "SELECT name FROM personal.kek FOR UPDATE", as: String.self)
            return try name.map { try keys.settle(on: $0) } ?? false
        }
    }
}

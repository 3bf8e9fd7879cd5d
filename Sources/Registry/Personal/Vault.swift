// Keeps personal values beside what is signed, so that they can be erased and the proofs stay (I8).
//
// Signed payloads and entries hold commitments: SHA-256(32-byte salt ‖ value). Salt and value live in
// personal.secret, sealed with AES-256-GCM under a key of their subject; that key is wrapped by the
// key-encryption key, a file outside PostgreSQL. To erase a subject is to destroy its key and to rotate
// the key-encryption key (KeyEncryptionKeys), so that not even an old backup of the database can be read.
// personal.kek names the key in force; whoever seals holds that row shared, whoever rotates exclusively.

package import CanonicalJSON
package import Cryptography
package import Database
internal import Governance

/// A sealed value, as the statements that store it.
package struct SealedSecret: Sendable {
    /// Stores the value and, for a subject seen first, its key.
    package let statements: [SQL]
}

/// A personal value with what its commitment is made of.
package struct PersonalValue: Sendable {
    package let commitment: SHA256Digest
    package let salt: [UInt8]
    /// Canonical JSON of the value.
    package let value: [UInt8]

    /// Commits to a value with a fresh salt.
    package init(_ value: JSON, salt: [UInt8] = Random.bytes(PersonalFields.saltBytes)) {
        self.salt = salt
        self.value = value.canonicalBytes
        commitment = SHA256.hash(concatenating: salt, self.value)
    }
}

/// Why a personal value cannot be read.
package enum VaultError: Error, Sendable, Hashable {
    /// The subject's key is wrapped by another key-encryption key than this process has.
    case wrongKey
    /// The sealed bytes were changed.
    case damaged
    /// The database names a key-encryption key that this process does not have.
    case keyOutdated(String)
}

/// Seals and opens personal values.
package struct Vault: Sendable {
    package let keys: KeyEncryptionKeys

    /// A vault under a key-encryption key of 32 bytes.
    package init(key: [UInt8]) {
        keys = KeyEncryptionKeys(key: key)
    }

    /// A vault under the key-encryption key of a file.
    package init(keys: KeyEncryptionKeys) {
        self.keys = keys
    }

    /// Seals values of one subject; reads the subject's key in the same transaction.
    package func seal(
        _ values: [PersonalValue], of subject: String, _ db: borrowing Connection
    ) throws -> [SealedSecret] {
        guard !values.isEmpty else { return [] }
        let key = try keyInForce(db)
        let (subjectKey, opening) = try subjectKey(subject, key, db)
        let secrets = try values.map { value -> SealedSecret in
            let sealed = try AuthenticatedEncryption.seal(
                value.salt + value.value, key: subjectKey,
                associatedData: Array(subject.utf8) + value.commitment.bytes)
            return SealedSecret(statements: [
                """
                INSERT INTO personal.secret (commitment, subject, sealed)
                VALUES (\(value.commitment.bytes), \(subject), \(sealed)) ON CONFLICT DO NOTHING
                """
            ])
        }
        return opening + secrets
    }

    /// The key that the database names, locked against a rotation until the transaction ends.
    private func keyInForce(_ db: borrowing Connection) throws -> KeyEncryptionKey {
        let select: SQL = "SELECT name FROM personal.kek FOR SHARE"
        if let name = try db.oneOrNil(select, as: String.self) { return try own(name) }
        guard let current = keys.current else { throw VaultError.wrongKey }
        try db.execute(
            "INSERT INTO personal.kek (name) VALUES (\(current.name.hex)) ON CONFLICT DO NOTHING")
        return try own(try db.one(select, as: String.self))
    }

    private func own(_ name: String) throws -> KeyEncryptionKey {
        guard let key = try keys.key(named: name) else { throw VaultError.keyOutdated(name) }
        return key
    }

    private static func wrapping(_ subject: String) -> [UInt8] {
        Array("subject-key\n\(subject)".utf8)
    }

    /// The key of a subject, and what stores it when it is new.
    private func subjectKey(
        _ subject: String, _ key: KeyEncryptionKey, _ db: borrowing Connection
    ) throws -> ([UInt8], [SealedSecret]) {
        let associated = Self.wrapping(subject)
        let row = try db.oneOrNil(
            "SELECT kek, wrapped FROM personal.subject_key WHERE subject = \(subject)",
            as: (String, [UInt8]).self)
        if let (kek, wrapped) = row {
            guard kek == key.name.hex else { throw VaultError.wrongKey }
            return (try open(wrapped, key: key.bytes, associatedData: associated), [])
        }
        let fresh = Random.bytes(AuthenticatedEncryption.keyCount)
        let wrapped = try AuthenticatedEncryption.seal(
            fresh, key: key.bytes, associatedData: associated)
        let store: SQL = """
            INSERT INTO personal.subject_key (subject, kek, wrapped)
            VALUES (\(subject), \(key.name.hex), \(wrapped))
            """
        return (fresh, [SealedSecret(statements: [store])])
    }

    /// The values behind commitments, each with the salt that proves it; those that are erased or unknown
    /// are absent.
    package func reveal(
        _ commitments: [SHA256Digest], _ db: borrowing Connection
    ) throws -> [SHA256Digest: Opened] {
        let rows = try db.all(
            """
            SELECT s.commitment, s.subject, s.sealed, k.kek, k.wrapped FROM personal.secret s
            JOIN personal.subject_key k ON k.subject = s.subject
            WHERE s.commitment = ANY(\(commitments.map(\.bytes)))
            """, as: ([UInt8], String, [UInt8], String, [UInt8]).self)
        var known: [String: KeyEncryptionKey] = [:]
        for name in Set(rows.map(\.3)) { known[name] = try keys.key(named: name) }
        var values: [SHA256Digest: Opened] = [:]
        for (commitment, subject, sealed, kek, wrapped) in rows {
            guard let key = known[kek], let digest = SHA256Digest(bytes: commitment)
            else { continue }
            let subjectKey = try open(
                wrapped, key: key.bytes, associatedData: Self.wrapping(subject))
            let opened = try open(
                sealed, key: subjectKey, associatedData: Array(subject.utf8) + commitment)
            guard SHA256.hash(opened) == digest, opened.count > PersonalFields.saltBytes else {
                throw VaultError.damaged
            }
            values[digest] = Opened(
                value: try JSON(parsing: Array(opened.dropFirst(PersonalFields.saltBytes))),
                salt: Array(opened.prefix(PersonalFields.saltBytes)))
        }
        return values
    }

    /// A value with the salt that its commitment is made of.
    package struct Opened: Sendable, Hashable {
        package let value: JSON
        package let salt: [UInt8]
    }

    private func open(
        _ sealed: [UInt8], key: [UInt8], associatedData: [UInt8]
    ) throws(VaultError) -> [UInt8] {
        do {
            return try AuthenticatedEncryption.open(
                sealed, key: key, associatedData: associatedData)
        } catch {
            throw .damaged
        }
    }
}

// Keeps personal values beside what is signed, so that they can be erased and the proofs stay (I8).
//
// Signed payloads and entries hold commitments: SHA-256(32-byte salt ‖ value). Salt and value live in
// personal.secret, sealed with AES-256-GCM under a key of their subject; that key is wrapped by the
// key-encryption key, a file outside PostgreSQL. To erase a subject is to destroy its key and to rotate
// the key-encryption key, so that not even an old backup of the database can be read.

package import CanonicalJSON
package import Cryptography
package import Database

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
    package init(_ value: JSON, salt: [UInt8] = Random.bytes(32)) {
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
}

/// Seals and opens personal values.
package struct Vault: Sendable {
    private let key: [UInt8]
    /// Names the key-encryption key without revealing it.
    private let keyName: String

    /// A vault under a key-encryption key of 32 bytes.
    package init(key: [UInt8]) {
        precondition(
            key.count == AuthenticatedEncryption.keyCount, "a key-encryption key has 32 bytes")
        self.key = key
        keyName = SHA256.hash(concatenating: Array("imprimatur.dev/kek/v1".utf8), key).hex
    }

    /// Seals values of one subject; reads the subject's key in the same transaction.
    func seal(
        _ values: [PersonalValue], of subject: String, _ db: borrowing Connection
    ) throws -> [SealedSecret] {
        guard !values.isEmpty else { return [] }
        let (subjectKey, opening) = try subjectKey(subject, db)
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

    /// The key of a subject, and what stores it when it is new.
    private func subjectKey(
        _ subject: String, _ db: borrowing Connection
    ) throws -> ([UInt8], [SealedSecret]) {
        let associated = Array("subject-key\n\(subject)".utf8)
        let row = try db.oneOrNil(
            "SELECT kek, wrapped FROM personal.subject_key WHERE subject = \(subject)",
            as: (String, [UInt8]).self)
        if let (kek, wrapped) = row {
            guard kek == keyName else { throw VaultError.wrongKey }
            return (try open(wrapped, key: key, associatedData: associated), [])
        }
        let fresh = Random.bytes(AuthenticatedEncryption.keyCount)
        let wrapped = try AuthenticatedEncryption.seal(fresh, key: key, associatedData: associated)
        let store: SQL = """
            INSERT INTO personal.subject_key (subject, kek, wrapped)
            VALUES (\(subject), \(keyName), \(wrapped))
            """
        return (fresh, [SealedSecret(statements: [store])])
    }

    /// The values behind commitments; those that are erased or unknown are absent.
    package func reveal(
        _ commitments: [SHA256Digest], _ db: borrowing Connection
    ) throws -> [SHA256Digest: JSON] {
        let rows = try db.all(
            """
            SELECT s.commitment, s.subject, s.sealed, k.kek, k.wrapped FROM personal.secret s
            JOIN personal.subject_key k ON k.subject = s.subject
            WHERE s.commitment = ANY(\(commitments.map(\.bytes)))
            """, as: ([UInt8], String, [UInt8], String, [UInt8]).self)
        var values: [SHA256Digest: JSON] = [:]
        for (commitment, subject, sealed, kek, wrapped) in rows {
            guard kek == keyName, let digest = SHA256Digest(bytes: commitment) else { continue }
            let subjectKey = try open(
                wrapped, key: key, associatedData: Array("subject-key\n\(subject)".utf8))
            let opened = try open(
                sealed, key: subjectKey, associatedData: Array(subject.utf8) + commitment)
            guard SHA256.hash(opened) == digest else { throw VaultError.damaged }
            values[digest] = try JSON(parsing: Array(opened.dropFirst(32)))
        }
        return values
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

// A snapshot that one transaction lends to others, so that all of them see the same state of the database
// (PostgreSQL documentation, "Snapshot Synchronization Functions").

/// The name of an exported snapshot. It can be taken over while the transaction that lends it is open.
package struct SnapshotID: Sendable, Hashable {
    let name: String

    /// Hexadecimal digits and hyphens, which is what PostgreSQL makes: the name goes into a statement
    /// that takes no parameters.
    init?(_ name: String) {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "F"),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isPlain, (1...64).contains(name.utf8.count) else { return nil }
        self.name = name
    }
}

extension Connection {
    /// Lends the snapshot of this transaction, which must be REPEATABLE READ.
    package func exportSnapshot() throws(DatabaseError) -> SnapshotID {
        let name = try one("SELECT pg_export_snapshot()", as: String.self)
        guard let id = SnapshotID(name) else {
            throw DatabaseError(.decoding, "pg_export_snapshot gave \(name)")
        }
        return id
    }
}

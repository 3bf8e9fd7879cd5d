// The four roles of the schema, each with the least it needs, made once by a superuser.

/// A role of the database.
package enum DatabaseRole: String, Sendable, CaseIterable {
    /// Owns schemas and tables; cannot log in.
    case owner = "imprimatur_owner"
    /// Changes the schema; a member of owner.
    case migrator = "imprimatur_migrator"
    /// Serves: reads, and writes what the schema lets it.
    case writer = "imprimatur_writer"
    /// Assigns places in the log.
    case sequencer = "imprimatur_sequencer"

    /// Those that can log in.
    package static let login: [DatabaseRole] = [.migrator, .writer, .sequencer]

    /// Makes the roles where they are missing, and sets what they must and must not be. Needs a
    /// role that may create roles. Several may call it at once.
    package static func create(_ db: borrowing Connection) throws(DatabaseError) {
        // two services that start together must not both find a role missing
        _ = try db.rows("SELECT pg_advisory_xact_lock(\(0x726F_6C65_73 as Int64))")
        for role in allCases {
            let isThere: Bool = try db.one(
                "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = \(role.rawValue))")
            if !isThere { try db.execute("CREATE ROLE \(identifier: role)") }
            let login: SQL = role == .owner ? "NOLOGIN" : "LOGIN"
            try db.execute(
                """
                ALTER ROLE \(identifier: role)
                WITH \(login) NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
                """)
        }
        try db.execute("GRANT \(identifier: Self.owner) TO \(identifier: Self.migrator)")
    }
}

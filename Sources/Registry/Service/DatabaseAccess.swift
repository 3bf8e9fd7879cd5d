// How a service reaches its database: its private PostgreSQL, or one that somebody else keeps.

package import Database
internal import Cryptography

/// Addresses of one database, as each role.
package struct DatabaseAccess: Sendable {
    /// As the role that serves.
    package let writer: DatabaseURL
    /// As the role that assigns places in the log.
    package let sequencer: DatabaseURL
    /// As the role that changes the schema.
    package let migrator: DatabaseURL
    /// The private server, when there is one.
    package let cluster: PrivateCluster?
    /// Whether the writer's address is that of a pooler in transaction mode.
    package let isPooled: Bool

    package init(
        writer: DatabaseURL, sequencer: DatabaseURL, migrator: DatabaseURL,
        cluster: PrivateCluster? = nil, isPooled: Bool = false
    ) {
        self.writer = writer
        self.sequencer = sequencer
        self.migrator = migrator
        self.cluster = cluster
        self.isPooled = isPooled
    }

    /// A database elsewhere: `url` names a login that holds the roles of writer and sequencer;
    /// `administrator` one that may change the schema. Where `url` leads through a pooler, `direct`
    /// does not: the sequencer holds a session lock.
    package init(
        url: DatabaseURL, direct: DatabaseURL? = nil, administrator: DatabaseURL? = nil
    ) {
        self.init(
            writer: url, sequencer: direct ?? url, migrator: administrator ?? direct ?? url,
            isPooled: direct != nil)
    }

    /// How the writer's connections behave.
    var writing: ConnectionSettings { isPooled ? .pooled : .service }

    /// The private PostgreSQL of a data directory, started when it does not run.
    package init(privateIn directory: DataDirectory, user: String?) async throws {
        var settings = PrivateCluster.Settings(directory: directory.postgres)
        if let user { settings.serverUser = user }
        let cluster = try PrivateCluster.start(settings)
        try await cluster.createRoles()
        self.init(
            writer: cluster.url(as: .writer), sequencer: cluster.url(as: .sequencer),
            migrator: cluster.url(as: .migrator), cluster: cluster)
    }

    /// The embedded migrations.
    package static let migrations: [Migration] = Resources.folder("migrations").compactMap { file in
        let stem = file.path.split(separator: ".")[0].split(separator: "_", maxSplits: 1)
        guard stem.count == 2, let number = Int(stem[0]) else { return nil }
        return Migration(
            number: number, name: String(stem[1]), digest: SHA256.hash(file.bytes).hex,
            sql: file.bytes)
    }

    /// Applies what is pending; answers the names of what was applied.
    @discardableResult
    package func migrate() async throws -> [String] {
        try await Migrator(migrator, Self.migrations).migrate().map(\.name)
    }

    /// Refuses a schema that is not exactly the one this program knows.
    package func verifySchema() async throws {
        try await Migrator(migrator, Self.migrations).verify()
    }
}

// Where the database is, for commands that work on it themselves.

internal import ArgumentParser
internal import Attestation
internal import Database
internal import Governance
internal import Registry

/// `--data-dir` and `--database-url`.
struct DatabaseOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The service's data directory.", valueName: "dir"))
    var dataDir: String

    @Option(
        help: ArgumentHelp(
            "A PostgreSQL elsewhere, as the application's role; else DATABASE_URL, else the private one.",
            valueName: "url"))
    var databaseURL: String?

    @Option(
        name: .customLong("administrator-url"),
        help: ArgumentHelp(
            "The same database, as a role that may change the schema.", valueName: "url"))
    var administratorURL: String?

    /// The data directory.
    var directory: DataDirectory { DataDirectory(path: dataDir) }

    /// A database elsewhere; nil for the private one.
    func remote() throws -> DatabaseAccess? {
        guard let text = databaseURL ?? Environment.text("DATABASE_URL") else { return nil }
        return DatabaseAccess(
            url: try DatabaseURL(parsing: text),
            administrator: try administratorURL.map { try DatabaseURL(parsing: $0) })
    }

    /// What `init` stored.
    func settings() throws -> StoredSettings {
        guard File.exists(directory.settings) else {
            throw CommandError(
                "\(directory.path) holds no service.", hint: "Run `imprimatur init` first.")
        }
        return try StoredSettings.read(File.read(directory.settings, limit: 65_536))
    }

    /// The trust root of the service.
    func trustRoot() throws -> TrustRoot { try Files.root(directory.root) }

    /// Lends the database; a private server that had to be started is stopped again.
    func withAccess<R: Sendable>(
        _ body: (DatabaseAccess) async throws -> R
    ) async throws -> R {
        if let remote = try remote() { return try await body(remote) }
        let access = try await DatabaseAccess(
            privateIn: directory, user: settings().postgresUser)
        defer {
            if access.cluster?.origin == .started { _ = try? access.cluster?.stop() }
        }
        return try await body(access)
    }
}

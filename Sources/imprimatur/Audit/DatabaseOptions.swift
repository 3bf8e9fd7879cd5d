// Where the database is, for commands that work on it themselves.

internal import ArgumentParser
internal import Attestation
internal import Database
internal import Governance
internal import OfflineCommands
internal import Registry

/// `--database-url` and what belongs to it.
struct DatabaseURLs: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A PostgreSQL elsewhere, as the application's role; else DATABASE_URL, else the private one.",
            valueName: "url"))
    var databaseURL: String?

    @Option(
        name: .customLong("direct-url"),
        help: ArgumentHelp(
            """
            The same database and role past a pooler in transaction mode, which --database-url then \
            leads through; else DATABASE_DIRECT_URL.
            """, valueName: "url"))
    var directURL: String?

    @Option(
        name: .customLong("administrator-url"),
        help: ArgumentHelp(
            """
            The same database, as a role that may change the schema; else \
            DATABASE_ADMINISTRATOR_URL.
            """, valueName: "url"))
    var administratorURL: String?

    /// The variables that stand for the options.
    static let variables = ["DATABASE_URL", "DATABASE_DIRECT_URL", "DATABASE_ADMINISTRATOR_URL"]

    /// What was given as an option, by the variable that stands for it.
    var given: [String: String] {
        let texts = [databaseURL, directURL, administratorURL]
        return Dictionary(uniqueKeysWithValues: zip(Self.variables, texts)).compactMapValues(\.self)
    }

    /// A database elsewhere; nil for the private one.
    func remote() throws -> DatabaseAccess? {
        func url(_ variable: String) throws -> DatabaseURL? {
            try (given[variable] ?? Environment.text(variable)).map {
                try DatabaseURL(parsing: $0)
            }
        }
        guard let application = try url("DATABASE_URL") else { return nil }
        return DatabaseAccess(
            url: application, direct: try url("DATABASE_DIRECT_URL"),
            administrator: try url("DATABASE_ADMINISTRATOR_URL"))
    }
}

/// `--data-dir`, and where the database is.
struct DatabaseOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The service's data directory.", valueName: "dir"))
    var dataDir: String

    @OptionGroup var urls: DatabaseURLs

    /// The data directory.
    var directory: DataDirectory { DataDirectory(path: dataDir) }

    /// A database elsewhere; nil for the private one.
    func remote() throws -> DatabaseAccess? { try urls.remote() }

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

    /// The trust root of the service and those before it.
    func rootHistory() throws -> RootHistory { try RootKeeper(directory).history }

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

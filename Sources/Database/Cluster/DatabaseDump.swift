// A database as one file and back, by PostgreSQL's own pg_dump and pg_restore.
internal import Glibc

/// Writes and reads dumps in pg_dump's custom format.
package enum DatabaseDump {
    /// Dumps a database as seen by an exported snapshot; `path` must not exist.
    ///
    /// - Throws: `ClusterError` of kind `dumpFailed` with what pg_dump said.
    package static func write(
        _ url: DatabaseURL, snapshot: String, to path: String
    ) throws(ClusterError) {
        try run(
            "pg_dump",
            [
                "--format=custom", "--no-password", "--lock-wait-timeout=60000",
                "--snapshot=\(snapshot)", "--file=\(path)", "--dbname=\(url.connectionString)",
            ], url, .dumpFailed, "Look at the space on the disk, and at the role's rights.")
    }

    /// Restores a dump into an empty database, all of it or nothing.
    ///
    /// - Throws: `ClusterError` of kind `restoreFailed` with what pg_restore said.
    package static func read(_ path: String, into url: DatabaseURL) throws(ClusterError) {
        try run(
            "pg_restore",
            [
                "--exit-on-error", "--single-transaction", "--no-password",
                "--dbname=\(url.connectionString)", path,
            ], url, .restoreFailed,
            "The database must be empty, and have the four roles of docs/architecture.md.")
    }

    private static func run(
        _ tool: String, _ arguments: [String], _ url: DatabaseURL, _ kind: ClusterError.Kind,
        _ advice: String
    ) throws(ClusterError) {
        let result = try Subprocess.run(
            [path(of: tool)] + arguments, as: nil,
            environment: url.password.map { ["PGPASSWORD=\($0)"] } ?? [])
        guard result.status == 0 else {
            throw ClusterError(
                kind, "\(tool) ended with code \(result.status)", advice: advice,
                output: result.output.lastLines(12))
        }
    }

    /// The newest of the installed ones: a tool reads servers of its own version and older.
    private static func path(of tool: String) -> String {
        let root = "/usr/lib/postgresql"
        let versions = FileSystem.entries(of: root).compactMap { Int($0) }.sorted(by: >)
        let candidates = versions.map { "\(root)/\($0)/bin/\(tool)" }
        return candidates.first { access($0, X_OK) == 0 } ?? tool
    }
}

extension DatabaseURL {
    /// The password, for tools that must not show it in their arguments.
    fileprivate var password: String? { parameter("password") }

    /// Keywords and values in libpq's own form, without the password.
    fileprivate var connectionString: String {
        let (keywords, values) = connectionParameters(
            applicationName: "imprimatur backup", options: "")
        return zip(keywords, values).filter { $0.0 != "password" }.map { keyword, value in
            let quoted = value.flatMap { character -> [Character] in
                character == "'" || character == "\\" ? ["\\", character] : [character]
            }
            return "\(keyword)='\(String(quoted))'"
        }.joined(separator: " ")
    }
}

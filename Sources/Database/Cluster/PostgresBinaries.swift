// Where the server's programs are.
internal import Glibc

/// A directory with `initdb`, `pg_ctl` and `postgres` of one major version.
package struct PostgresBinaries: Sendable, Hashable {
    /// The directory.
    package let directory: String
    /// The major version, 15 or later.
    package let majorVersion: Int

    /// The oldest version whose features we use.
    package static let oldestVersion = 15

    /// Looks in the given directory only, or in `/usr/lib/postgresql/*/bin` (newest first) and then
    /// in PATH. `matching` asks for one major version: that of an existing data directory.
    package static func find(
        in given: String? = nil, matching wanted: Int? = nil
    ) throws(ClusterError) -> PostgresBinaries {
        var candidates: [String] = []
        if let given {
            candidates = [given]
        } else {
            let root = "/usr/lib/postgresql"
            let versions = FileSystem.entries(of: root).compactMap { Int($0) }.sorted(by: >)
            candidates = versions.map { "\(root)/\($0)/bin" }
            if let path = getenv("PATH").map({ String(cString: $0) }) {
                candidates += path.split(separator: ":").map(String.init)
            }
        }
        var tooOld: Int?
        for directory in candidates {
            let tools = ["initdb", "pg_ctl", "postgres"]
            guard tools.allSatisfy({ access("\(directory)/\($0)", X_OK) == 0 }) else { continue }
            guard let version = version(of: "\(directory)/postgres") else { continue }
            guard version >= oldestVersion else {
                tooOld = version
                continue
            }
            if let wanted, version != wanted { continue }
            return PostgresBinaries(directory: directory, majorVersion: version)
        }
        if let tooOld, wanted == nil {
            throw ClusterError(
                .versionTooOld, "PostgreSQL \(tooOld) is too old",
                advice: "Install PostgreSQL \(oldestVersion) or later, or give --database-url.")
        }
        if let wanted {
            throw ClusterError(
                .versionMismatch,
                "the data directory was made by PostgreSQL \(wanted), whose programs are missing",
                advice: "Install PostgreSQL \(wanted) (for example: apt-get install"
                    + " postgresql-\(wanted)), or upgrade the directory with pg_upgrade.")
        }
        throw ClusterError(
            .binariesMissing, "no PostgreSQL server is installed",
            advice: "Install PostgreSQL \(oldestVersion) or later (for example: apt-get install"
                + " postgresql-15), or give --database-url.")
    }

    /// "postgres (PostgreSQL) 15.18 (Debian …)" → 15.
    private static func version(of postgres: String) -> Int? {
        guard let answer = try? Subprocess.run([postgres, "--version"], as: nil),
            answer.status == 0,
            let word = answer.output.split(separator: " ").first(where: {
                $0.first?.isNumber == true
            })
        else { return nil }
        return Int(word.prefix { $0.isNumber })
    }
}

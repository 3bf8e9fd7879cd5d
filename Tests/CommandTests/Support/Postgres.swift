// Whether a private PostgreSQL can be made here.

import Foundation

enum Postgres {
    /// Debian keeps its binaries by version.
    static let isThere: Bool = {
        let versions =
            (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        return versions.contains {
            FileManager.default.isExecutableFile(atPath: "/usr/lib/postgresql/\($0)/bin/initdb")
        }
    }()
}

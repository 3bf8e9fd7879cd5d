// Where the private cluster keeps its files, and where its socket is.
internal import Glibc

/// Paths of a private cluster.
package struct ClusterLayout: Sendable, Hashable {
    /// The cluster's own directory, absolute and without symbolic links.
    package let directory: String
    /// Where the socket is.
    package let socketDirectory: String

    package var dataDirectory: String { directory + "/data" }
    package var logFile: String { directory + "/server.log" }
    var lockFile: String { directory + "/service.lock" }
    var startedFile: String { directory + "/started" }
    private var socketRecord: String { directory + "/socket" }
    package var socketPath: String { socketDirectory + Self.socketName }

    private static let socketName = "/.s.PGSQL.\(PrivateCluster.port)"
    /// `sun_path` holds 108 bytes with the final NUL.
    package static let socketPathLimitBytes = 107

    init(_ settings: PrivateCluster.Settings, serverUser: SystemUser) throws(ClusterError) {
        directory = FileSystem.resolve(settings.directory)
        if let closed = FileSystem.firstClosedDirectory(on: directory, for: serverUser),
            // our own directory is handed to the server's user below
            closed != directory
        {
            throw ClusterError(
                .directoryNotTraversable,
                "user \(serverUser.name), as which PostgreSQL runs, cannot pass through \(closed)",
                advice: "Run chmod o+x \(closed), choose a data directory elsewhere"
                    + " (/var/lib/imprimatur), or another user with --postgres-user.")
        }
        if let given = settings.socketDirectory {
            socketDirectory = FileSystem.resolve(given)
        } else if let recorded = FileSystem.read(directory + "/socket")?.split(separator: "\n")
            .first
        {
            socketDirectory = String(recorded)
        } else {
            socketDirectory = Self.choose(directory)
        }
        let length = (socketDirectory + Self.socketName).utf8.count
        guard length <= Self.socketPathLimitBytes else {
            throw ClusterError(
                .socketPathTooLong,
                "the socket's path \(socketDirectory)\(Self.socketName) has \(length) bytes,"
                    + " \(Self.socketPathLimitBytes) are possible",
                advice: "Choose a shorter directory for the socket.")
        }
    }

    /// Beside the data when the path is short enough, else a name in /tmp made from the
    /// directory's path, so that every process of ours finds the same.
    private static func choose(_ directory: String) -> String {
        let near = directory + "/run"
        if (near + socketName).utf8.count <= socketPathLimitBytes { return near }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325  // FNV-1a: a short stable name, no secret
        for byte in directory.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return "/tmp/imprimatur-" + String(hash, radix: 16)
    }

    /// The major version that made the data directory; nil when there is no cluster yet.
    var dataVersion: Int? {
        FileSystem.read(dataDirectory + "/PG_VERSION").flatMap {
            Int($0.prefix { $0.isNumber })
        }
    }

    func makeDirectories(owner: SystemUser) throws(ClusterError) {
        try FileSystem.makeDirectory(directory, mode: 0o700, owner: owner)
        try FileSystem.makeDirectory(socketDirectory, mode: 0o700, owner: owner)
        var info = stat()
        // in /tmp anyone could have made it first: it must be ours and closed to others
        guard lstat(socketDirectory, &info) == 0, info.st_uid == owner.uid,
            info.st_mode & 0o077 == 0
        else {
            throw ClusterError(
                .directoryUnusable,
                "the socket's directory \(socketDirectory) is not \(owner.name)'s alone",
                advice: "Remove it, or choose another directory for the socket.")
        }
        if FileSystem.read(socketRecord) != socketDirectory + "\n" {
            try FileSystem.write(socketDirectory + "\n", to: socketRecord, owner: owner)
        }
    }
}

/// The lock that says "a service works in this directory".
enum ServiceLock {
    /// Takes it; -1 when another process has it.
    static func take(_ path: String) -> Int32 {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return -1 }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return -1
        }
        return descriptor
    }

    /// Gives it back. Closing alone would not do: a child that another thread is just starting holds
    /// the lock too, until it runs its own program.
    static func release(_ descriptor: Int32) {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}

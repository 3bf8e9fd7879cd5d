// Running a program to its end, as ourselves or (when we are root) as another user.
internal import CLibPQ
internal import Glibc

/// A program's exit status and what it printed.
struct Subprocess {
    let status: Int32
    let output: String

    /// Most that is kept of what a program prints.
    private static let outputLimit = 64 * 1024

    /// Runs a program to its end with stdout and stderr collected; `as` needs root.
    ///
    /// `more` is added to the environment: secrets do not belong into arguments, which all can see.
    /// With `detached` output goes to /dev/null: a server that outlives us would hold the pipe.
    static func run(
        _ arguments: [String], as user: SystemUser?, detached: Bool = false,
        environment more: [String] = []
    ) throws(ClusterError) -> Subprocess {
        var command = arguments
        if let user, geteuid() == 0, user.uid != 0 {
            // util-linux, present on every Linux we meet; posix_spawn cannot change the user
            command =
                [
                    "setpriv", "--reuid=\(user.uid)", "--regid=\(user.gid)", "--init-groups",
                    "--no-new-privs", "--",
                ] + command
        }
        var ends: [Int32] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw failure(arguments, errno) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        if detached {
            posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        } else {
            posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        }
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // our working directory may be closed to the other user; and sockets, locks and logs of
        // ours are no business of the server's
        posix_spawn_file_actions_addchdir_np(&actions, "/")
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var pid: pid_t = 0
        var words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            (environment + more).map {
                strdup($0)
            } + [nil]
        defer { for text in words + variables { free(text) } }
        let result = posix_spawnp(&pid, command[0], &actions, &attributes, &words, &variables)
        close(ends[1])
        defer { close(ends[0]) }
        guard result == 0 else { throw failure(command, result) }
        let output = detached ? "" : readAll(ends[0])
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        let hasExited = status & 0x7F == 0
        return Subprocess(status: hasExited ? (status >> 8) & 0xFF : -1, output: output)
    }

    /// The C locale, a search path, and nothing of ours: PG* variables would steer the tools.
    private static var environment: [String] {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        return ["LC_ALL=C", "TZ=UTC", "PATH=\(path):/usr/sbin:/usr/bin:/sbin:/bin"]
    }

    private static func readAll(_ descriptor: Int32) -> String {
        var kept: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count == -1, errno == EINTR { continue }
            guard count > 0 else { break }
            if kept.count < outputLimit { kept.append(contentsOf: buffer[..<count]) }
        }
        return String(decoding: kept, as: UTF8.self)
    }

    private static func failure(_ command: [String], _ code: Int32) -> ClusterError {
        ClusterError(
            .startFailed, "cannot run \(command[0]): \(String(cString: strerror(code)))",
            advice: "Check that it is installed and may be executed.")
    }
}

/// A user of the operating system.
package struct SystemUser: Sendable, Hashable {
    package let name: String
    package let uid: UInt32
    package let gid: UInt32

    /// Looks a user up by name.
    package init(named name: String) throws(ClusterError) {
        guard let entry = getpwnam(name) else {
            throw ClusterError(
                .userUnknown, "there is no user \(name)",
                advice: "PostgreSQL does not run as root: name another user with --postgres-user.")
        }
        self.init(entry.pointee)
    }

    /// Who we are. PostgreSQL's peer authentication needs a name, so a bare number will not do.
    package static func current() throws(ClusterError) -> SystemUser {
        guard let entry = getpwuid(geteuid()) else {
            throw ClusterError(
                .userUnknown, "the user id \(geteuid()) has no name in the system's user table",
                advice: "Add it to /etc/passwd, run as a user that is there, or give"
                    + " --database-url.")
        }
        return SystemUser(entry.pointee)
    }

    private init(_ entry: passwd) {
        name = String(cString: entry.pw_name)
        uid = entry.pw_uid
        gid = entry.pw_gid
    }

    /// All groups this user is in.
    var groups: [UInt32] {
        var count: Int32 = 64
        var list = [gid_t](repeating: 0, count: Int(count))
        guard getgrouplist(name, gid, &list, &count) >= 0 else { return [gid] }
        return Array(list.prefix(Int(count)))
    }
}

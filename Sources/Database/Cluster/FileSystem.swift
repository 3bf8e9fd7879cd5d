// The few file operations the private cluster needs, with errors that name the path.
internal import Glibc

/// Directories, small files and who may pass where.
enum FileSystem {
    /// Names in a directory; none when it cannot be read.
    static func entries(of directory: String) -> [String] {
        guard let handle = opendir(directory) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Makes a directory and its missing parents. The last one gets `mode` and `owner`.
    static func makeDirectory(
        _ path: String, mode: UInt32, owner: SystemUser?
    ) throws(ClusterError) {
        var partial = ""
        for part in path.split(separator: "/") {
            partial += "/" + part
            guard !exists(partial) else { continue }
            let isLast = partial == path
            // parents stay open to passers-by: the server's user must get through
            guard mkdir(partial, isLast ? mode : 0o755) == 0 || errno == EEXIST else {
                throw unusable(partial, "cannot be made")
            }
        }
        var info = stat()
        guard lstat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else {
            throw unusable(path, "is not a directory")
        }
        guard let owner, geteuid() == 0 else { return }
        guard info.st_uid == owner.uid || info.st_uid == 0 else {
            throw ClusterError(
                .directoryUnusable, "\(path) belongs to user id \(info.st_uid), not \(owner.name)",
                advice: "Use another directory, or the user it belongs to (--postgres-user).")
        }
        guard chown(path, owner.uid, owner.gid) == 0, chmod(path, mode) == 0 else {
            throw unusable(path, "cannot be given to \(owner.name)")
        }
    }

    /// The absolute path with every symbolic link resolved; what is missing at the end is kept.
    static func resolve(_ path: String) -> String {
        var absolute = path
        if !path.hasPrefix("/"), let current = getcwd(nil, 0) {
            absolute = String(cString: current) + "/" + path
            free(current)
        }
        if let real = realpath(absolute, nil) {
            defer { free(real) }
            return String(cString: real)
        }
        let parts = absolute.split(separator: "/")
        guard let last = parts.last else { return "/" }
        let parent = resolve("/" + parts.dropLast().joined(separator: "/"))
        return (parent == "/" ? "" : parent) + "/" + last
    }

    /// The first directory on the way to `path` that the user cannot pass through, if any.
    static func firstClosedDirectory(on path: String, for user: SystemUser) -> String? {
        let groups = Set(user.groups)
        var partial = ""
        for part in [""] + path.split(separator: "/").map(String.init) {
            partial = part.isEmpty ? "/" : (partial == "/" ? "" : partial) + "/" + part
            var info = stat()
            guard stat(partial, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else { continue }
            let bit: UInt32
            if info.st_uid == user.uid {
                bit = 0o100
            } else if groups.contains(info.st_gid) {
                bit = 0o010
            } else {
                bit = 0o001
            }
            if info.st_mode & bit == 0, user.uid != 0 { return partial }
        }
        return nil
    }

    /// A small text file's contents, or nil.
    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 8192)
        while bytes.count < 1 << 20 {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes.append(contentsOf: buffer[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Replaces a small text file in one step.
    static func write(
        _ text: String, to path: String, mode: UInt32 = 0o600, owner: SystemUser?
    ) throws(ClusterError) {
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw unusable(path, "cannot be written") }
        let bytes = Array(text.utf8)
        let written = Glibc.write(descriptor, bytes, bytes.count)
        if let owner, geteuid() == 0 { fchown(descriptor, owner.uid, owner.gid) }
        let isDone = written == bytes.count && fsync(descriptor) == 0
        close(descriptor)
        guard isDone, rename(temporary, path) == 0 else {
            unlink(temporary)
            throw unusable(path, "cannot be written")
        }
    }

    static func unusable(_ path: String, _ what: String) -> ClusterError {
        ClusterError(
            .directoryUnusable, "\(path) \(what): \(String(cString: strerror(errno)))",
            advice: "Check its owner and permissions, or choose another data directory.")
    }
}

// Small files read and replaced whole, with the flushes that make them survive a crash.

package import Glibc

/// A file operation that failed, with its path and the system's reason.
package struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was attempted, such as `read`.
    package let action: String
    package let path: String
    package let reason: String

    package init(_ action: String, _ path: String, reason: String) {
        self.action = action
        self.path = path
        self.reason = reason
    }

    init(_ action: String, _ path: String, errno code: Int32) {
        self.init(action, path, reason: String(cString: strerror(code)))
    }

    package var description: String { "cannot \(action) \(path): \(reason)" }
}

/// Whole small files.
package enum File {
    /// Reads a file of at most `limit` bytes.
    package static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        guard let bytes = try readIfPresent(path, limit: limit) else {
            throw FileError("read", path, errno: ENOENT)
        }
        return bytes
    }

    /// Reads a file of at most `limit` bytes; nil when there is none.
    package static func readIfPresent(_ path: String, limit: Int) throws(FileError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw FileError("read", path, errno: errno)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError("read", path, errno: errno)
            }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= limit else {
                throw FileError("read", path, reason: "larger than \(limit) bytes")
            }
        }
    }

    /// Puts new content in place of a file so that a crash leaves the old or the new one.
    package static func replace(
        _ path: String, with bytes: [UInt8], mode: mode_t
    ) throws(FileError) {
        let temporary = path + ".new"
        unlink(temporary)
        try create(temporary, bytes, mode: mode)
        guard rename(temporary, path) == 0 else { throw FileError("replace", path, errno: errno) }
        try flushFolder(of: path)
    }

    /// Writes over a file in place and flushes once; a crash may leave a mixture of old and new.
    static func overwrite(
        _ path: String, with bytes: [UInt8], mode: mode_t
    ) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw FileError("open", path, errno: errno) }
            return try replace(path, with: bytes, mode: mode)
        }
        defer { close(descriptor) }
        try write(bytes, to: descriptor, path)
        guard ftruncate(descriptor, off_t(bytes.count)) == 0, fdatasync(descriptor) == 0 else {
            throw FileError("flush", path, errno: errno)
        }
    }

    /// Creates a file that must not exist yet.
    package static func create(
        _ path: String, _ bytes: [UInt8], mode: mode_t
    ) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw FileError("create", path, errno: errno) }
        defer { close(descriptor) }
        try write(bytes, to: descriptor, path)
        guard fsync(descriptor) == 0 else { throw FileError("flush", path, errno: errno) }
    }

    private static func write(
        _ bytes: [UInt8], to descriptor: Int32, _ path: String
    ) throws(FileError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(
                    descriptor, buffer.baseAddress?.advanced(by: offset), bytes.count - offset)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError("write", path, errno: errno)
            }
            offset += count
        }
    }

    /// Creates a folder and those above it.
    package static func makeFolder(_ path: String, mode: mode_t = 0o700) throws(FileError) {
        guard mkdir(path, mode) != 0 else { return }
        if errno == ENOENT, let parent = folder(of: path), parent != path {
            try makeFolder(parent, mode: mode)
            if mkdir(path, mode) == 0 { return }
        }
        guard errno == EEXIST else { throw FileError("create", path, errno: errno) }
    }

    /// Whether something is there.
    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Names in a folder, sorted, without `.` and `..`.
    package static func list(_ path: String) throws(FileError) -> [String] {
        guard let folder = opendir(path) else { throw FileError("list", path, errno: errno) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Whether something is a folder.
    package static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The folder that a path is in; nil for a path without one.
    package static func folder(of path: String) -> String? {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Flushes the folder that a path is in, so that a new name survives a crash.
    static func flushFolder(of path: String) throws(FileError) {
        guard let folder = folder(of: path) else { return }
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("flush", folder, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError("flush", folder, errno: errno) }
    }
}
